from __future__ import annotations

import pytest

from respool.targets.spool.program_output import (
    parse_quota_output,
    parse_reconstruct_output,
)

INTERNAL = "b.loc!user.jdoe.restored"
EXTERNAL = "user/jdoe/restored@b.loc"


@pytest.mark.parametrize(
    ("output", "errors"),
    [
        (f"{INTERNAL}\n", ""),
        (f"{EXTERNAL}\n", ""),
        (f"{EXTERNAL}: updating exists 0 => 3\n{EXTERNAL}\n", ""),
        (f"{EXTERNAL}\n", "Repacked user/jdoe/restored@b.loc to version 17\n"),
        (f"{INTERNAL}: updating sync_crc 1 => 2\n{INTERNAL}\n", ""),
        (f"{EXTERNAL} uid 3 mismatch: cacheoffset\n{EXTERNAL}\n", ""),
        ("user/jdoe/restored/uid not found@b.loc\n", ""),
        ("user/jdoe/restored/guid mismatch@b.loc\n", ""),
        ("b.loc!user.jdoe.could not: updating exists 0 => 3\nuser/jdoe/could not@b.loc\n", ""),
        ("Converted user/jdoe/fatal error@b.loc version 12 to 17\n", ""),
        ("user/jdoe/Failed to reconstruct mailbox@b.loc\n", ""),
    ],
    ids=[
        "2.4",
        "3.x",
        "counters",
        "converted",
        "sync-crc",
        "cache-written",
        "a-folder-called-not-found",
        "a-folder-called-mismatch",
        "a-folder-called-could-not",
        "a-folder-called-error",
        "a-folder-called-failed",
    ],
)
def test_a_mailbox_that_was_visited_and_mended_is_no_failure(output: str, errors: str) -> None:
    report = parse_reconstruct_output(output, errors)

    assert report.visited
    assert report.failures == ()


@pytest.mark.parametrize(
    ("output", "errors"),
    [
        (f"{INTERNAL}: failed to read index header\n{INTERNAL}\n", ""),
        (f"{INTERNAL} uid 7 found - adding\n{INTERNAL}\n", ""),
        (f"{INTERNAL} uid 7 not found\n{INTERNAL}\n", ""),
        (f"{INTERNAL} uid 7 not found{INTERNAL}\n", ""),
        (f"{INTERNAL} uid 7 rediscovered - appending\n{INTERNAL}\n", ""),
        (
            f"{INTERNAL} uid 7 guid mismatch\nrun reconstruct with -R to fix\n{INTERNAL}\n",
            "",
        ),
        ("", f"{EXTERNAL}: System I/O error Failed to reconstruct mailbox\n"),
        ("", f"{EXTERNAL}: Mailbox format corruption detected Failed to reconstruct mailbox\n"),
        ("", f"could not create {EXTERNAL}\n"),
        ("", "Wrong uniqueid! 5f3c (should be 39b4)\n"),
        ("", "fatal error: num too big\n"),
        (f"{EXTERNAL}\n", f"FAILED TO REPACK {EXTERNAL}\n"),
        (
            f"{INTERNAL} uid 3 mismatch: sentdate\n",
            f"{INTERNAL}: Mailbox does not exist Failed to open after reconstruct\n",
        ),
        (f"{INTERNAL}: updating exists 0 => 3\nFailed to re-read {INTERNAL}!\n", ""),
        ("", f"reconstruct: fatal error: {INTERNAL}\n"),
        ("", f"createmailbox {EXTERNAL}: Permission denied\n"),
    ],
    ids=[
        "recreated",
        "file-added",
        "record-lost",
        "record-lost-glued",
        "renumbered",
        "guid-differs",
        "io",
        "corrupt",
        "create",
        "uniqueid",
        "file-name",
        "repack",
        "open",
        "lost-from-the-list",
        "fatal",
        "create-denied",
    ],
)
def test_what_must_not_happen_to_a_mailbox_of_ours_is_a_failure(output: str, errors: str) -> None:
    """All of it ends with status 0."""
    report = parse_reconstruct_output(output, errors)

    assert len(report.failures) == 1
    assert not set(report.failures) & set(report.changes)


def test_a_mailbox_that_the_server_does_not_know_is_not_visited() -> None:
    report = parse_reconstruct_output("", "")

    assert not report.visited
    assert (report.changes, report.failures, report.converted) == ((), (), None)


@pytest.mark.parametrize(
    ("line", "version"),
    [
        (f"Converted {EXTERNAL} version 12 to 17", 17),
        (f"Repacked {EXTERNAL} to version 19", 19),
        (f"{EXTERNAL}", None),
    ],
)
def test_the_version_that_an_index_was_brought_to_is_read(line: str, version: int | None) -> None:
    assert parse_reconstruct_output(f"{line}\n", "").converted == version


TABLE = "   Quota   % Used     Used             Resource Root\n  102400        0       12              STORAGE user/jdoe@b.loc\n"  # noqa: E501


@pytest.mark.parametrize(
    ("output", "errors", "expected"),
    [
        ("user.jdoe: usage was 5, now 12\n", "", ["user.jdoe: usage was 5, now 12"]),
        (
            TABLE,
            "b.loc!user.jdoe: STORAGE usage was 5, now 12\nb.loc!user.jdoe: MESSAGE usage was 0, now 3\n",  # noqa: E501
            [
                "b.loc!user.jdoe: STORAGE usage was 5, now 12",
                "b.loc!user.jdoe: MESSAGE usage was 0, now 3",
            ],
        ),
        (
            TABLE,
            "user.jdoe: X-NUM-FOLDERS usage was 5, now 6\n",
            ["user.jdoe: X-NUM-FOLDERS usage was 5, now 6"],
        ),
        (
            TABLE,
            "user.jdoe: ANNOTATION-STORAGE usage was 5, now 6\n",
            ["user.jdoe: ANNOTATION-STORAGE usage was 5, now 6"],
        ),
        (TABLE, "", []),
        ("", "user.jdoe.x: quota root (NONE) --> user.jdoe\nuser.al: removed\n", []),
    ],
    ids=["2.4", "3.x", "folders", "3.10", "nothing-to-mend", "other-lines"],
)
def test_corrected_counts_are_read_in_every_version(
    output: str, errors: str, expected: list[str]
) -> None:
    assert list(parse_quota_output(output, errors)) == expected
