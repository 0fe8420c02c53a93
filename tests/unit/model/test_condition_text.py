from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from respool.model.condition_text import (
    conditions_text,
    parse_flag,
    parse_guid,
    parse_size,
    parse_uids,
    parse_when,
)
from respool.model.conditions import Conditions
from respool.model.state import UidSet

NOW = datetime(2024, 11, 20, 10, 30, 15, 123, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2024-11-02", "2024-11-01T23:00:00"),
        ("2024-07-02", "2024-07-01T22:00:00"),
        ("2024-11-02T18:00", "2024-11-02T17:00:00"),
        ("2024-11-02 18:00:30", "2024-11-02T17:00:30"),
        ("2024-11-02T18:00Z", "2024-11-02T18:00:00"),
        ("3d", "2024-11-17T10:30:15"),
    ],
)
def test_days_and_times_are_meant_in_the_zone(typed: str, meant: str) -> None:
    assert parse_when(typed, PARIS, NOW).isoformat() == f"{meant}+00:00"


@pytest.mark.parametrize("typed", ["", "yesterday", "2024-13-01", "2024-W01", "0d", "0001-01-01"])
def test_what_is_no_time_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="no day"):
        parse_when(typed, PARIS, NOW)


def test_sizes_are_octets_or_of_1024() -> None:
    assert [parse_size(each) for each in ("0", "10k", "5M", "1GB")] == [0, 10240, 5 << 20, 1 << 30]


@pytest.mark.parametrize("typed", ["", "k", "-1", "1.5M", "1T", "٣"])
def test_what_is_no_size_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="no size"):
        parse_size(typed)


def test_flags_need_no_backslash_and_no_case() -> None:
    assert [parse_flag(each) for each in ("SEEN", "\\flagged", "$Junk")] == [
        "\\Seen",
        "\\Flagged",
        "$Junk",
    ]


@pytest.mark.parametrize("typed", ["", "two words", "\\Recent", "a)"])
def test_what_is_no_flag_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="no flag"):
        parse_flag(typed)


def test_a_guid_may_be_typed_in_capitals() -> None:
    assert parse_guid("AB" * 20) == "ab" * 20


@pytest.mark.parametrize("typed", ["", "ab", "g" * 40, "ab" * 21])
def test_what_is_no_guid_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="no GUID"):
        parse_guid(typed)


@pytest.mark.parametrize("typed", ["", "0", "1;2", "*", "1:99999999999"])
def test_what_is_no_set_of_uids_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="UID"):
        parse_uids(typed)


def test_conditions_are_said_shortly() -> None:
    wanted = Conditions(
        sender="alice",
        subject="a, b",
        guids=tuple(f"{each:040x}" for each in range(5)),
        uids=UidSet.parse("1,3,5:7"),
        since=datetime(2024, 11, 1, 23, tzinfo=UTC),
        before=datetime(2024, 11, 3, 12, tzinfo=UTC),
        larger=10 << 10,
        has_attachment=True,
        flags=("\\Flagged",),
        folders=("INBOX", "Two words"),
    )
    assert conditions_text(wanted, PARIS) == (
        f'from alice, subject "a, b", GUID {0:040x},{1:040x},{2:040x} and 2 more, UID 1,3,5:7,'
        " since 2 Nov 2024, before 3 Nov 2024 13:00, larger than 10k, with an attachment,"
        ' flagged \\Flagged, in INBOX or "Two words"'
    )
