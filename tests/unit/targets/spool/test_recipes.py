"""What each version of the server is told, and what servers answer."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from respool.model.names import MailboxName
from respool.targets.spool.program_output import (
    Counted,
    parse_reconstruct_output,
    quota_arguments,
)
from respool.targets.spool.recipes import OLDEST, RECIPES, Version, recipe_for


def counted(
    *parts: str, domain: str | None = None, owner: str | None = None, separator: str = "/"
) -> Counted:
    """What is to be counted, by the parts of a root's name."""
    bare = MailboxName(domain=None, parts=parts)
    return Counted(
        domain=domain,
        local=bare.admin_with(separator),
        internal=bare.internal,
        userid=owner,
    )


CHECK = ("-G",)
CONVERT = ("-V", "max")

# Version; calls of reconstruct; is the cache carried; quota of a user; of a mailshare.
EXTERNAL = ("-f", "-d", "b.loc", "--", "user/john.doe")
INTERNAL = ("-f", "-d", "b.loc", "--", "user.john^doe")
BY_USER = ("-f", "-u", "john.doe@b.loc")
SHARE = ("-f", "-d", "b.loc", "--", "contact")
WHOLE = ("-f", "-d", "b.loc")
TABLE = [
    ((2, 4, 22), [CHECK], False, EXTERNAL, SHARE),
    ((2, 5, 17), [CHECK, CONVERT], False, EXTERNAL, SHARE),
    ((3, 0, 18), [CHECK, CONVERT], False, INTERNAL, SHARE),
    ((3, 2, 6), [CONVERT, CHECK], True, INTERNAL, SHARE),
    ((3, 4, 9), [CONVERT, CHECK], True, EXTERNAL, SHARE),
    ((3, 6, 1), [CONVERT, CHECK], True, BY_USER, SHARE),
    ((3, 8, 7), [CONVERT, CHECK], True, BY_USER, SHARE),
    ((3, 10, 3), [CONVERT, CHECK], True, BY_USER, SHARE),
    ((3, 12, 4), [CONVERT, CHECK], True, BY_USER, SHARE),
    ((3, 13, 1), [CONVERT, CHECK], True, BY_USER, SHARE),
]
VERSIONS = [".".join(map(str, row[0])) for row in TABLE]


@pytest.mark.parametrize("row", TABLE, ids=VERSIONS)
def test_each_version_is_told_what_it_understands(
    row: tuple[Version, list[tuple[str, ...]], bool, tuple[str, ...], tuple[str, ...]],
) -> None:
    """
    2.4 knows no -V, a call with -V does nothing else, and a cache of other servers is taken
    from 3.2 on; the wrong form of the quota root is taken without a word and counts nothing.
    """
    version, rebuilds, is_carried, of_user, of_share = row
    recipe = recipe_for(version)

    assert list(recipe.rebuilds) == rebuilds
    assert recipe.carries_cache is is_carried
    user = counted("user", "john.doe", domain="b.loc", owner="john.doe@b.loc")
    assert quota_arguments(version, user) == of_user
    assert quota_arguments(version, counted("contact", domain="b.loc")) == of_share


@pytest.mark.parametrize("row", TABLE, ids=VERSIONS)
def test_every_message_is_checked_and_never_mended_behind_our_back(
    row: tuple[Version, object, object, object, object],
) -> None:
    """A call with -V leaves the check out; -R, -U and -O would change or delete mail."""
    calls = recipe_for(row[0]).rebuilds

    assert recipe_for(row[0]).checks == (CHECK,)
    assert CHECK in calls
    assert not {"-R", "-U", "-O", "-I", "-x", "-f"} & {word for call in calls for word in call}


def test_the_table_is_in_order_and_the_oldest_stands_for_what_is_older_still() -> None:
    since = [recipe.since for recipe in RECIPES]

    assert since == sorted(since, reverse=True)
    assert since[-1] == OLDEST == (2, 4, 0)
    assert recipe_for((2, 3, 16)) is RECIPES[-1]
    assert recipe_for((9, 0, 0)) is RECIPES[0]


