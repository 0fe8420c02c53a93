"""``cyrus.cache``: is a record what the index says, and the envelope and headers inside it.

A record is ten items (envelope, body structure, body, section, headers, from, to, cc,
bcc, subject), each a length of four octets, its octets, and zeros up to a multiple of
four. Nothing in it names its message: it is found by the index's offset alone.

Source: imap/message.c, ``message_write_cache``; imap/mailbox.c, ``mailbox_cacherecord``;
docs/reference/formats/cyrus-cache.md.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.cached_envelope import CachedEnvelope, parse_envelope
from respool.errors import FormatError, TruncatedFile

ITEM_COUNT: Final = 10
ENVELOPE, STRUCTURE, SECTION, HEADERS = 0, 1, 3, 4
_GENERATION_SIZE: Final = 4
_LONGEST_RECORD: Final = 1 << 24  # a record of a message with 40,000 parts has 10 MiB
_LONGEST_HEADERS: Final = 1 << 20
_LONGEST_STRUCTURE: Final = 1 << 20
_LENGTH: Final = struct.Struct(">I")
# The first three numbers of a section that count here: part 0 is the whole message.
_SIZES: Final = struct.Struct(">4xIIII")
_FIELD_END: Final = re.compile(rb"\r?\n(?![ \t])")

Buffer: TypeAlias = bytes | bytearray | memoryview | mmap.mmap


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


def record_ends(cache: Buffer, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the records at ``offsets`` end; 0 for each that is not whole.

    As `sound_cache_record` finds it of one, for very many; their CRCs are not looked at.
    """
    octets = np.frombuffer(cache, dtype=np.uint8)
    last = len(octets) - _LENGTH.size
    at, is_whole = offsets.copy(), offsets >= _GENERATION_SIZE
    if last < 0:
        return np.zeros_like(at)
    for _ in range(ITEM_COUNT):
        is_whole &= at <= last
        at[~is_whole] = 0
        size = np.zeros_like(at)
        for octet in range(_LENGTH.size):
            size = size << 8 | octets[at + octet]
        at += size + 7 & ~3  # its own four octets, and padding
    is_whole &= (at <= len(octets)) & (at - offsets <= _LONGEST_RECORD)
    return np.where(is_whole, at, 0)


def plausible_cache_record(
    cache: Buffer, offset: int, header_size: int, size: int
) -> memoryview | None:
    """The octets of the record at ``offset`` where the index has no CRC of it, or None.

    Its section must say of the whole message what the index says: ``header_size`` octets
    of header, and the rest of ``size`` after them; and its envelope must look like one.
    """
    view = memoryview(cache)
    end = _record_end(view, offset)
    if end is None:
        return None
    record = view[offset:end]
    envelope, section = _item(record, ENVELOPE), _item(record, SECTION)
    if len(section) < _SIZES.size or (bytes(envelope[:1]), bytes(envelope[-1:])) != (b"(", b")"):
        return None
    wanted = (0, header_size, header_size, (size - header_size) & 0xFFFFFFFF)
    return record if _SIZES.unpack_from(section) == wanted else None


def parse_cache_envelope(record: memoryview | bytes) -> CachedEnvelope:
    """The envelope of one cache record.

    Raises:
        FormatError: not the ten items of an envelope.
    """
    size = int.from_bytes(bytes(record[:4]), "big")
    return parse_envelope(bytes(record[4 : 4 + min(size, 1 + _LONGEST_HEADERS)]))


def cached_structure(record: memoryview | bytes) -> bytes:
    """The body structure (RFC 3501, 7.4.2) of a whole record, as text; cut after a MiB."""
    return bytes(_item(memoryview(record), STRUCTURE)[:_LONGEST_STRUCTURE])


def parse_cache_headers(record: memoryview | bytes) -> tuple[tuple[str, bytes], ...]:
    """The header fields that the record keeps whole: name in lower case, value as it was.

    Which fields those are depends on the cache's version; those of the envelope, most
    ``X-`` fields and from 3.0 on many others are not among them.

    Raises:
        TruncatedFile: the record ends before them.
        FormatError: more than a MiB.
    """
    view = memoryview(record)
    if _record_end(view, 0, first=0) is None:
        raise TruncatedFile("a cache record is cut", offset=len(view))
    block = _item(view, HEADERS)
    if len(block) > _LONGEST_HEADERS:
        raise FormatError("cached headers too long", found=f"{len(block)} octets")
    fields = (field.partition(b":") for field in _FIELD_END.split(bytes(block)))
    return tuple(
        (name.strip().lower().decode("ascii", "replace"), value.strip())
        for name, colon, value in fields
        if colon
    )


def _record_end(view: memoryview, offset: int, *, first: int = _GENERATION_SIZE) -> int | None:
    if offset < first:
        return None
    at, last = offset, len(view) - _LENGTH.size
    for _ in range(ITEM_COUNT):
        if at > last:
            return None
        (size,) = _LENGTH.unpack_from(view, at)
        at += (size + 7) & ~3  # its own four octets, and padding
    return at if at <= len(view) and at - offset <= _LONGEST_RECORD else None


def _item(record: memoryview, number: int) -> memoryview:
    """One item of a record whose items were seen to lie inside it."""
    at = 0
    for _ in range(number):
        (size,) = _LENGTH.unpack_from(record, at)
        at += (size + 7) & ~3
    (size,) = _LENGTH.unpack_from(record, at)
    return record[at + 4 : at + 4 + size]
