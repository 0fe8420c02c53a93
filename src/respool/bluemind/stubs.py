"""Stubs: what BlueMind 3.5 leaves in a mailbox of a message that it moved to its archive.

A stub is a message with a notice in HTML, the header of the message that it stands for but
its ``Content-`` fields, the id of the archived octets, and the keyword BMARCHIVED.

Source: Composer.java, DemoteCommand.java, PromoteCommand.java and SnappyStore.java of
BlueMind (mdhender/bluemindfork 4fad29796 and earlier history); no stub or store that a real
server wrote was at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from respool.errors import TruncatedFile
from respool.model.dataclasses import dataclass

KEYWORD: Final = "BMARCHIVED"
START_OCTETS: Final = 64 * 1024  # of a message file: a header is looked for no further

_ID_FIELD: Final = b"x-bm_hsm_id"
_OURS: Final = frozenset({_ID_FIELD, b"x-bm_hsm_datetime"})
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_FIELD: Final = re.compile(rb"[!-9;-~]+[ \t]*:")
_LINE: Final = re.compile(rb"[^\n]*(?:\n|\Z)")
_NEW_LINE: Final = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """What a stub says. ``hsm_id`` is None where what stands in its place is no id.

    ``own_header`` are the fields of the message that it stands for, with their line ends.
    """

    hsm_id: str | None
    own_header: bytes


def is_stub_keyword(keyword: str) -> bool:
    """Whether ``keyword`` marks stubs; keywords are the same in any case (RFC 3501, 9)."""
    return keyword.casefold() == KEYWORD.casefold()


def is_hsm_id(text: str) -> bool:
    """Whether ``text`` is what ``UUID.toString`` writes: nothing that could lead elsewhere."""
    return _ID.fullmatch(text) is not None


def parse_stub(start: bytes) -> Stub | None:
    """The stub whose file begins with ``start``, or None where no id stands in its header."""
    fields = list(_fields(start))
    ids = [value for name, value in fields if name == _ID_FIELD]
    if not ids:
        return None
    text = ids[0].partition(b":")[2].decode("ascii", "replace").strip()
    own: list[bytes] = []
    for name, octets in fields:
        if name == _ID_FIELD:  # the Content- fields before it are those of the notice
            own = [each for each in own if not each.lower().startswith(b"content-")]
        elif name not in _OURS:
            own.append(octets)
    return Stub(hsm_id=text if is_hsm_id(text) else None, own_header=b"".join(own))


def joined(stub: Stub, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The message that ``stub`` stands for, of the ``pieces`` of its archived octets.

    They are the whole message. Should they begin without a header, the stub's own stands
    before them.

    Raises:
        TruncatedFile: there are none; and what ``pieces`` raises.
    """
    rest = iter(pieces)
    first = next(rest, b"")
    if not first:
        raise TruncatedFile("there is nothing in the archived message")
    if stub.own_header and not _FIELD.match(first):
        yield stub.own_header + _NEW_LINE
    yield first
    yield from rest


def _fields(start: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name (in small letters) and all octets of each header field; ends at the empty line."""
    name, begin, end = b"", 0, 0
    for line in _LINE.finditer(start):
        octets = line[0]
        if not octets.strip(b"\r\n"):
            break
        if octets[:1] not in {b" ", b"\t"}:
            if name:
                yield name, start[begin:end]
            begin = line.start()
            is_field = _FIELD.match(octets) is not None
            name = octets.partition(b":")[0].strip().lower() if is_field else b""
        end = line.end()
    if name:
        yield name, start[begin:end]
