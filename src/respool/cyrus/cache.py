"""``cyrus.cache``: is a record what the index says, and the envelope inside it.

A record is ten items (envelope, body structure, body, section, headers, from, to, cc,
bcc, subject), each a length of four octets, its octets, and zeros up to a multiple of
four. Nothing in it names its message: it is found by the index's offset alone.

Source: imap/message.c, ``message_write_cache``; imap/mailbox.c, ``mailbox_cacherecord``.
"""

from __future__ import annotations

import mmap
import re
import zlib
from dataclasses import dataclass
from typing import Final, TypeAlias

from respool.errors import FormatError, TruncatedFile

ITEM_COUNT: Final = 10
_GENERATION_SIZE: Final = 4
_LITERAL: Final = re.compile(rb"\{([0-9]{1,9})\}\r\n")
_ATOM: Final = re.compile(rb"[^\x00-\x20()\"]+")
_DEPTH_LIMIT: Final = 8

Buffer: TypeAlias = bytes | bytearray | memoryview | mmap.mmap
Item: TypeAlias = "bytes | list[Item] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedAddress:
    """One address of an envelope: raw octets, encoded words as they are."""

    name: bytes | None
    local_part: bytes | None
    host: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedEnvelope:
    """The fields of a cached envelope that a listing needs, raw; None where NIL."""

    date: bytes | None
    subject: bytes | None
    from_addresses: tuple[CachedAddress, ...]
    to_addresses: tuple[CachedAddress, ...]
    message_id: bytes | None


def cache_generation(octets: Buffer) -> int:
    """The generation that must equal that of the index for any record to be meant.

    Raises:
        TruncatedFile: fewer than four octets.
    """
    head = bytes(octets[:_GENERATION_SIZE])
    if len(head) < _GENERATION_SIZE:
        raise TruncatedFile("cyrus.cache is empty", expected="4 octets", found=str(len(head)))
    return int.from_bytes(head, "big")


def sound_cache_record(cache: Buffer, offset: int, crc: int) -> memoryview | None:
    """The octets of the record at ``offset``, or None unless whole and as its CRC says.

    The view borrows from ``cache``; release it before a map is closed.
    """
    view = memoryview(cache)
    end = _record_end(view, offset)
    if end is None:
        return None
    record = view[offset:end]
    return record if zlib.crc32(record) == crc else None


def parse_cache_envelope(record: memoryview | bytes) -> CachedEnvelope:
    """The envelope of one cache record.

    Raises:
        FormatError: not the ten items of an envelope.
    """
    size = int.from_bytes(bytes(record[:4]), "big")
    octets = bytes(record[4 : 4 + size])
    value, _ = _item(octets, 0, 0)
    if not isinstance(value, list) or len(value) != ITEM_COUNT:
        raise FormatError("not a cached envelope", expected="a list of ten", found="another")
    return CachedEnvelope(
        date=_octets(value[0]),
        subject=_octets(value[1]),
        from_addresses=_addresses(value[2]),
        to_addresses=_addresses(value[5]),
        message_id=_octets(value[9]),
    )


def _record_end(view: memoryview, offset: int) -> int | None:
    if offset < _GENERATION_SIZE:
        return None
    at = offset
    for _ in range(ITEM_COUNT):
        if at + 4 > len(view):
            return None
        size = int.from_bytes(view[at : at + 4], "big")
        at += 4 + size + (-size % 4)
        if at > len(view):
            return None
    return at


def _item(octets: bytes, at: int, depth: int) -> tuple[Item, int]:
    first = octets[at : at + 1]
    if first == b"(" and depth <= _DEPTH_LIMIT:
        return _items(octets, at + 1, depth)
    if first == b'"':
        return _quoted(octets, at + 1)
    literal = _LITERAL.match(octets, at)
    if literal:
        end = literal.end() + int(literal[1])
        return octets[literal.end() : end], end
    atom = _ATOM.match(octets, at)
    if atom is None:
        raise FormatError(
            "not a cached envelope", offset=at, expected="an item", found=repr(first)
        )
    return (None if atom[0].upper() == b"NIL" else atom[0]), atom.end()


def _items(octets: bytes, at: int, depth: int) -> tuple[Item, int]:
    values: list[Item] = []
    while octets[at : at + 1] != b")":
        if octets[at : at + 1] == b" ":
            at += 1
            continue
        value, at = _item(octets, at, depth + 1)
        values.append(value)
    return values, at + 1


def _quoted(octets: bytes, at: int) -> tuple[bytes, int]:
    collected = bytearray()
    while at < len(octets):
        octet = octets[at]
        if octet == 0x22:
            return bytes(collected), at + 1
        if octet == 0x5C:
            at += 1
        collected += octets[at : at + 1]
        at += 1
    raise TruncatedFile("a cached envelope ends in a string", offset=at)


def _octets(item: Item) -> bytes | None:
    return item if isinstance(item, bytes) else None


def _addresses(item: Item) -> tuple[CachedAddress, ...]:
    """Addresses with a host; the marks of a group's begin and end have none."""
    found = []
    for entry in item if isinstance(item, list) else []:
        if isinstance(entry, list) and len(entry) == 4 and entry[3] is not None:
            name, _, local_part, host = (_octets(field) for field in entry)
            found.append(CachedAddress(name=name, local_part=local_part, host=host))
    return tuple(found)
