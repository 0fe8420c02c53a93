"""A folder for people: the column of notes, and the lines of its details."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from respool.app.folders import FolderSummary
from respool.cli.folder_text import finding_lines, folder_lines, notes_of, subscription_lines
from respool.model.accounts import Account, AccountKind
from respool.model.findings import Finding, Severity
from respool.model.inventory import FILE, RECORD, MailboxPlace, StoredMailbox
from respool.model.messages import PartitionName, UidValidity
from respool.model.names import MailboxName
from respool.model.rows import Counts
from respool.model.state import SPECIAL_USE, Annotation, MailboxState, QuotaRoot

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
SENT = StoredMailbox(
    name=JDOE.root.child("Sent"),
    place=MailboxPlace(partition=PartitionName("b_loc")),
    has_index=True,
    index_version=17,
    uniqueid="id-1",
    uidvalidity=UidValidity(7),
    last_uid=12,
    highestmodseq=99,
    shared_seen=False,
    quota_root="b.loc!user.jdoe",
    acl={"jdoe@b.loc": "lrswipkxtecdan", "alice@b.loc": "lrs"},
    keywords=("Travail", None, "$Forwarded"),
    records=np.zeros(0, dtype=RECORD),
    orphans=np.zeros(0, dtype=FILE),
)
COUNTS = Counts(
    messages=1204, unseen=0, expunged=0, size_bytes=0, seen_by={"alice@b.loc": 3}, annotated=1
)
FOLDER = FolderSummary(
    account=JDOE,
    mailbox=SENT,
    state=MailboxState(
        annotations=(
            Annotation(entry="/comment", userid="", value=b"line\x1b[2J"),
            Annotation(entry=SPECIAL_USE, userid="jdoe@b.loc", value=b"\\Sent"),
        ),
        on_messages=(
            Annotation(entry="/comment", userid="", value=b"x", uid=1),
            Annotation(entry="/comment", userid="jdoe@b.loc", value=b"y", uid=1),
        ),
    ),
    counts=COUNTS,
    quota_name=JDOE.root,
    quota=QuotaRoot(
        root=JDOE.root,
        used={"STORAGE": 53_000, "MESSAGE": 8},
        limits={"STORAGE": 102_400, "MESSAGE": 500},
    ),
)


def finding(severity: Severity, code: str) -> Finding:
    return Finding(severity=severity, code=code, subject="x", text="what is odd")


def with_mailbox(**changes: object) -> FolderSummary:
    return replace(FOLDER, mailbox=replace(SENT, **changes))  # type: ignore[arg-type]


def test_details_have_a_line_for_all_that_was_kept() -> None:
    assert list(folder_lines(FOLDER)) == [
        "Sent",
        "  special use  \\Sent",
        "  keywords     Travail $Forwarded",
        "  rights       jdoe@b.loc lrswipkxtecdan, alice@b.loc lrs",
        "  quota        counts for user/jdoe@b.loc: STORAGE 52 K of 100 M, MESSAGE 8 of",
        "               500",
        "  seen by      alice@b.loc: 3 of 1,204",
        "  annotation   /comment: line\\x1b[2J",
        "  annotation   /specialuse of jdoe@b.loc: \\Sent",
        "  annotated    1 messages: /comment",
        "  ids          uidvalidity 7, last uid 12, highestmodseq 99, uniqueid id-1,",
        "               partition b_loc, index version 17",
    ]


@pytest.mark.parametrize(
    ("folder", "notes"),
    [
        (FOLDER, "Sent"),
        (replace(FOLDER, counts=replace(COUNTS, seen_by={"a": 1, "b": 2})), "Sent, 2 readers"),
        (with_mailbox(findings=(finding(Severity.NOTE, "guid-zero"),)), "Sent"),
        (
            with_mailbox(findings=(finding(Severity.LOSS, "message-file-missing"),)),
            "1 damaged, Sent",
        ),
        (with_mailbox(name=JDOE.root.child("restored-2026-11-17")), "an earlier restore, Sent"),
    ],
)
def test_notes_say_first_what_is_wrong(folder: FolderSummary, notes: str) -> None:
    assert notes_of(folder) == notes


def test_a_deleted_folder_has_the_day_of_its_deletion() -> None:
    name = MailboxName(domain="b.loc", parts=("DELETED", "user", "jdoe", "Old", "673C4583"))

    assert notes_of(with_mailbox(name=name)).startswith("19 Nov 2024")


def test_a_quota_root_without_a_file_has_unknown_limits() -> None:
    lines = list(folder_lines(replace(FOLDER, quota=None)))

    assert "  quota        counts for user/jdoe@b.loc, whose limits are unknown" in lines
    assert replace(FOLDER, quota=None).as_json()["quota"] == {
        "root": "user/jdoe@b.loc",
        "resources": None,
    }


def test_storage_is_given_in_kib_as_a_server_gives_it() -> None:
    assert FOLDER.as_json()["quota"] == {
        "root": "user/jdoe@b.loc",
        "resources": {
            "STORAGE": {"used": 51, "limit": 102_400},
            "MESSAGE": {"used": 8, "limit": 500},
        },
    }


def test_of_many_findings_the_first_are_told_and_the_rest_counted() -> None:
    missing = finding(Severity.LOSS, "message-file-missing")
    folder = with_mailbox(findings=(*8 * (missing,), replace(missing, count=90)))

    lines = list(finding_lines(folder))

    assert lines[0] == "Sent: x: what is odd"
    assert lines[5:] == ["Sent: and 93 more; --details shows them"]
    assert notes_of(folder) == "98 damaged, Sent"


def test_subscriptions_stay_in_80_columns() -> None:
    lines = list(subscription_lines(f"user/jdoe/Folder {number}@b.loc" for number in range(9)))

    assert lines[0].startswith("subscribed to user/jdoe/Folder 0@b.loc, ")
    assert max(len(line) for line in lines) <= 80
