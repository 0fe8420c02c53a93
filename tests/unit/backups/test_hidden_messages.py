"""What nobody sees of live mailboxes, read without a look at all the other files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from respool.backups import hidden_messages
from respool.backups.counted import read_without_files
from respool.backups.hidden_messages import HiddenMessages
from respool.backups.live_mailboxes import live_generation, live_sources
from respool.backups.source import SourceMailbox, read_mailbox
from respool.model.accounts import Account, AccountKind
from respool.model.inventory import NOWHERE, PRESENT, StoredMailbox
from tests.support import golden
from tests.support.live_spool import at_its_place

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="bluemind.loc")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[SourceMailbox, ...]:
    """The mailboxes of a live account, some of them below DELETED."""
    conf: Path = at_its_place(golden.unpack_live(tmp_path_factory.mktemp("live")))
    return live_sources(live_generation(conf, datetime.now(UTC)), JDOE)


def present(source: SourceMailbox) -> StoredMailbox:
    return read_without_files(source, PRESENT)


def rows(mailbox: StoredMailbox) -> list[tuple[int, bytes, int, int]]:
    columns = ("uid", "guid", "place", "file_size")
    return [tuple(row[name] for name in columns) for row in mailbox.records]


def test_without_a_look_at_files_a_mailbox_has_the_same_records(
    sources: tuple[SourceMailbox, ...],
) -> None:
    for source in sources:
        full, found = read_mailbox(source), present(source)

        assert found.records.dtype == PRESENT
        for name in ("uid", "guid", "system_flags"):
            assert np.array_equal(found.records[name], full.records[name])
        assert (found.uniqueid, found.acl) == (full.uniqueid, full.acl)
        assert not len(found.orphans)


def test_what_nobody_sees_is_found_with_its_files(
    sources: tuple[SourceMailbox, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden_messages, "_AT_ONCE", 2)  # several pieces of a small folder
    expunged = 0
    for source in sources:
        full = read_mailbox(source)
        hidden = full.visible() if source.name.is_deleted else np.zeros(len(full.records), bool)
        full = replace(full, records=full.records[hidden | full.recoverable()])
        every = np.arange(1, 100, dtype=np.uint32)

        pieces = list(HiddenMessages.of(source, present(source)).pieces(every))

        found = [row for each in pieces for row in rows(each) if row[2] != NOWHERE]
        assert found == [row for row in rows(full) if row[2] != NOWHERE]
        assert all(each.uniqueid == full.uniqueid for each in pieces)
        expunged += len(found)
    assert expunged


def test_of_what_is_not_wanted_nothing_is_looked_at(sources: tuple[SourceMailbox, ...]) -> None:
    nothing = np.zeros(0, dtype=np.uint32)

    for source in sources:
        assert not list(HiddenMessages.of(source, present(source)).pieces(nothing))


def test_a_mailbox_whose_index_is_gone_has_none(tmp_path: Path) -> None:
    conf = at_its_place(golden.unpack_live(tmp_path))
    source = live_sources(live_generation(conf, datetime.now(UTC)), JDOE)[0]
    Path("/", str(source.place.meta), "cyrus.index").unlink()

    found = present(source)

    assert not found.has_index
    assert not list(HiddenMessages.of(source, found).pieces(np.arange(1, 9, dtype=np.uint32)))
