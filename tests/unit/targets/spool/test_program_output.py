from __future__ import annotations

import pytest

from respool.targets.spool.program_output import (
    parse_quota_output,
    parse_reconstruct_output,
    quota_arguments,
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
    ],
    ids=["2.4", "3.x", "counters", "converted", "sync-crc", "cache-written"],
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


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ((2, 4, 22), ("-f", "-d", "b.loc", "user/jdoe")),
        ((2, 5, 17), ("-f", "-d", "b.loc", "user/jdoe")),
        ((3, 0, 18), ("-f", "-d", "b.loc", "user.jdoe")),
        ((3, 2, 12), ("-f", "-d", "b.loc", "user.jdoe")),
        ((3, 4, 0), ("-f", "-d", "b.loc", "user/jdoe")),
        ((3, 6, 1), ("-f", "-u", "jdoe@b.loc")),
        ((3, 10, 3), ("-f", "-u", "jdoe@b.loc")),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value[0], int) else "",
)
def test_each_version_names_the_account_in_its_own_way(
    version: tuple[int, int, int], expected: tuple[str, ...]
) -> None:
    """The wrong form is taken without a word, and counts nothing."""
    assert quota_arguments(version, "user/jdoe@b.loc", "b.loc", "jdoe@b.loc") == expected


@pytest.mark.parametrize(
    ("version", "mailbox", "domain", "expected"),
    [
        ((3, 6, 1), "contact@b.loc", "b.loc", ("-f", "-d", "b.loc", "contact")),
        ((3, 6, 1), "contact", None, ("-f", "contact")),
        ((3, 0, 18), "user/john.doe", None, ("-f", "user.john^doe")),
        ((3, 0, 18), "user/john.doe@b.loc", "b.loc", ("-f", "-d", "b.loc", "user.john^doe")),
    ],
)
def test_an_account_without_owner_or_domain_is_named_too(
    version: tuple[int, int, int], mailbox: str, domain: str | None, expected: tuple[str, ...]
) -> None:
    assert quota_arguments(version, mailbox, domain, None) == expected


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
