"""Databases as servers write them, made octet by octet: twoskip and skiplist.

The twoskip one follows lib/cyrusdb_twoskip.c (``store_here``, ``delete_here``, ``stitch``,
``_setloc``, ``mycommit``) with all records of level 1, so that its chain is the server's.
"""

from __future__ import annotations

import struct
import zlib

from respool.cyrus import skiplist, twoskip

DUMMY_AT = 64
LEVELS = 31


class TwoskipBuilder:
    """A twoskip file; ``octets`` is what would lie on disk now."""

    def __init__(self) -> None:
        self.octets = bytearray(64)
        self.committed = 0
        self.count = 0
        self.is_dirty = False
        self._offsets: dict[bytes, int] = {}
        self._append(b"=", LEVELS, b"", b"", [0] * (LEVELS + 1))
        self._close(generation=1)

    def store(self, key: bytes, value: bytes) -> None:
        """Add a record, or another value of its key."""
        self.is_dirty = True
        before = self._before(key)
        old = self._offsets.get(key)
        self.count += old is None
        following = self._next(before if old is None else old)
        at = self._append(b"+", 1, key, value, [0, following])
        self._offsets[key] = at
        self._set_next(before, at)
        self._header()

    def delete(self, key: bytes) -> None:
        """Delete a record that is there."""
        self.is_dirty = True
        before, gone = self._before(key), self._offsets.pop(key)
        self.count -= 1
        following = self._next(gone)
        if following and self.octets[following : following + 1] == b"-":
            following = self._pointers(following)[0]
        at = self._append(b"-", 0, b"", b"", [following])
        self._set_next(before, at)
        self._header()

    def blank(self) -> None:
        """Eight octets of padding, as later versions put between records."""
        self.octets += b" BLANK\x07\xa0"

    def commit(self) -> int:
        """End the transaction; the size of the file after it."""
        self._append(b"$", 0, b"", b"", [self.committed])
        self._close()
        return len(self.octets)

    def _close(self, generation: int = 1) -> None:
        self.committed, self.is_dirty = len(self.octets), False
        self._header(generation)

    def _header(self, generation: int = 1) -> None:
        size = self.committed
        head = struct.pack(
            ">20sIQQQQI", twoskip.MAGIC, 1, generation, self.count, 0, size, int(self.is_dirty)
        )
        self.octets[:64] = head + struct.pack(">I", zlib.crc32(head))

    def _append(
        self, kind: bytes, level: int, key: bytes, value: bytes, pointers: list[int]
    ) -> int:
        at = len(self.octets)
        tail = key + value + bytes(-(len(key) + len(value)) % 8)
        long_key = struct.pack(">Q", len(key)) if len(key) >= 0xFFFF else b""
        head = kind + bytes((level,)) + struct.pack(">HI", min(len(key), 0xFFFF), len(value))
        head += long_key + struct.pack(f">{len(pointers)}Q", *pointers)
        self.octets += head + struct.pack(">II", zlib.crc32(head), zlib.crc32(tail)) + tail
        return at

    def _before(self, key: bytes) -> int:
        lower = [each for each in self._offsets if each < key]
        return self._offsets[max(lower)] if lower else DUMMY_AT

    def _pointers(self, at: int) -> list[int]:
        count = min(self.octets[at + 1], 1) + 1
        return list(struct.unpack_from(f">{count}Q", self.octets, self._pointers_at(at)))

    def _pointers_at(self, at: int) -> int:
        return at + (16 if self.octets[at + 2 : at + 4] == b"\xff\xff" else 8)

    def _next(self, at: int) -> int:
        return max(self._pointers(at))

    def _set_next(self, at: int, following: int) -> None:
        first, second = self._pointers(at)
        if first >= self.committed:
            slot = 0
        elif second >= self.committed:
            slot = 1
        else:
            slot = 0 if second > first else 1
        start = self._pointers_at(at)
        struct.pack_into(">Q", self.octets, start + 8 * slot, following)
        end = start + 8 * (self.octets[at + 1] + 1)
        struct.pack_into(">I", self.octets, end, zlib.crc32(self.octets[at:end]))


class SkiplistBuilder:
    """A skiplist file; pointers are of no use to a reader from the top and all 0."""

    def __init__(self, in_order: dict[bytes, bytes] | None = None) -> None:
        self.octets = bytearray(struct.pack(">20s7I", skiplist.MAGIC, 1, 2, 20, 1, 0, 0, 0))
        self.octets += struct.pack(">III", 257, 0, 0) + bytes(80) + b"\xff\xff\xff\xff"
        self._offsets: dict[bytes, int] = {}
        for key, value in sorted((in_order or {}).items()):
            self._entry(1, key, value)

    def store(self, key: bytes, value: bytes) -> None:
        """Add a record; as a server does, a key that is there is deleted before."""
        if key in self._offsets:
            self.delete(key)
        self._entry(2, key, value)

    def delete(self, key: bytes) -> None:
        """Delete a record that is there."""
        self.octets += struct.pack(">II", 4, self._offsets.pop(key))

    def commit(self) -> int:
        """End the transaction; the size of the file after it."""
        self.octets += struct.pack(">I", 255)
        return len(self.octets)

    def _entry(self, kind: int, key: bytes, value: bytes) -> None:
        self._offsets[key] = len(self.octets)
        self.octets += struct.pack(">I", kind)
        for part in (key, value):
            self.octets += struct.pack(">I", len(part)) + part + bytes(-len(part) % 4)
        self.octets += struct.pack(">II", 0, 0xFFFFFFFF)
