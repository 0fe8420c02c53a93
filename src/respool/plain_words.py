"""What Python says of errors of the system and of TLS, for people."""

from __future__ import annotations

import re
from typing import Final

_FOR_PROGRAMMERS: Final = re.compile(r"\[(?:Errno -?\d+|SSL: [A-Z0-9_]+)\] | \(_ssl\.c:\d+\)")


def without_numbers(text: str) -> str:
    """``text`` without numbers of errors, and places in sources.

    >>> without_numbers("[Errno 28] No space left on device: '/srv'")
    "No space left on device: '/srv'"
    """
    return _FOR_PROGRAMMERS.sub("", text)
