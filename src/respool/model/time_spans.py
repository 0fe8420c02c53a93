"""Spans of time as people type them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_SPAN: Final = re.compile(r"([0-9]{1,5})([hdwy])", re.ASCII)
_UNITS: Final = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=365),
}


def parse_time_span(text: str) -> timedelta:
    """Hours, days, weeks or years.

    >>> parse_time_span("12h"), parse_time_span("14d")
    (datetime.timedelta(seconds=43200), datetime.timedelta(days=14))

    Raises:
        ValueError: anything else.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"not a span of time: {text!r}")
    return int(found[1]) * _UNITS[found[2]]
