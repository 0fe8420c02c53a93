"""Header and records of an index field by field, as they stand on disk, for experts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from respool.cyrus.index import IndexHeader, header_row
from respool.cyrus.index_columns import CHUNK_RECORDS, from_columns
from respool.cyrus.index_layouts import IndexLayout, layout_of
from respool.model.inventory import Rows

RawValue = int | str | tuple[int, ...]


def raw_header(header: IndexHeader) -> Mapping[str, int]:
    """Every field of a header that was read, by name, in the order of its version's table.

    Times are seconds, in version 20 nanoseconds; the CRC is the one that it ought to have.
    """
    layout = layout_of(header.minor).with_sizes(header.start_offset, header.record_size)
    row = header_row(header, layout, header.num_records)
    return {name: int(row[name]) for name in layout.header_names}


def raw_records(records: Rows, version: int) -> Iterator[Mapping[str, RawValue]]:
    """Every field of each of ``records``, by name, in the order of the table of ``version``.

    ``user_flags`` are four words, ids of messages are hexadecimal, the rest are numbers: times
    in seconds, in version 20 in nanoseconds; flags as bits (`internal_flag_names` names them);
    ``cache_version`` with the upper bits of the cache offset; the CRC that it ought to have.

    Raises:
        UnknownIndexVersion: no table for ``version``.
        OverflowError: records that are not of that version.
    """
    layout = layout_of(version)
    for start in range(0, len(records), CHUNK_RECORDS):
        for row in from_columns(records[start : start + CHUNK_RECORDS], layout):
            yield _fields(row, layout)


def _fields(row: Any, layout: IndexLayout) -> Mapping[str, RawValue]:  # noqa: ANN401 - a NumPy row
    return {name: _value(row[name]) for name in layout.record_names}


def _value(value: Any) -> RawValue:  # noqa: ANN401 - as above
    if value.dtype.kind == "V":
        return str(value.tobytes().hex())
    return tuple(value.tolist()) if value.ndim else int(value)
