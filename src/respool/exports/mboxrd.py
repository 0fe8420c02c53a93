r"""mboxrd: messages one after the other in a file, so quoted that each comes back as it was.

Before a message stands a line that begins with ``From ``; after it a line feed of its own
where its last line has none, then an empty line. A line of the message that begins with any
number of ``>`` and ``From `` gets one ``>`` more. Nothing else is altered: line ends are those
of the message.

Source: https://www.loc.gov/preservation/digital/formats/fdd/fdd000385.shtml (mboxrd), mbox(5)
of qmail for the quoting by Rahul Dhesi; RFC 4155, appendix A, for the separator line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

SEPARATOR: Final = b"From "
_SENDER: Final = b"MAILER-DAEMON"
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_PLAIN: Final = re.compile(rb"(\n>*)From ")
_QUOTED: Final = re.compile(rb"(\n>*)>From ")
_MAY_GO_ON: Final = re.compile(rb">*((?:F(?:r(?:om?)?)?)?)")
_SEPARATOR_LINE: Final = re.compile(
    rb"From \S+ (?:[A-Z][a-z]{2}) ([A-Z][a-z]{2}) ([ 0-3][0-9])"
    rb" ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([0-9]{4})\r?\n"
)


def separator_line(internaldate: int) -> bytes:
    r"""The line before a message; ``internaldate`` counts seconds since 1970, UTC.

    >>> separator_line(1507017600)
    b'From MAILER-DAEMON Tue Oct  3 08:00:00 2017\n'
    """
    at = datetime.fromtimestamp(internaldate, UTC)
    text = (
        f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at.day:2d}"
        f" {at.hour:02d}:{at.minute:02d}:{at.second:02d} {at.year:04d}"
    )
    return SEPARATOR + _SENDER + b" " + text.encode("ascii") + b"\n"


def parse_separator_line(line: bytes) -> int | None:
    """The time that such a line says, in seconds since 1970; None where it says none.

    >>> parse_separator_line(separator_line(1507017600))
    1507017600
    """
    found = _SEPARATOR_LINE.fullmatch(line)
    month = None if found is None else found[1].decode("ascii")
    if found is None or month not in _MONTHS:
        return None
    day, hour, minute, second, year = (int(found[at]) for at in range(2, 7))
    try:
        at = datetime(year, _MONTHS.index(month) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return int(at.timestamp())


class Quoting:
    """A message as it stands in the file, piece by piece; at most four octets are held."""

    def __init__(self) -> None:
        self._is_at_start = True  # of a line, or behind ">" alone
        self._held = b""
        self._last = b""

    def take(self, piece: bytes) -> bytes:
        """The next piece, quoted."""
        if not piece:
            return b""
        octets = self._held + piece
        self._held = b""
        if self._is_at_start:
            octets = b"\n" + octets
        last = octets.rfind(b"\n")
        was_at_start = self._is_at_start
        self._is_at_start = False
        if last >= 0 and (tail := _MAY_GO_ON.fullmatch(octets, last + 1)):
            self._is_at_start = True
            self._held = tail[1]
        if b"From " in octets:
            octets = _PLAIN.sub(rb"\1>From ", octets)
        quoted = octets[was_at_start : len(octets) - len(self._held)]
        self._last = piece[-1:]
        return quoted

    def end(self) -> bytes:
        """What is left, and what stands between a message and the next."""
        held, self._held = self._held, b""
        return held + (b"\n" if self._last == b"\n" else b"\n\n")


class Unquoting:
    """A message as it was, from what stands in the file, piece by piece."""

    def __init__(self) -> None:
        self._is_at_start = True
        self._held = b""

    def take(self, piece: bytes) -> bytes:
        """The next piece, as it was. At most five octets are held."""
        if not piece:
            return b""
        octets = self._held + piece
        self._held = b""
        was_at_start = self._is_at_start
        if was_at_start:
            octets = b"\n" + octets
        last = octets.rfind(b"\n")
        self._is_at_start = False
        if last >= 0 and (tail := _MAY_GO_ON.fullmatch(octets, last + 1)):
            self._is_at_start = True
            is_quoted = octets[last + 1 : last + 2] == b">"
            self._held = octets[len(octets) - len(tail[1]) - is_quoted :]
        if b">From " in octets:
            octets = _QUOTED.sub(rb"\1From ", octets)
        return octets[was_at_start : len(octets) - len(self._held)]

    def end(self) -> bytes:
        """What is left."""
        held, self._held = self._held, b""
        return held


def quoted(octets: bytes) -> bytes:
    r"""A whole message as it stands in the file, without its separator line.

    >>> quoted(b"From me\n>From you")
    b'>From me\n>>From you\n\n'
    """
    quoting = Quoting()
    return quoting.take(octets) + quoting.end()


def unquoted(octets: bytes, size_bytes: int | None = None) -> bytes:
    r"""The message of what `quoted` gave; ``size_bytes`` is its size, where that is known.

    Where it is not, a line feed at its very end may be one more than it had.

    >>> unquoted(b">From me\n>>From you\n\n", 17)
    b'From me\n>From you'
    """
    unquoting = Unquoting()
    body = octets[:-1] if octets.endswith(b"\n\n") else octets
    whole = unquoting.take(body) + unquoting.end()
    return whole if size_bytes is None else whole[:size_bytes]


def quoted_pieces(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """As `quoted`, lazily."""
    quoting = Quoting()
    for piece in pieces:
        yield quoting.take(piece)
    yield quoting.end()
