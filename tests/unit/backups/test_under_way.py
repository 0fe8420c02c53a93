from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from respool.backups.discovery import Backup
from respool.backups.source import SourceMailbox
from respool.backups.under_way import UnderWay, under_way
from respool.model.findings import Finding, Severity
from respool.model.generations import (
    BackupRoot,
    Generation,
    GenerationState,
    Part,
    UnusedEntry,
)
from respool.model.inventory import MailboxPlace
from respool.model.messages import PartitionName
from respool.system.processes import Process
from tests.unit.planning.plans import ACCOUNT


def noted(code: str, subject: str) -> Finding:
    return Finding(severity=Severity.NOTE, code=code, subject=subject, text="it has no end")


ONE, TWO = PurePosixPath("/b/mail/imap/11"), PurePosixPath("/b/mail/imap/12")
SOUND = Generation(
    generation_id=5,
    label="5",
    taken_at=None,
    is_about=False,
    state=GenerationState.COMPLETE,
    parts=(Part(part_id=11, place=ONE), Part(part_id=12, place=TWO)),
)
HALF = replace(
    SOUND,
    state=GenerationState.RUNNING,
    parts=(SOUND.parts[0], replace(SOUND.parts[1], has_end=False)),
    findings=(noted("part-running", "part 12"),),
)
RUNNING = replace(HALF, generation_id=6, label="6")
FORGOTTEN = replace(SOUND, generation_id=None, label="part:11", state=GenerationState.AT_RISK)


def seen(
    generation: Generation,
    *others: Generation,
    reads: PurePosixPath = ONE,
    processes: Sequence[Process] = (),
    unused: tuple[UnusedEntry, ...] = (),
) -> UnderWay:
    root = BackupRoot(kind="x", place=PurePosixPath("/b"), description="")
    backup = Backup(root=root, generations=(*others, generation), unused=unused)
    mailbox = SourceMailbox(
        name=ACCOUNT.root,
        spool=reads,
        place=MailboxPlace(partition=PartitionName("b_loc"), data=PurePosixPath("var/jdoe")),
    )
    return under_way(backup, generation, [mailbox], processes)


def test_a_backup_at_rest_is_no_matter() -> None:
    assert seen(SOUND) == UnderWay()


def test_a_part_without_an_end_is_not_used() -> None:
    (reason,) = seen(HALF, reads=TWO).against

    assert reason.startswith("part 12 of generation 5, which has this mail, has no end")


def test_the_part_of_another_server_may_still_be_written() -> None:
    assert seen(HALF, reads=ONE) == UnderWay(
        beside=("part 12 of the same generation: it has no end",)
    )


def test_a_part_that_is_not_on_disk_yet_does_not_matter_for_the_others() -> None:
    named_only = replace(HALF, parts=SOUND.parts[:1])

    assert seen(named_only).against == ()
    assert len(seen(named_only).beside) == 1


def test_a_copy_without_parts_that_is_under_way_is_not_used() -> None:
    findings = (noted("generation-running", "daily.0"),)

    (reason,) = seen(replace(SOUND, state=GenerationState.RUNNING, findings=findings)).against

    assert reason.startswith("generation 5 is being written")


def test_another_generation_that_is_being_written_is_only_said() -> None:
    copying = UnusedEntry(name="daily.0.tmp", why="a copy under way")
    link = UnusedEntry(name="last", why="a link")

    assert seen(SOUND, RUNNING, unused=(copying, link)) == UnderWay(
        beside=("generation 6 is being written", "daily.0.tmp: a copy under way")
    )


def test_a_part_without_a_description_is_not_used_while_a_backup_runs() -> None:
    """BlueMind deletes it at the end of that backup."""
    assert seen(FORGOTTEN).against == ()
    (reason,) = seen(FORGOTTEN, RUNNING).against
    assert "at its end BlueMind deletes such parts" in reason


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rsync", ("-a", "--delete", "/tmp/empty/", "/b/mail/imap/11/")),
        ("rsync", ("-rltDH", "/var/spool/cyrus", "/b/mail/imap/11")),
        ("rsync", ("--server", "-logDtpr", ".", "/b/mail/imap/11/var")),
        ("rm", ("-rf", "/b/mail/imap/11")),
        ("rm", ("-r", "/b/mail/imap/10", "/b/mail")),
        ("find", ("/b/mail/imap/11", "-delete")),
    ],
)
def test_what_is_being_written_or_emptied_is_not_read(name: str, words: tuple[str, ...]) -> None:
    (reason,) = seen(SOUND, processes=[Process(pid=7, name=name, words=words)]).against

    assert reason.startswith(f"{name} (process 7) is writing to /b/mail")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rsync", ("-a", "/b/mail/imap/11/", "/elsewhere")),
        ("rsync", ("-a", "/b/mail/imap/11/", "host:/elsewhere")),
        ("rsync", ("--server", "--sender", "-a", ".", "/b/mail/imap/11")),
        ("rsync", ("--link-dest=/b/mail/imap/11", "/var/spool/cyrus", "/b/mail/imap/13")),
        ("rsync", ()),
        ("rm", ("-rf", "/b/mail/imap/12")),
        ("rm", ("-rf", "/b/mail/imap/11/var/asmith")),
        ("tar", ("c", "/b/mail/imap/11")),
        ("find", ("/", "-name", "x")),
    ],
)
def test_what_only_reads_it_or_works_elsewhere_is_no_matter(
    name: str, words: tuple[str, ...]
) -> None:
    assert seen(SOUND, processes=[Process(pid=7, name=name, words=words)]) == UnderWay()
