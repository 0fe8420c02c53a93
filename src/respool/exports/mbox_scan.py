r"""Where messages begin in an mbox file that nobody described, and which flags they have.

A message begins with a line ``From …`` at the start of the file, or behind an empty line. Any
other line that begins so was quoted by who wrote the file.

Source: qmail, mbox(5); RFC 4155; https://doc.dovecot.org/2.3/admin_manual/mailbox_formats/mbox/
(``Status``, ``X-Status``, ``X-Keywords``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from respool.exports.mboxrd import SEPARATOR
from respool.model.messages import is_keyword

_BEGIN: Final = re.compile(rb"\n\r?\n(?=From )")
_OVERLAP: Final = len(b"\n\r\nFrom ") - 1
_FIELD: Final = re.compile(
    rb"^(x-status|status|x-keywords):([^\n]*)$", re.IGNORECASE | re.MULTILINE
)
_FLAGS: Final = {
    b"status": {"R": "\\Seen"},
    b"x-status": {"A": "\\Answered", "F": "\\Flagged", "T": "\\Draft", "D": "\\Deleted"},
}


def begins_as_mbox(start: bytes) -> bool:
    """Whether a file that starts so is an mbox file with a message.

    >>> begins_as_mbox(b"From me Tue Oct  3 08:00:00 2017")
    True
    """
    return start.startswith(SEPARATOR)


def beginnings(pieces: Iterable[bytes]) -> Iterator[int]:
    r"""Where each message of a file begins that begins with one, lazily.

    >>> list(beginnings([b"From a\n\nx\n", b"\nFr", b"om b\n\n"]))
    [0, 11]
    """
    held, at, last = b"", 0, -1
    for piece in pieces:
        if last < 0:
            yield (last := 0)
        octets = held + piece
        for found in _BEGIN.finditer(octets):
            if at + found.end() > last:  # what is held may have a shorter one in it
                yield (last := at + found.end())
        held = octets[-_OVERLAP:]
        at += len(octets) - len(held)


def flags_of(header: bytes) -> tuple[str, ...]:
    r"""The flags and keywords that a message's own header says.

    >>> flags_of(b"Status: RO\nX-Status: F\nX-Keywords: $Junk  \n\nStatus: no header")
    ('\\Seen', '\\Flagged', '$Junk')
    """
    found: dict[str, None] = {}
    end = re.search(rb"\n\r?\n", header)
    for name, value in _FIELD.findall(header if end is None else header[: end.start() + 1]):
        text = value.decode("ascii", "replace").strip()
        letters = _FLAGS.get(name.lower())
        words = text.split() if letters is None else map(letters.get, text)
        for each in words:
            if each is not None and (letters is not None or is_keyword(each)):
                found[each] = None
    return tuple(found)
