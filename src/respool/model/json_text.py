"""Times as they stand in JSON."""

from __future__ import annotations

from datetime import UTC, datetime


def as_utc_text(moment: datetime | None) -> str | None:
    """``2017-10-03T08:00:00Z``, or None.

    >>> as_utc_text(datetime(2017, 10, 3, 8, tzinfo=UTC))
    '2017-10-03T08:00:00Z'
    """
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
