"""The records of a zip file: octets of each, and the values of those that are read back.

All names are UTF-8 and marked so, all times are UTC: in the record's own two-second date, and
to the second in an extended timestamp. Sizes and offsets above 4 GiB stand in ZIP64 fields.

Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory),
4.3.14 to 4.3.16 (its end, ZIP64), 4.4.4 (flag 11: UTF-8), 4.5.3 (ZIP64 extra field);
Info-ZIP, extrafld.txt ("UT" extended timestamp; external attributes of Unix).
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Final

from respool.errors import FormatError
from respool.model.dataclasses import dataclass

STORED: Final = 0
DEFLATED: Final = 8

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_LOCAL_MARK: Final = b"PK\3\4"
_CENTRAL_MARK: Final = b"PK\1\2"
_END_MARK: Final = b"PK\5\6"
_END_64_MARK: Final = b"PK\6\6"
_LOCATOR_MARK: Final = b"PK\6\7"
_ZIP64: Final = 0x0001
_TIMESTAMP: Final = 0x5455
_UTF_8: Final = 1 << 11
_VERSION: Final = 20
_VERSION_64: Final = 45
_UNIX: Final = 3 << 8
_FILE_MODE: Final = 0o100600 << 16
_DIRECTORY_MODE: Final = 0o040700 << 16 | 0x10
_MOST_16: Final = 0xFFFF
_MOST_32: Final = 0xFFFFFFFF
_MOST_TIME: Final = 0x7FFFFFFF
_FIRST_YEAR: Final = 1980
_LAST_YEAR: Final = 2107

LOCAL_OCTETS: Final = _LOCAL.size
CENTRAL_OCTETS: Final = _CENTRAL.size
END_OCTETS: Final = _END.size + _LOCATOR.size + _END_64.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member; ``modified_at`` counts seconds since 1970, UTC. A directory ends with ``/``."""

    name: str
    modified_at: int
    method: int
    crc: int
    stored_bytes: int
    size_bytes: int
    offset: int

    @property
    def is_large(self) -> bool:
        """Whether its own sizes need ZIP64."""
        return max(self.stored_bytes, self.size_bytes) >= _MOST_32


def local_header(member: Member, *, is_large: bool) -> bytes:
    """What stands before the octets; of the same length whatever CRC and sizes will be.

    ``is_large``: room is made for sizes of 64 bits.
    """
    name = member.name.encode("utf-8")
    extra = _timestamp(member.modified_at)
    stored, size = member.stored_bytes, member.size_bytes
    if is_large:
        extra = struct.pack("<2H2Q", _ZIP64, 16, size, stored) + extra
        stored = size = _MOST_32
    return (
        _LOCAL.pack(
            _LOCAL_MARK,
            _VERSION_64 if is_large else _VERSION,
            _UTF_8,
            member.method,
            *_dos_time(member.modified_at),
            member.crc,
            stored,
            size,
            len(name),
            len(extra),
        )
        + name
        + extra
    )


def central_record(member: Member) -> bytes:
    """What the directory at the end says of a member."""
    name = member.name.encode("utf-8")
    large: list[int] = []
    shown: list[int] = []
    for number in (member.size_bytes, member.stored_bytes, member.offset):
        is_large = number >= _MOST_32
        shown.append(_MOST_32 if is_large else number)
        large += [number] if is_large else []
    extra = _timestamp(member.modified_at)
    if large:
        extra = struct.pack(f"<2H{len(large)}Q", _ZIP64, 8 * len(large), *large) + extra
    version = _VERSION_64 if large else _VERSION
    size, stored, offset = shown
    mode = _DIRECTORY_MODE if member.name.endswith("/") else _FILE_MODE
    return (
        _CENTRAL.pack(
            _CENTRAL_MARK,
            _UNIX | version,
            version,
            _UTF_8,
            member.method,
            *_dos_time(member.modified_at),
            member.crc,
            stored,
            size,
            len(name),
            len(extra),
            0,
            0,
            0,
            mode,
            offset,
        )
        + name
        + extra
    )


