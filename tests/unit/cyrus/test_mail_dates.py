from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.mail_dates import parse_mail_date


@pytest.mark.parametrize(
    "raw",
    [
        "Tue, 3 Oct 2017 10:00:00 +0200",
        "3 Oct 2017 10:00:00 -0530 (EST)",
        "Tue,  3 Oct 2017 10:00:00 -0000",
        "Tue, 03 Oct 17 10:00 GMT",
        "Tuesday, 03-Oct-2017 10:00:00 CEST",
        "Thu, 29 Feb 2024 23:59:59 +1400",
    ],
)
def test_dates_are_read_as_by_the_standard_library(raw: str) -> None:
    parsed = parsedate_to_datetime(raw)
    expected = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)

    assert parse_mail_date(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [None, "", "yesterday", "Tue, 31 Feb 2017 10:00:00 +0200", "1 Jan 0001 00:00:00 +0200"],
)
def test_what_is_no_moment_is_none(raw: str | None) -> None:
    assert parse_mail_date(raw) is None


@given(moment=st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - made UTC below
def test_a_rendered_date_comes_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)

    assert parse_mail_date(moment.strftime("%a, %d %b %Y %H:%M:%S +0000")) == moment
