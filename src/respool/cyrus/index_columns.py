"""Records of a ``cyrus.index`` as RECORD rows, and back, through the table of their version.

What a version does not have is zero in RECORD, and left out when written.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.index_layouts import RECORD_CRC, IndexLayout, record_dtype
from respool.model.inventory import RECORD, RECORD_TIMES, Rows

# What is read and converted at once: few enough to stay in a CPU's cache.
CHUNK_RECORDS: Final = 4096
_CHUNK_OCTETS: Final = 1 << 19
SEEN_BIT: Final = 1 << 4
NANOSECONDS: Final = 1_000_000_000
_NOT_COPIED: Final = frozenset({RECORD_CRC, "cache_offset", "cache_version"})
_ID_OCTETS: Final = 12


class Octets(Protocol):
    """A file's octets, of which a part at a time is asked for: ``bytes``, or a file opened."""

    def __len__(self) -> int:
        """How many there are."""

    def __getitem__(self, part: slice, /) -> bytes | memoryview:
        """Those of ``part``."""


def chunks_of(
    octets: Octets, layout: IndexLayout, count: int
) -> Iterator[tuple[int, memoryview, Rows]]:
    """The first ``count`` records of a file, some thousand at a time.

    The number of the first of them, their octets, and these as on-disk rows.
    """
    size = layout.record_size
    many = max(1, min(CHUNK_RECORDS, _CHUNK_OCTETS // size))
    for first in range(0, count, many):
        rows = min(many, count - first)
        at = layout.header_size + first * size
        body = memoryview(octets[at : at + rows * size]).cast("B")
        yield first, body, np.frombuffer(body, dtype=record_dtype(layout), count=rows)


def to_columns(
    octets: Octets,
    layout: IndexLayout,
    kept: NDArray[np.bool_],
    columns: np.dtype[np.void] = RECORD,
) -> Rows:
    """RECORD rows of the records that are ``kept``: a mask of all that are asked for.

    ``columns`` may be fewer of RECORD's: memory for the others is not taken.
    """
    rows: Rows = np.zeros(int(np.count_nonzero(kept)), dtype=columns)
    filled = 0
    for first, _, chunk in chunks_of(octets, layout, len(kept)):
        mask = kept[first : first + len(chunk)]
        found = chunk if mask.all() else chunk[mask]
        _read_columns(rows[filled : filled + len(found)], found, layout)
        filled += len(found)
    return rows


def rows_at(octets: Octets, layout: IndexLayout, numbers: NDArray[np.uint32]) -> Rows:
    """RECORD rows of the records with these numbers, which ascend; no others are kept."""
    rows: Rows = np.zeros(len(numbers), dtype=RECORD)
    size = layout.record_size
    many = max(1, min(CHUNK_RECORDS, _CHUNK_OCTETS // size))
    start = 0
    while start < len(numbers):
        first = int(numbers[start])
        end = int(np.searchsorted(numbers, first + many))
        at = layout.header_size + first * size
        body = octets[at : at + (int(numbers[end - 1]) + 1 - first) * size]
        chunk = np.frombuffer(body, dtype=record_dtype(layout))
        _read_columns(rows[start:end], chunk[numbers[start:end] - np.uint32(first)], layout)
        start = end
    return rows


def from_columns(records: Rows, layout: IndexLayout) -> Rows:
    """On-disk rows of RECORD rows, with CRCs where the version has them.

    Raises:
        OverflowError: a number that does not fit its field.
    """
    rows: Rows = np.zeros(len(records), dtype=record_dtype(layout))
    for name in layout.record_names:
        if name in RECORD_TIMES:
            rows[name] = _time_on_disk(records, name, layout)
        elif name not in _NOT_COPIED:
            column = records[name]
            if column.dtype.kind == "u" and column.ndim == 1:
                _check_fits(column, rows.dtype[name].itemsize, name)
            rows[name] = column
    if "guid" in layout.record_names:
        rows["guid"] = _with_old_ids(records)
    if not layout.has_crcs:
        rows["system_flags"] &= ~np.uint32(SEEN_BIT)
    offsets = records["cache_offset"]
    rows["cache_offset"] = offsets & np.uint64(0xFFFFFFFF)
    high = (offsets >> np.uint64(32)).astype("u4") << np.uint32(16)
    rows["cache_version"] = records["cache_version"].astype("u4") | high
    if layout.has_crcs:
        many, octets = CHUNK_RECORDS, memoryview(rows.tobytes())
        for start in range(0, len(rows), many):
            part = octets[start * layout.record_size : (start + many) * layout.record_size]
            rows[RECORD_CRC][start : start + many] = record_crcs(part, layout)
    return rows


def record_crcs(body: memoryview, layout: IndexLayout) -> NDArray[np.uint32]:
    """The CRCs that the records of ``body`` ought to have, which are a chunk.

    A record's CRC is over all octets of it before the field.
    """
    length, size = layout.offset_in_record(RECORD_CRC), layout.record_size
    count = len(body) // size
    octets: Rows = np.ndarray((count,), dtype=f"V{length}", buffer=body, strides=(size,))
    return np.fromiter(map(zlib.crc32, octets.tolist()), dtype=np.uint32, count=count)


def _read_columns(rows: Rows, raw: Rows, layout: IndexLayout) -> None:
    wanted = rows.dtype.names or ()
    for name in layout.record_names:
        if name not in wanted:
            continue
        if name in RECORD_TIMES and layout.has_nanoseconds:
            seconds, rest = np.divmod(raw[name].astype("i8"), NANOSECONDS)
            rows[name] = seconds
            if "nanoseconds" in wanted:
                rows["nanoseconds"][:, RECORD_TIMES.index(name)] = rest
        elif name not in _NOT_COPIED:
            rows[name] = raw[name]
    if not layout.has_crcs and "system_flags" in wanted:
        rows["system_flags"] &= ~np.uint32(SEEN_BIT)
    if "guid" in layout.record_names and "guid" in wanted:
        _part_old_ids(rows)
    if "cache_offset" not in wanted:
        return
    # From 3.0 on the cache offset has 48 bits, 16 of them with the version.
    version = raw["cache_version"].astype("u4")
    rows["cache_offset"] = raw["cache_offset"].astype("u8") | (
        (version >> np.uint32(16)).astype("u8") << np.uint64(32)
    )
    rows["cache_version"] = version & np.uint32(0xFFFF)


def _part_old_ids(rows: Rows) -> None:
    """Make a ``message_uuid`` of each guid that is one: 12 octets, and eight zeros.

    2.3.10 kept the ids of earlier 2.3 that way, and 2.5 and later carry them on; no server
    takes them for a hash (imap/upgrade_index.c @2.4.22, ``upgrade_index_record``).
    """
    octets = np.frombuffer(rows["guid"].tobytes(), dtype=np.uint8).reshape(-1, 20)
    is_old = ~octets[:, _ID_OCTETS:].any(axis=1)
    is_old &= octets[:, :_ID_OCTETS].any(axis=1)
    if is_old.any():
        if "message_uuid" in (rows.dtype.names or ()):
            ids = np.ascontiguousarray(octets[is_old, :_ID_OCTETS])
            rows["message_uuid"][is_old] = ids.view(f"V{_ID_OCTETS}").reshape(-1)
        rows["guid"][is_old] = np.void(bytes(20))


def _with_old_ids(records: Rows) -> Rows:
    """The guids of ``records``, an id of 12 octets where there is that instead."""
    guids: Rows = records["guid"].copy()
    octets = np.frombuffer(records["message_uuid"].tobytes(), dtype=np.uint8)
    octets = octets.reshape(-1, _ID_OCTETS)
    for at in np.flatnonzero(octets.any(axis=1)):
        if not any(guids[at].tobytes()):
            guids[at] = np.void(octets[at].tobytes() + bytes(20 - _ID_OCTETS))
    return guids


def _time_on_disk(records: Rows, name: str, layout: IndexLayout) -> NDArray[np.int64]:
    seconds: NDArray[np.int64] = records[name]
    if not layout.has_nanoseconds:
        _check_fits(seconds, layout.width_in_record(name), name)
        return seconds
    rest = records["nanoseconds"][:, RECORD_TIMES.index(name)]
    exact: NDArray[np.int64] = seconds * NANOSECONDS + rest
    if not np.array_equal(exact // NANOSECONDS, seconds):
        raise OverflowError(f"{name} does not fit the nanoseconds of a cyrus.index record")
    return exact


def _check_fits(column: NDArray[np.integer], width: int, name: str) -> None:
    if len(column) and (int(column.min()) < 0 or int(column.max()) >= 1 << (8 * width)):
        raise OverflowError(f"{name} does not fit {width} octets of a cyrus.index record")
