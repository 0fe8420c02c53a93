r"""flat, the database that is a text: ``key TAB value LF``, sorted by the octets of keys.

From 2.5 an octet 0xFF says that the next stands for one that a line cannot hold: 0xFF
itself, or NUL, TAB, CR or LF with its highest bit set.

Source: lib/cyrusdb_flat.c, ``encode``, ``decode`` and ``getentry``.
"""

from __future__ import annotations

import re
from array import array
from typing import Final

from respool.cyrus.database_file import ENTRY_LIMIT, Located, Octets, lost
from respool.errors import FormatError

LINE_LIMIT: Final = 1 << 22
_ESCAPED: Final = re.compile(rb"\xff(.?)", re.DOTALL)
_SEVEN_BITS: Final = 0x7F
_ESCAPE: Final = b"\xff"


def parse_flat(octets: Octets) -> Located:
    """Where the lines stand that are whole, in the file's order.

    An empty file is a database without records.

    Raises:
        FormatError: no line of the file is one of a database.
    """
    found: array[int] = array("Q")
    at = odd = 0
    while at < len(octets) and len(found) + odd < LINE_LIMIT:
        end = octets.find(b"\n", at)
        tab = octets.find(b"\t", at, end if end >= 0 else len(octets))
        if tab < 0 or end < 0 or end - at > ENTRY_LIMIT:
            odd += 1
        else:
            found.append(at)
        at = end + 1 if end >= 0 else len(octets)
    if at < len(octets):
        raise FormatError(f"a flat database of more than {LINE_LIMIT} lines")
    if odd and not found:
        raise FormatError("not a flat database", expected="KEY TAB VALUE LF", found="no such line")
    return Located(offsets=found, losses=lost(odd, "lines"))


def flat_entry(octets: Octets, offset: int) -> tuple[bytes, bytes]:
    """Key and value of the line at an offset that `parse_flat` gave."""
    line = octets[offset : octets.find(b"\n", offset)]
    key, _, value = line.partition(b"\t")
    return _decoded(key), _decoded(value)


def _decoded(text: bytes) -> bytes:
    """Piece by piece: an expression's ``sub`` would keep millions of pieces at once."""
    if _ESCAPE not in text:
        return text
    plain = bytearray()
    end = 0
    for match in _ESCAPED.finditer(text):
        plain += text[end : match.start()] + _plain(match)
        end = match.end()
    return bytes(plain + text[end:])


def _plain(match: re.Match[bytes]) -> bytes:
    escaped = match[1]
    return escaped if escaped in {b"", _ESCAPE} else bytes((escaped[0] & _SEVEN_BITS,))
