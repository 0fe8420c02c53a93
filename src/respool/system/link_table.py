"""Hashes of files that have several names, shared by processes, so that each is read once."""

from __future__ import annotations

import mmap
import struct
import zlib
from typing import Final

_SLOT: Final = struct.Struct("=QQ20sI")  # inode, device, SHA-1, CRC-32 of these
_KEY: Final = struct.Struct("=QQ")
_BODY_OCTETS: Final = _SLOT.size - 4
_FEWEST: Final = 1 << 10
_MOST: Final = 1 << 21
_TRIES: Final = 16
_MIX: Final = 0x9E3779B97F4A7C15
_WORD: Final = (1 << 64) - 1


class LinkTable:
    """SHA-1 by device and inode, in memory that forked processes share. Of bounded size.

    Where it is full it forgets: then a file is read again. Two processes may write into
    the same slot at once, so each slot has a checksum, and one that does not agree is
    as good as empty.
    """

    def __init__(self, file_count: int) -> None:
        """For about ``file_count`` files."""
        wanted = min(max(file_count * 2, _FEWEST), _MOST)
        self._slots = 1 << (wanted - 1).bit_length()
        self._memory = mmap.mmap(-1, self._slots * _SLOT.size)

    def find(self, device: int, inode: int) -> bytes | None:
        """The 20 octets that were put for this file, or None."""
        key = _KEY.pack(inode, device)
        for at in self._places(device, inode):
            slot = self._memory[at : at + _SLOT.size]
            if slot.startswith(key):
                *_, digest, crc = _SLOT.unpack(slot)
                return digest if crc == zlib.crc32(slot[:_BODY_OCTETS]) else None
            if not any(slot):
                return None
        return None

    def put(self, device: int, inode: int, digest: bytes) -> None:
        """Keep the hash of a file, where there is room."""
        key = _KEY.pack(inode, device)
        for at in self._places(device, inode):
            slot = self._memory[at : at + _SLOT.size]
            if not any(slot) or slot.startswith(key):
                crc = zlib.crc32(key + digest)
                self._memory[at : at + _SLOT.size] = _SLOT.pack(inode, device, digest, crc)
                return

    def _places(self, device: int, inode: int) -> range:
        at = (((inode * _MIX ^ device) & _WORD) >> 20) % (self._slots - _TRIES)
        return range(at * _SLOT.size, (at + _TRIES) * _SLOT.size, _SLOT.size)
