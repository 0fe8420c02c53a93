"""What stands before a message's octets in APPEND: flags, date, size."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

_SYSTEM: Final = frozenset({"\\seen", "\\answered", "\\flagged", "\\deleted", "\\draft"})
_ATOM: Final = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]+", re.ASCII)
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"


def is_system_flag(flag: str) -> bool:
    """Whether ``flag`` is one of the five that a client may set on any server."""
    return flag.lower() in _SYSTEM


def is_sendable_flag(flag: str) -> bool:
    r"""Whether a command can hold ``flag``: a settable system flag, or an atom.

    Source: RFC 3501, section 9, ``flag`` and ``ATOM-CHAR``; ``\Recent`` is the server's own.

    >>> [is_sendable_flag(each) for each in ("\\Seen", "$Junk", "a b", "\\Recent", "é")]
    [True, True, False, False, False]
    """
    return is_system_flag(flag) or _ATOM.fullmatch(flag) is not None


def append_item(flags: Iterable[str], internaldate: int | None) -> bytes:
    r"""Flags, which are sendable, and the date, in seconds since 1970, with a blank before each.

    A date that IMAP cannot write is left out: the server then takes the present time.

    Source: RFC 3501, section 9, ``append``.

    >>> append_item(["\\Seen"], 0)
    b' (\\Seen) "01-Jan-1970 00:00:00 +0000"'
    """
    text = f" ({' '.join(flags)})"
    if internaldate is not None:
        try:
            date = datetime.fromtimestamp(internaldate, UTC)
        except (ValueError, OverflowError, OSError):
            return text.encode("ascii")
        month = _MONTHS[3 * date.month - 3 : 3 * date.month]
        clock = (
            f"{date.hour:02}:{date.minute:02}:{date.second:02}"  # strftime takes four times that
        )
        text += f' "{date.day:02}-{month}-{date.year:04} {clock} +0000"'
    return text.encode("ascii")
