"""Octets with their checksums put right, so that what is behind the checksums is tried, too."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from respool.cyrus.index_layouts import HEADER_CRC, LAYOUTS, RECORD_CRC
from respool.errors import FormatError

_TWOSKIP_HEADER: Final = 64


def with_right_index_crcs(octets: bytes) -> bytes:
    """An index of a known version whose header and records hold what their CRCs say."""
    layout = LAYOUTS.get(int.from_bytes(octets[8:12], "big"))
    if layout is None or not layout.has_crcs or len(octets) < layout.header_size:
        return octets
    sizes = int.from_bytes(octets[12:16], "big"), int.from_bytes(octets[16:20], "big")
    try:
        layout = layout.with_sizes(*sizes)
    except FormatError:
        return octets
    patched = bytearray(octets)
    _put_crc(patched, 0, layout.offset_in_header(HEADER_CRC))
    for start in range(layout.header_size, len(octets), layout.record_size):
        if start + layout.record_size <= len(octets):
            _put_crc(patched, start, layout.offset_in_record(RECORD_CRC))
    return bytes(patched)


def with_right_twoskip_crcs(octets: bytes) -> bytes:
    """A twoskip file whose header and records, as far as they follow each other, are sound."""
    if len(octets) < _TWOSKIP_HEADER:
        return octets
    patched = bytearray(octets)
    _put_crc(patched, 0, _TWOSKIP_HEADER - 4)
    start = _TWOSKIP_HEADER
    while start + 24 <= len(patched):
        level, key_size, value_size = struct.unpack_from(">xBHI", patched, start)
        head_end = start + 8 + 8 * (level + 1)
        end = head_end + 8 + (key_size + value_size + 7) // 8 * 8
        if 0xFFFF in {key_size, value_size >> 16} or end > len(patched):
            break
        view = memoryview(bytes(patched[start:end]))
        crcs = zlib.crc32(view[: head_end - start]), zlib.crc32(view[head_end + 8 - start :])
        struct.pack_into(">II", patched, head_end, *crcs)
        start = end
    return bytes(patched)


def _put_crc(octets: bytearray, start: int, at: int) -> None:
    crc = zlib.crc32(memoryview(octets)[start : start + at])
    octets[start + at : start + at + 4] = crc.to_bytes(4, "big")
