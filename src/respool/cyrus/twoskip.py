"""twoskip, the database of Cyrus 2.5 and later: where the records of a file stand.

64 octets of header, then records that are only ever appended; a chain of offsets runs
through them in the order of keys. Each record has two pointers to the next: the newest one
that lies within the committed size is meant, so a file that is being written reads as it
was before. A file whose chain is broken is read from its top, as far as it was committed.

Source: lib/cyrusdb_twoskip.c; seen on 2.5.17 to 3.10.3.
"""

from __future__ import annotations

import re
import struct
import zlib
from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

from respool.cyrus.database_file import ENTRY_LIMIT, Located, Octets, lost
from respool.cyrus.record_log import RecordLog
from respool.errors import FormatError, TruncatedFile
from respool.model.dataclasses import dataclass

MAGIC: Final = b"\xa1\x02\x8b\x0dtwoskip file\0\0\0\0"

_HEADER: Final = struct.Struct(">20sIQQQQII")
_HEAD: Final = struct.Struct(">BBHI")
_LONG: Final = struct.Struct(">Q")
_CRCS: Final = struct.Struct(">II")
_DUMMY_AT: Final = _HEADER.size
_VERSION: Final = 1
_LEVEL_LIMIT: Final = 31
_CHAIN_LIMIT: Final = 1 << 22
_FAILURE_LIMIT: Final = 1 << 16  # starts of records that are none, before a file is given up
_IS_DIRTY: Final = 1
_START: Final = re.compile(rb"[=+$-][\x00-\x1f]")
_DUMMY, _RECORD, _DELETE, _COMMIT = b"=+-$"


