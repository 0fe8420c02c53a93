"""Reading one mailbox from its directories."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from respool.backups.source import (
    SourceMailbox,
    count_messages,
    read_index,
    read_mailbox,
)
from respool.cyrus.index import IndexHeader, render_index
from respool.errors import BackupUnreadable
from respool.model.inventory import MailboxPlace
from respool.model.many_findings import SINGLE_LIMIT
from respool.model.messages import PartitionName
from respool.system.file_octets import FileOctets
from tests.support.small_spools import mailbox_name, write_mailbox
from tests.unit.cyrus.test_expunge import expunge, rows_of


@pytest.fixture
def source(tmp_path: Path) -> SourceMailbox:
    write_mailbox(tmp_path / "meta", tmp_path / "data", uids=(1, 2, 3))
    place = MailboxPlace(
        partition=PartitionName("b_loc"), data=PurePosixPath("data"), meta=PurePosixPath("meta")
    )
    return SourceMailbox(
        name=mailbox_name("user/jdoe@b.loc"), spool=PurePosixPath(tmp_path), place=place
    )


def test_the_file_of_expunged_records_is_read_from_beside_the_index(
    source: SourceMailbox, tmp_path: Path
) -> None:
    rows = rows_of(1, 3, size=(tmp_path / "data" / "1.").stat().st_size)
    octets = render_index(10, IndexHeader(last_uid=3, uidvalidity=7), rows)
    (tmp_path / "meta" / "cyrus.index").write_bytes(octets)
    (tmp_path / "meta" / "cyrus.expunge").write_bytes(expunge(10, 2))

    mailbox = read_mailbox(source)

    assert mailbox.records["uid"].tolist() == [1, 2, 3]
    assert mailbox.recoverable().tolist() == [False, True, False]


def test_an_index_that_cannot_be_read_to_its_end_is_a_finding(
    source: SourceMailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails: the files are still read."""

    def fails(octets: FileOctets, part: slice, /) -> bytes:
        raise BackupUnreadable("the index cannot be read", why="input/output error")

    monkeypatch.setattr(FileOctets, "__getitem__", fails)

    mailbox = read_mailbox(source)

    assert not mailbox.has_index
    assert mailbox.orphans["uid"].tolist() == [1, 2, 3]
    assert [each.code for each in mailbox.findings] == ["file-unreadable"]


def test_messages_are_counted_from_the_index_alone(source: SourceMailbox, tmp_path: Path) -> None:
    (tmp_path / "data" / "2.").unlink()

    counts = count_messages(source)

    assert counts is not None
    assert (counts.messages, counts.unseen, counts.version) == (3, 3, 13)
    (tmp_path / "meta" / "cyrus.index").write_bytes(b"")
    assert count_messages(source) is None
    assert read_index(source) is None


def test_of_very_many_odd_entries_a_thousand_are_told(
    source: SourceMailbox, tmp_path: Path
) -> None:
    for number in range(SINGLE_LIMIT + 50):
        (tmp_path / "data" / f"link{number}").symlink_to("/etc/passwd")

    mailbox = read_mailbox(source)

    odd = [each for each in mailbox.findings if each.code == "unsafe-entry"]
    assert len(odd) == SINGLE_LIMIT + 1
    assert sum(each.count for each in odd) == SINGLE_LIMIT + 50
