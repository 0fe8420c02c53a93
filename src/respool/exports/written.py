"""What is kept of each message that was written into an export, packed for the journal."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from respool.errors import FormatError

_LONGEST_TEXT: Final = 300  # of a subject or of people, as a page shows them
_LEVEL: Final = 1  # digests do not shrink: the best takes twice as long for a twentieth


class WrittenMessage(NamedTuple):
    """One message: digests in hex, where it stands, and what a page shows of it.

    ``file`` is relative to the export. ``offset`` and ``length`` are of all that belongs to it
    in an mbox file, its ``From `` line first; of a zip's member ``offset`` is that of its local
    header, ``length`` that of its packed octets, with ``crc`` and ``method``. ``sender`` and
    ``recipients`` are as people read them.
    """

    uid: int
    guid: str
    sha256: str
    file: str
    subject: str = ""
    sender: str = ""
    recipients: str = ""
    offset: int = 0
    length: int = 0
    crc: int = 0
    method: int = 0


def pack(written: Iterable[WrittenMessage]) -> str:
    """All of a group as one line of text.

    >>> one = WrittenMessage(uid=1, guid="0a", sha256="0b", file="INBOX/a")
    >>> unpack(pack([one])) == (one,)
    True
    """
    octets = json.dumps(list(written), separators=(",", ":")).encode("ascii")
    return base64.b64encode(zlib.compress(octets, _LEVEL)).decode("ascii")


def unpack(packed: str) -> tuple[WrittenMessage, ...]:
    """What `pack` had.

    Raises:
        FormatError: it is something else.
    """
    try:
        rows = json.loads(zlib.decompress(base64.b64decode(packed, validate=True)))
        return tuple(map(WrittenMessage._make, rows))
    except (binascii.Error, zlib.error, ValueError, TypeError) as error:
        raise FormatError(f"no messages of an export: {error}") from error


def shown(text: str | None) -> str:
    """``text`` as a page shows it, not too long."""
    return (text or "")[:_LONGEST_TEXT]