class _Record(NamedTuple):
    """One record as it stands: ``start`` and ``end`` in the file, where its key begins."""

    kind: int
    start: int
    end: int
    key_at: int
    key_size: int
    value_size: int
    pointers: tuple[int, int]  # the second is 0 where there is but one

    def is_whole(self, octets: Octets) -> bool:
        """Whether key and value are what their CRC says."""
        (stored,) = struct.unpack_from(">I", octets, self.key_at - 4)
        return bool(stored == zlib.crc32(octets[self.key_at : self.end]))

    def next_within(self, size: int) -> int:
        """The newest next record of those below ``size``; 0 after the last."""
        former, latter = self.pointers
        if former >= size:
            return latter
        if latter >= size:
            return former
        return max(former, latter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """The header; sizes in octets."""

    record_count: int
    committed_size: int
    is_dirty: bool


def parse_twoskip(octets: Octets) -> Located:
    """Where the records stand that count.

    In the order of keys as the server sorts them; in that of writing where the chain is
    broken. A record that does not hold what its CRC says is left out.

    Raises:
        TruncatedFile: not even the header is there.
        FormatError: no twoskip file, or nothing in it can be read.
    """
    header = _header(octets)
    if header is None:
        return _salvaged(octets, "its header does not hold what its CRC says")
    if header.committed_size > len(octets):
        return _salvaged(octets, f"it ends at {len(octets)} of {header.committed_size} octets")
    found: array[int] = array("Q")
    damaged = 0
    try:
        for record in _chain(octets, header.committed_size):
            if record.is_whole(octets):
                found.append(record.start)
            else:
                damaged += 1
    except FormatError as error:
        return _salvaged(octets, f"its chain is broken at octet {error.offset}")
    return Located(
        offsets=found,
        notes=tuple(_oddities(header, len(found) + damaged, len(octets))),
        losses=lost(damaged, "records"),
    )


def twoskip_entry(octets: Octets, offset: int) -> tuple[bytes, bytes]:
    """Key and value of the record at an offset that `parse_twoskip` gave."""
    _, level, key_size, value_size, at = _sizes_at(octets, offset, len(octets))
    key_at = at + 8 * (level + 1) + _CRCS.size
    value_at = key_at + key_size
    return octets[key_at:value_at], octets[value_at : value_at + value_size]


def _oddities(header: _Header, count: int, size: int) -> Iterator[str]:
    """What is said of a file whose chain is whole."""
    if header.is_dirty or size > header.committed_size:
        yield "it was being written; what was not committed is left out"
    elif count != header.record_count:
        yield f"it says that it has {header.record_count} records; it has {count}"


def _header(octets: Octets) -> _Header | None:
    """The header, None if it is damaged."""
    if len(octets) < _HEADER.size:
        raise TruncatedFile(
            "a twoskip file ends in its header",
            offset=len(octets),
            expected=f"{_HEADER.size} octets",
            found=f"{len(octets)}",
        )
    magic, version, _, count, _, size, flags, crc = _HEADER.unpack_from(octets)
    if magic != MAGIC:
        raise FormatError("not a twoskip file", expected="its magic", found=repr(magic))
    if crc != zlib.crc32(octets[: _HEADER.size - 4]):
        return None
    if version > _VERSION:
        raise FormatError("a twoskip file of a later version", found=str(version))
    return _Header(record_count=count, committed_size=size, is_dirty=bool(flags & _IS_DIRTY))


def _chain(octets: Octets, size: int) -> Iterator[_Record]:
    """The records that count, along the chain.

    Raises:
        FormatError: it leads out of the file, to something else, or round in a circle.
    """
    record = _record_at(octets, _DUMMY_AT, size)
    if record.kind != _DUMMY:
        raise _broken(_DUMMY_AT, "no first record")
    left = size  # no chain is longer than the file that it runs through
    for _ in range(_CHAIN_LIMIT):
        at = record.next_within(size)
        if 0 < at < size and octets[at] == _DELETE:
            at = _record_at(octets, at, size).pointers[0]
        if not at:
            return
        record = _record_at(octets, at, size)
        left -= record.end - at
        if record.kind != _RECORD or left < 0:
            raise _broken(at, "something else")
        yield record
    raise _broken(record.start, "no end")


def _record_at(octets: Octets, start: int, size: int) -> _Record:
    """The record at an offset, its head checked against its CRC.

    Raises:
        FormatError: there is none.
    """
    kind, level, key_size, value_size, at = _sizes_at(octets, start, size)
    key_at = at + 8 * (level + 1) + _CRCS.size
    end = key_at + (key_size + value_size + 7) // 8 * 8
    if end > size or key_size + value_size > ENTRY_LIMIT:
        raise _broken(start, "it is longer than it can be")
    (crc,) = struct.unpack_from(">I", octets, key_at - 8)
    if crc != zlib.crc32(octets[start : key_at - 8]):
        raise _broken(start, "its head does not hold what its CRC says")
    pointers = struct.unpack_from(f">{min(level + 1, 2)}Q", octets, at)
    return _Record(
        kind, start, end, key_at, key_size, value_size, (pointers[0], (*pointers, 0)[1])
    )


def _sizes_at(octets: Octets, start: int, size: int) -> tuple[int, int, int, int, int]:
    """Kind, level, sizes of key and value of a record, and where its pointers begin."""
    if start < _DUMMY_AT or start + 24 > size:
        raise _broken(start, "outside the file")
    kind, level, key_size, value_size = _HEAD.unpack_from(octets, start)
    at = start + _HEAD.size
    if level > _LEVEL_LIMIT:
        raise _broken(start, "its level is impossible")
    if key_size == 0xFFFF:
        (key_size,) = _LONG.unpack_from(octets, at)
        at += 8
    if value_size == 0xFFFFFFFF and at + 8 <= size:
        (value_size,) = _LONG.unpack_from(octets, at)
        at += 8
    return kind, level, key_size, value_size, at


def _salvaged(octets: Octets, why: str) -> Located:
    """What the file holds from its top as far as it was committed, without its chain.

    The server drops a transaction with a damaged record in it; here all that stands whole
    is taken: a backup has no better copy of it.

    Raises:
        FormatError: no transaction in it is whole.
    """
    log = RecordLog()
    damaged = 0
    commits = (each.end for each in _all_in(octets, len(octets)) if each.kind == _COMMIT)
    end = max(commits, default=0)
    if not end:
        raise FormatError(f"no record of a twoskip file can be read: {why}")
    for record in _all_in(octets, end):
        if record.kind == _DELETE:
            log.delete(record.pointers[0], own=record.start)
        elif record.kind == _RECORD and record.is_whole(octets):
            key = octets[record.key_at : record.key_at + record.key_size]
            log.add(record.start, key, max(record.pointers))
        elif record.kind == _RECORD:
            damaged += 1
    text = f"{why}; it was read from its top, as far as it was committed"
    return Located(offsets=log.surviving(), losses=(text, *lost(damaged, "records")))


def _all_in(octets: Octets, end: int) -> Iterator[_Record]:
    """All records whose heads are sound, in the order of writing; what is none is passed over."""
    at, failures = _DUMMY_AT, 0
    while at + 24 <= end and failures < _FAILURE_LIMIT:
        try:
            record = _record_at(octets, at, end)
        except FormatError:
            at, failures = _next_start(octets, at + 8, end), failures + 1
            continue
        at = record.end
        yield record


def _next_start(octets: Octets, at: int, end: int) -> int:
    """The next offset, a multiple of 8, where a record could begin."""
    for match in _START.finditer(octets, at, end):
        if match.start() % 8 == 0:
            return match.start()
    return end


def _broken(offset: int, found: str) -> FormatError:
    return FormatError("a twoskip file is broken", offset=offset, expected="a record", found=found)
