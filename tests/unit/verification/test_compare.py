from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from respool.model.messages import ReadBack
from respool.verification.compare import compare_message
from tests.unit.planning.plans import message

PLANNED = message(7, flags=("\\Seen", "\\Flagged", "Travail"))
SAME = ReadBack(
    uid=7,
    flags=frozenset({"Travail", "\\Seen", "\\Flagged"}),
    internaldate=datetime.fromtimestamp(1_700_000_000, UTC),
    size_bytes=100,
    guid="ab" * 20,
)


def aspects(found: ReadBack | None, *, is_seen_known: bool = True) -> list[str]:
    return [each.aspect for each in compare_message(PLANNED, found, is_seen_known=is_seen_known)]


def test_what_reads_back_equal_is_proven() -> None:
    assert aspects(SAME) == []


def test_the_same_moment_in_another_zone_is_equal() -> None:
    zone = timezone(timedelta(hours=2))

    assert aspects(replace(SAME, internaldate=SAME.internaldate.astimezone(zone))) == []


@pytest.mark.parametrize(
    ("changes", "aspect"),
    [
        ({"guid": "cd" * 20}, "octets"),
        ({"size_bytes": 101}, "size"),
        ({"flags": SAME.flags | {"\\Answered"}}, "flags"),
        ({"flags": SAME.flags - {"Travail"}}, "flags"),
        ({"flags": SAME.flags - {"\\Seen"}}, "flags"),
        ({"flags": SAME.flags - {"Travail"} | {"travail"}}, "flags"),
        ({"flags": frozenset()}, "flags"),
        ({"internaldate": SAME.internaldate + timedelta(seconds=1)}, "date"),
    ],
    ids=[
        "octets",
        "size",
        "flag-more",
        "keyword-less",
        "seen",
        "case-of-keyword",
        "no-flags",
        "date",
    ],
)
def test_each_aspect_differs_alone(changes: dict[str, Any], aspect: str) -> None:
    assert aspects(replace(SAME, **changes)) == [aspect]


def test_all_aspects_are_told_at_once() -> None:
    other = ReadBack(
        uid=7,
        flags=frozenset(),
        internaldate=datetime(2000, 1, 1, tzinfo=UTC),
        size_bytes=0,
        guid="",
    )

    assert aspects(other) == ["octets", "size", "flags", "date"]


def test_a_message_that_is_not_there_is_missing_and_nothing_else() -> None:
    assert aspects(None) == ["missing"]


def test_recent_is_the_session_s_and_not_the_message_s() -> None:
    assert aspects(replace(SAME, flags=SAME.flags | {"\\Recent"})) == []


def test_seen_does_not_count_for_one_who_cannot_see_it() -> None:
    unseen = replace(SAME, flags=SAME.flags - {"\\Seen"})

    assert aspects(unseen, is_seen_known=False) == []
    assert aspects(SAME, is_seen_known=False) == []
    assert aspects(replace(unseen, flags=frozenset()), is_seen_known=False) == ["flags"]


def test_octets_that_nobody_knew_before_are_not_proven() -> None:
    (difference,) = compare_message(PLANNED._replace(guid=None), SAME, is_seen_known=True)

    assert (difference.aspect, difference.planned) == ("octets", "unknown")


def test_a_difference_says_both_sides() -> None:
    (difference,) = compare_message(
        PLANNED, replace(SAME, flags=frozenset({"b", "a"})), is_seen_known=True
    )

    assert (difference.uid, difference.planned) == (7, "Travail \\Flagged \\Seen")
    assert difference.found == "a b"
