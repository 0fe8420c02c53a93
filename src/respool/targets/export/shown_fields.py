"""What a page shows of a message, of the first octets of it.

People are shown as the header has them: taking addresses apart takes longer than writing a
message does.
"""

from __future__ import annotations

import re
from typing import Final

from respool.cyrus.encoded_words import decoded_words
from respool.exports.written import shown
from respool.model.dataclasses import dataclass

START_OCTETS: Final = 16 << 10  # of a message: its header, in all but a few

_HEADER_END: Final = re.compile(rb"\n\r?\n")  # `bytes.find` would go through a body for each
_VALUE: Final = re.compile(rb"[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)")
_LONGEST: Final = 4096  # of a field, as it stands there
_HIDDEN: Final = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFields:
    """Subject and people as text; "" where there is none."""

    subject: str
    sender: str
    recipients: str


def shown_fields(start: bytes) -> ShownFields:
    r"""Those of a message that begins with ``start``; of a field that comes twice, the last.

    >>> shown_fields(b"From: =?utf-8?q?=C3=89va?= <eva@b.loc>\r\nSubject: a\r\n b\r\n\r\nTo: x")
    ShownFields(subject='a b', sender='Éva <eva@b.loc>', recipients='')
    """
    end = _HEADER_END.search(start)
    header = b"\n" + (start if end is None else start[: end.start()])
    small = header.lower()
    return ShownFields(
        subject=_text(_last(header, small, b"\nsubject")),
        sender=_text(_last(header, small, b"\nfrom")),
        recipients=_text(_last(header, small, b"\nto")),
    )


def _last(header: bytes, small: bytes, name: bytes) -> bytes:
    """What the last field of that name has; ``small`` is the header in small letters."""
    at = small.rfind(name)
    while at >= 0:
        found = _VALUE.match(header, at + len(name))
        if found is not None:
            return found[1]
        at = small.rfind(name, 0, at)
    return b""


def _text(octets: bytes) -> str:
    """Unfolded and decoded; 8-bit octets without a charset are UTF-8, else Windows' own."""
    if not octets:
        return ""
    octets = octets[:_LONGEST]
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        text = octets.decode("cp1252", "replace")
    if not text.isprintable():
        text = _HIDDEN.sub("", text)
    return shown(decoded_words(text.strip()))
