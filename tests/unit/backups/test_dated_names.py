from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.backups.dated_names import date_in, is_underway

PARIS = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2024-11-19_0100", "2024-11-19T00:00:00+00:00"),
        ("2024-11-19T01-00", "2024-11-19T00:00:00+00:00"),
        ("2024-11-19T01:00:00-05:00", "2024-11-19T06:00:00+00:00"),
        ("2024-11-19T01:00:00+01:00-1", "2024-11-19T00:00:00+00:00"),
        ("2024-11-19 01.00.30", "2024-11-19T00:00:30+00:00"),
        ("2024-11-19-010030", "2024-11-19T00:00:30+00:00"),
        ("20241119010030", "2024-11-19T00:00:30+00:00"),
        ("20241119T0100Z", "2024-11-19T01:00:00+00:00"),
        ("2024-11-19_01:00:00_UTC", "2024-11-19T01:00:00+00:00"),
        ("@GMT-2024.11.19-01.00.00", "2024-11-19T01:00:00+00:00"),
        ("zfs-auto-snap_daily-2024-11-19-0100", "2024-11-19T01:00:00+00:00"),
        ("cyrus.20241119T0100", "2024-11-19T00:00:00+00:00"),
        ("mail1-2024-11-19T01:00:00.123456", "2024-11-19T00:00:00+00:00"),
        ("syncoid_mail1_2024-11-19:01:00:00-GMT01:00", "2024-11-19T00:00:00+00:00"),
    ],
)
def test_a_name_with_an_hour_tells_when(name: str, expected: str) -> None:
    found = date_in(name, PARIS)

    assert found is not None
    assert (found.taken_at.isoformat(), found.is_about) == (expected, False)


@pytest.mark.parametrize("name", ["2024-11-19", "20241119", "2024.11.19-2", "2024-11-19-9999"])
def test_a_bare_date_is_about_the_beginning_of_that_day(name: str) -> None:
    found = date_in(name, PARIS)

    assert found is not None
    assert found.is_about
    assert found.taken_at == datetime(2024, 11, 19, tzinfo=PARIS)


def test_a_name_of_sanoid_is_about_right_for_its_zone_is_not_certain() -> None:
    found = date_in("autosnap_2024-11-19_01:00:01_daily", PARIS)

    assert found is not None
    assert found.is_about
    assert found.taken_at == datetime(2024, 11, 19, 1, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["daily.0", "2024-13-01", "2024-02-30", "1241119", "120241119", "v2.0", "", "2024-1-1"]
)
def test_other_names_have_no_date(name: str) -> None:
    assert date_in(name) is None


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("mail1-2024-11-19T01:00:00", "mail1"),
        ("zfs-auto-snap_hourly-2024-11-19-0117", "zfs-auto-snap"),
        ("daily-2024-11-19", ""),
        ("2024-11-19-daily", ""),
        ("weekly_mail1.20241119", "mail1"),
    ],
)
def test_what_stands_before_the_date_is_a_server_perhaps(name: str, prefix: str) -> None:
    found = date_in(name)

    assert found is not None
    assert found.prefix == prefix


@pytest.mark.parametrize(
    "name",
    [
        ".sync",
        "2024-11-19.tmp",
        "incomplete",
        "2024-11-19-inProgress",
        "in_progress-7",
        "x.partial",
    ],
)
def test_names_of_copies_under_way_are_known(name: str) -> None:
    assert is_underway(name)


@pytest.mark.parametrize(
    "name", ["2024-11-19", "syncoid_2024-11-19", "templates", "mail1-running2", "daily.0"]
)
def test_other_names_are_not_under_way(name: str) -> None:
    assert not is_underway(name)


@given(st.integers(631_152_000, 4_102_000_000))
def test_any_time_as_restic_writes_it_is_read_back(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, PARIS)

    found = date_in(moment.isoformat(), UTC)

    assert found is not None
    assert found.taken_at == moment
