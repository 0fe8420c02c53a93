"""Lengths of time as people type them: ``14d``, ``12h``, ``2w``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_AGE: Final = re.compile(r"([0-9]{1,5})([hdw])", re.ASCII)
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def parse_age(text: str) -> timedelta:
    """A length of time, more than nothing.

    Raises:
        ValueError: anything else.

    >>> parse_age("14d")
    datetime.timedelta(days=14)
    """
    found = _AGE.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise ValueError(f"{text!r} is no length of time such as 14d, 12h or 2w")
    return int(found[1]) * _UNITS[found[2]]


def age_text(age: timedelta) -> str:
    """As `parse_age` takes it, in the largest unit that fits.

    >>> age_text(timedelta(days=14)), age_text(timedelta(hours=36))
    ('2w', '36h')
    """
    hours = round(age / _UNITS["h"])
    for unit, size in (("w", 24 * 7), ("d", 24)):
        if hours % size == 0:
            return f"{hours // size}{unit}"
    return f"{hours}h"