@pytest.mark.parametrize(
    ("version", "account", "expected"),
    [
        ((3, 6, 1), counted("contact"), ("-f", "--", "contact")),
        ((2, 4, 22), counted("user", "jdoe", owner="jdoe"), ("-f", "--", "user/jdoe")),
        ((3, 0, 18), counted("user", "john.doe"), ("-f", "--", "user.john^doe")),
        ((3, 0, 18), counted("user", "jdoe", separator="."), ("-f", "--", "user.jdoe")),
        ((3, 4, 9), counted("user", "jdoe", separator="."), ("-f", "--", "user.jdoe")),
        ((3, 6, 1), counted("user", "jdoe", owner="jdoe"), ("-f", "-u", "jdoe")),
        ((3, 0, 18), counted("v1.2", domain="b.loc"), ("-f", "-d", "b.loc", "--", "v1^2")),
        ((3, 8, 7), counted("v1.2", domain="b.loc"), ("-f", "-d", "b.loc", "--", "v1.2")),
        ((3, 4, 9), counted("-x", domain="b.loc"), ("-f", "-d", "b.loc", "--", "-x")),
        ((3, 4, 9), counted("a@b.loc", domain="b.loc"), ("-f", "-d", "b.loc", "--", "a@b.loc")),
        ((2, 4, 22), Counted(domain="b.loc", local=None, internal=None, userid=None), WHOLE),
    ],
    ids=[
        "a-share-without-domain",
        "a-user-without-domain",
        "3.0-without-domain",
        "3.0-with-dots",
        "3.4-with-dots",
        "3.6-without-domain",
        "a-dot-inside",
        "a-dot-outside",
        "a-name-like-an-option",
        "a-name-with-a-domain",
        "a-whole-domain",
    ],
)
def test_odd_accounts_are_named_too(
    version: Version, account: Counted, expected: tuple[str, ...]
) -> None:
    assert quota_arguments(version, account) == expected


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a ``reconstruct`` said of a mailbox that respool had just filled."""

    output: str
    errors: str = ""
    converted: int | None = None
    changes: int = 0


NAME = "user/jdoe/back@b.loc"
INSIDE = "b.loc!user.jdoe.back"
MENDED = (
    f"{INSIDE} uid 3 mismatch: sentdate\n"
    f"{INSIDE} uid 3 mismatch: gmtime\n"
    f"{INSIDE} rewrote cache for 1 (offset 0 to 37088, crc 12 to 3456/3456)\n"
)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(output=f"{INSIDE}\n", changes=1),
        Answer(output=f"{INSIDE} uid 3 mismatch: cacheoffset\n{NAME}\n", changes=2),
        Answer(
            output=f"{INSIDE}: updating sync_crc 2877098320 => 1539033229\n"
            f"{INSIDE}: updating quota_mailbox_used 0 => 300\n{NAME}\n",
            changes=3,
        ),
        Answer(output=f"{NAME}\nRepacked {NAME} to version 13\n", converted=13, changes=2),
        Answer(output=f"{NAME}\nConverted {NAME} version 12 to 16\n", converted=16, changes=2),
        Answer(output=f"{MENDED}{NAME}\n", changes=4),
        Answer(
            output=f"{MENDED}{INSIDE}: updating sync_crc_annot 0 => 12345678\n"
            f"{INSIDE}: updating quota_annot_used: 0 => 33\n{NAME}\n",
            changes=6,
        ),
        Answer(output=f"{NAME}\n", changes=1),
        Answer(output=f"{NAME}\nConverted {NAME} version 12 to 17\n", converted=17, changes=2),
        Answer(
            output=f"Wrong uidvalidity in mbentry, fixing {INSIDE} (7 -> 9)\n{NAME}\n", changes=2
        ),
        Answer(output=f"{NAME}\nConverted {NAME} version 12 to 19\n", converted=19, changes=2),
    ],
    ids=[
        "2.4-nothing-to-mend",
        "2.4-cache-parsed",
        "2.4-counts",
        "3.0-converted",
        "3.2-converted",
        "3.2-checked",
        "3.2-checked-in-version-12",
        "3.6-nothing-to-mend",
        "3.6-converted",
        "3.6-uidvalidity",
        "3.10-converted",
    ],
)
def test_what_servers_say_of_a_mailbox_that_is_well_is_no_failure(answer: Answer) -> None:
    report = parse_reconstruct_output(answer.output, answer.errors)

    assert report.visited
    assert report.failures == ()
    assert report.converted == answer.converted
    assert len(report.changes) == answer.changes


@pytest.mark.parametrize(
    "answer",
    [
        Answer(output=f"{INSIDE}: failed to read index header\n{INSIDE}\n"),
        Answer(output=f"{INSIDE} uid 7 not found{INSIDE}\n"),
        Answer(output=f"{INSIDE} uid 7 found - adding\n{NAME}\n"),
        Answer(output=f"{NAME}\nFAILED TO REPACK {NAME} with new version System I/O error\n"),
        Answer(
            output=f"{INSIDE} uid 2 guid mismatch\n"
            f"run reconstruct with -R to fix or -U to remove\n{NAME}\n"
        ),
        Answer(output="", errors=f"{INSIDE}: System I/O error No such file or directory\n"),
        Answer(output=f"Wrong uniqueid! {INSIDE}2 (should be {INSIDE})\n"),
        Answer(output="", errors="fatal error: num too big\n"),
    ],
    ids=[
        "2.4-index-thrown-away",
        "2.4-file-missing",
        "3.0-file-added",
        "3.0-not-converted",
        "3.2-octets-differ",
        "3.6-no-file",
        "3.6-uniqueid-twice",
        "3.10-file-name",
    ],
)
def test_what_servers_say_of_a_mailbox_that_is_not_well_is_a_failure(answer: Answer) -> None:
    """With status 0, most of it."""
    assert len(parse_reconstruct_output(answer.output, answer.errors).failures) == 1


def test_a_conversion_of_a_mailbox_that_was_of_the_newest_version_says_its_name_alone() -> None:
    report = parse_reconstruct_output(f"{NAME}\n", "")

    assert (report.visited, report.converted) == (True, None)
