"""skiplist, the database of Cyrus 2.2 to 2.4: where the records of a file stand.

A header, then records in the order of keys as they were when the file was last rewritten,
then a log of what was added and deleted since, each transaction closed by a commit. Read
from its top without its pointers, a file is valid even after a crash.

Source: lib/cyrusdb_skiplist.c; seen on 2.4.20 and 2.4.22.
"""

from __future__ import annotations

import struct
from array import array
from typing import Final

from respool.cyrus.database_file import ENTRY_LIMIT, Located, Octets
from respool.cyrus.record_log import RECORD_LIMIT, RecordLog
from respool.errors import FormatError, TruncatedFile

MAGIC: Final = b"\xa1\x02\x8b\x0dskiplist file\0\0\0"

_HEADER: Final = struct.Struct(">20s7I")
_WORD: Final = struct.Struct(">I")
_PAIR: Final = struct.Struct(">II")
_VERSION: Final = 1
_INORDER, _ADD, _DELETE, _COMMIT, _DUMMY = 1, 2, 4, 255, 257
_POINTERS_END: Final = 0xFFFFFFFF
_POINTER_LIMIT: Final = 64  # a server writes 20 at most


def parse_skiplist(octets: Octets) -> Located:
    """Where the records stand that count, in the order of writing.

    Raises:
        TruncatedFile: not even the header is there.
        FormatError: no skiplist file, one of another version, or too large a one.
    """
    _check_header(octets)
    log = RecordLog()
    pending: array[int] = array("Q")
    at, commits = _HEADER.size, 0
    while at < len(octets):
        record = _record(octets, at)
        if record is None:
            text = f"it is cut or damaged at octet {at} of {len(octets)}"
            return Located(offsets=log.surviving(), losses=(text,))
        kind, end = record
        if kind == _COMMIT:
            commits += 1
            if commits > RECORD_LIMIT:
                raise FormatError(f"a database with more than {RECORD_LIMIT} transactions")
            _apply(octets, log, pending)
            pending = array("Q")
        elif kind == _INORDER:
            log.add(at, _key(octets, at), mark=at)
        elif kind != _DUMMY:
            if len(pending) >= RECORD_LIMIT:
                raise FormatError(f"a database with more than {RECORD_LIMIT} records at once")
            pending.append(at)
        at = end
    text = "it was being written; what was not committed is left out"
    return Located(offsets=log.surviving(), notes=(text,) if pending else ())


def skiplist_entry(octets: Octets, offset: int) -> tuple[bytes, bytes]:
    """Key and value of the record at an offset that `parse_skiplist` gave."""
    key = _key(octets, offset)
    at = offset + 8 + _rounded(len(key))
    (size,) = _WORD.unpack_from(octets, at)
    return key, octets[at + 4 : at + 4 + size]


def _check_header(octets: Octets) -> None:
    if len(octets) < _HEADER.size:
        raise TruncatedFile(
            "a skiplist file ends in its header",
            offset=len(octets),
            expected=f"{_HEADER.size} octets",
            found=f"{len(octets)}",
        )
    magic, version, *_ = _HEADER.unpack_from(octets)
    if magic != MAGIC:
        raise FormatError("not a skiplist file", expected="its magic", found=repr(magic))
    if version != _VERSION:
        raise FormatError("a skiplist file of another version", found=str(version))


def _apply(octets: Octets, log: RecordLog, transaction: array[int]) -> None:
    for at in transaction:
        kind, second = _PAIR.unpack_from(octets, at)
        if kind == _DELETE:
            log.delete(second)
        else:
            log.add(at, _key(octets, at), mark=at)


def _record(octets: Octets, at: int) -> tuple[int, int] | None:
    """Type and end of the record at an offset; None where no whole one is."""
    if at + 4 > len(octets):
        return None
    (kind,) = _WORD.unpack_from(octets, at)
    if kind == _COMMIT:
        return kind, at + 4
    if kind == _DELETE:
        return (kind, at + 8) if at + 8 <= len(octets) else None
    if kind not in {_INORDER, _ADD, _DUMMY}:
        return None
    end = _end_of_entry(octets, at)
    return None if end is None else (kind, end)


def _end_of_entry(octets: Octets, at: int) -> int | None:
    end = at + 4
    for _ in range(2):  # the key, the value: each its size, then its octets
        if end + 4 > len(octets):
            return None
        (size,) = _WORD.unpack_from(octets, end)
        end += 4 + _rounded(size)
        if size > ENTRY_LIMIT or end > len(octets):
            return None
    for _ in range(_POINTER_LIMIT):
        if end + 4 > len(octets):
            return None
        (pointer,) = _WORD.unpack_from(octets, end)
        end += 4
        if pointer == _POINTERS_END:
            return end
    return None


def _key(octets: Octets, at: int) -> bytes:
    (size,) = _WORD.unpack_from(octets, at + 4)
    return octets[at + 8 : at + 8 + size]


def _rounded(size: int) -> int:
    return (size + 3) // 4 * 4
