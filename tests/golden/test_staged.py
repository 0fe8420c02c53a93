"""Directories staged out of a golden spool are read as the server said of the account."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.selection import Wanted, select
from respool.backups.discovery import open_staged
from respool.backups.source import SourceMailbox, read_mailbox
from respool.model.accounts import AccountKind
from respool.model.generations import StagedDirectories
from tests.support import golden
from tests.support.inventories import (
    facts_read,
    facts_said,
    files_that_differ,
    is_seen_in_index,
    without_seen,
)
from tests.support.staging import Staging, stage_mailshare, stage_user
from tests.support.truth import TruthMailbox, read_truth

VERSIONS = ("2.4.20", "3.0.18")
Stage = Callable[[Path, Path, str], Staging]
ACCOUNTS = [
    pytest.param("user/jdoe", stage_user, AccountKind.USER, id="jdoe"),
    pytest.param("contact", stage_mailshare, AccountKind.MAILSHARE, id="contact"),
]


def staged(version: str, place: Path, name: str, stage: Stage) -> Staging:
    spool = golden.unpack_spool(version, place / "spool")
    return stage(spool, place / "stage", name.rpartition("/")[2])


def read(directories: StagedDirectories, name: str) -> tuple[AccountKind, list[SourceMailbox]]:
    """The account by its bare address, and its mailboxes."""
    address = f"{name.rpartition('/')[2]}@bluemind.loc"
    selection = select(open_staged(directories), Wanted(account=address))
    return selection.account.kind, list(selection.mailboxes)


def boxes_of(version: str, name: str) -> dict[str, TruthMailbox]:
    """What the server said of the account's mailboxes, by their names."""
    return {
        each: box
        for each, box in read_truth(version).mailboxes.items()
        if each.partition("@")[0] == name or each.startswith(f"{name}/")
        if each.endswith("@bluemind.loc")
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "stage", "kind"), ACCOUNTS)
def test_data_and_metadata_are_read_as_the_server_said(
    version: str, name: str, stage: Stage, kind: AccountKind, as_root: None, tmp_path: Path
) -> None:
    """All folders, from every letter: records, flags, dates, rights; every file is the GUID's."""
    staging, boxes = staged(version, tmp_path, name, stage), boxes_of(version, name)
    raw = golden.truth(version)["mailboxes"]
    found_kind, sources = read(staging.directories(), name)

    assert found_kind is kind
    assert {each.name.display for each in sources} == set(boxes)
    for source in sources:
        mailbox, display = read_mailbox(source), source.name.display
        facts = facts_read(mailbox)
        seen = is_seen_in_index(boxes[display])
        assert (facts if seen else without_seen(facts)) == facts_said(boxes[display], raw[display])
        assert files_that_differ(source, mailbox) == []
        assert mailbox.findings == ()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("name", "stage", "kind"), ACCOUNTS)
def test_data_alone_have_every_message_that_is_on_disk(
    version: str, name: str, stage: Stage, kind: AccountKind, as_root: None, tmp_path: Path
) -> None:
    """Of folders that hold a message; deleted ones that are still there cannot be told apart."""
    staging, boxes = staged(version, tmp_path, name, stage), boxes_of(version, name)
    raw = golden.truth(version)["mailboxes"]
    found_kind, sources = read(staging.directories(has_meta=False), name)
    on_disk = {
        each: sorted([m.uid for m in box.messages] + expunged_of(box, raw[each]))
        for each, box in boxes.items()
    }

    assert found_kind is kind
    assert {each.name.display: read_mailbox(each).orphans["uid"].tolist() for each in sources} == {
        each: uids for each, uids in on_disk.items() if uids
    }


def expunged_of(box: TruthMailbox, raw: dict[str, list[int]]) -> list[int]:
    return raw.get("expunged_uids") or [message.uid for message in box.expunged]