def end_records(*, members: int, offset: int, size_bytes: int) -> bytes:
    """What follows a directory of so many members and octets that begins at ``offset``."""
    large = b""
    if members >= _MOST_16 or offset >= _MOST_32 or size_bytes >= _MOST_32:
        large = _END_64.pack(
            *(_END_64_MARK, _END_64.size - 12, _UNIX | _VERSION_64, _VERSION_64, 0, 0),
            *(members, members, size_bytes, offset),
        ) + _LOCATOR.pack(_LOCATOR_MARK, 0, offset + size_bytes, 1)
    count = min(members, _MOST_16)
    return large + _END.pack(
        *(_END_MARK, 0, 0, count, count),
        *(min(size_bytes, _MOST_32), min(offset, _MOST_32), 0),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Where the directory of a zip begins, and what it says of itself."""

    members: int
    offset: int
    size_bytes: int


def parse_end(tail: bytes, file_octets: int) -> Directory:
    """The end of a zip without a comment; ``tail`` are its last END_OCTETS, or all there are.

    Raises:
        FormatError: it is none.
    """
    if len(tail) < _END.size or tail[-_END.size :][:4] != _END_MARK:
        raise FormatError("the zip has no end")
    _, _, _, _, members, size, offset, _ = _END.unpack(tail[-_END.size :])
    end = file_octets - _END.size
    if len(tail) == END_OCTETS and tail[_END_64.size :][:4] == _LOCATOR_MARK:
        if tail[:4] != _END_64_MARK:
            raise FormatError("the zip has no ZIP64 end where it says")
        _, _, _, _, _, _, _, members, size, offset = _END_64.unpack(tail[: _END_64.size])
        end = file_octets - END_OCTETS
    if offset + size != end:
        raise FormatError("the zip's directory does not reach to its end")
    return Directory(members=members, offset=offset, size_bytes=size)


def central_lengths(fixed: bytes) -> int:
    """How many octets follow the first CENTRAL_OCTETS of a record of the directory.

    Raises:
        FormatError: it is none.
    """
    if len(fixed) != _CENTRAL.size or not fixed.startswith(_CENTRAL_MARK):
        raise FormatError("no record of a zip's directory")
    fields = _CENTRAL.unpack(fixed)
    return int(fields[10] + fields[11] + fields[12])


def parse_central(record: bytes) -> Member:
    """A record of the directory, whole.

    Raises:
        FormatError: it is none.
    """
    fields = _CENTRAL.unpack(record[: _CENTRAL.size])
    method, crc, stored, size = fields[4], fields[7], fields[8], fields[9]
    name_octets, extra_octets, offset = fields[10], fields[11], fields[16]
    name = record[_CENTRAL.size :][:name_octets]
    extra = _extra_fields(record[_CENTRAL.size + name_octets :][:extra_octets])
    octets = extra.get(_ZIP64, b"")
    large = list(struct.iter_unpack("<Q", octets[: len(octets) // 8 * 8]))
    values = [
        large.pop(0)[0] if number == _MOST_32 and large else number
        for number in (size, stored, offset)
    ]
    stamp = extra.get(_TIMESTAMP, b"")
    try:
        return Member(
            name=name.decode("utf-8"),
            modified_at=struct.unpack("<l", stamp[1:5])[0]
            if len(stamp) >= 5
            else _of_dos_time(fields[5], fields[6]),
            method=method,
            crc=crc,
            size_bytes=values[0],
            stored_bytes=values[1],
            offset=values[2],
        )
    except ValueError as error:
        raise FormatError(f"a record of a zip's directory: {error}") from error


def octets_at(local: bytes, offset: int) -> int:
    """Where the octets of a member begin, by the first LOCAL_OCTETS of its local header.

    Raises:
        FormatError: no local header stands there.
    """
    if len(local) != _LOCAL.size or not local.startswith(_LOCAL_MARK):
        raise FormatError("no member of the zip where its directory says", offset=offset)
    *_, name_octets, extra_octets = _LOCAL.unpack(local)
    return offset + _LOCAL.size + int(name_octets) + int(extra_octets)


def _extra_fields(octets: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while len(octets) >= 4:
        kind, length = struct.unpack("<2H", octets[:4])
        found[kind] = octets[4 : 4 + length]
        octets = octets[4 + length :]
    return found


def _timestamp(modified_at: int) -> bytes:
    if not 0 <= modified_at <= _MOST_TIME:
        return b""
    return struct.pack("<2HBl", _TIMESTAMP, 5, 1, modified_at)


def _dos_time(modified_at: int) -> tuple[int, int]:
    """Time and date of two-second steps, from 1980 to 2107."""
    at = datetime.fromtimestamp(modified_at, UTC)
    if at.year < _FIRST_YEAR:
        return 0, 1 << 5 | 1
    if at.year > _LAST_YEAR:
        return 23 << 11 | 59 << 5 | 29, (_LAST_YEAR - _FIRST_YEAR) << 9 | 12 << 5 | 31
    time = at.hour << 11 | at.minute << 5 | at.second // 2
    return time, (at.year - _FIRST_YEAR) << 9 | at.month << 5 | at.day


def _of_dos_time(time: int, date: int) -> int:
    at = datetime(
        (date >> 9) + _FIRST_YEAR,
        date >> 5 & 15,
        date & 31,
        time >> 11,
        time >> 5 & 63,
        (time & 31) * 2,
        tzinfo=UTC,
    )
    return int(at.timestamp())
