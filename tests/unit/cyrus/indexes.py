"""Hypothesis strategies for index values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from respool.cyrus.index import IndexHeader
from respool.cyrus.index_layouts import HEADER_TIMES, layout_of
from respool.model.inventory import RECORD, RECORD_TIMES, Rows

U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)
OWN = {"minor", "start_offset", "record_size", "num_records", "header_crc"}
DERIVED = {"uid", "record_crc", "cache_offset", "cache_version", "system_flags", "header_size"}


@st.composite
def headers(draw: st.DrawFn, version: int) -> IndexHeader:
    """A header with every field that the version has."""
    header = IndexHeader()
    nanoseconds: dict[str, int] = {}
    for name, _, width in layout_of(version).header_fields:
        if name in OWN:
            continue
        if name in HEADER_TIMES and width == 8:
            seconds, rest = divmod(draw(I64), 10**9)
            header = replace(header, **{name: seconds})  # type: ignore[arg-type]
            nanoseconds |= {name: rest} if rest else {}
        else:
            value = draw(U64 if width == 8 else U32)
            header = replace(header, **{name: value})  # type: ignore[arg-type]
    return replace(header, nanoseconds=nanoseconds)


@st.composite
def record_rows(draw: st.DrawFn, version: int) -> Rows:
    """Up to eight records in ascending UID order, each with every field of the version."""
    uids = sorted(draw(st.sets(st.integers(1, 2**31 - 1), max_size=8)))
    rows: Rows = np.zeros(len(uids), dtype=RECORD)
    rows["uid"] = uids
    high = 0 if version == 12 else 0xFFFF
    flags = 0xFFFFFFFF if version >= 12 else 0xFC00000F
    for row in rows:
        for name, _, width in layout_of(version).record_fields:
            if name in {"guid", "message_uuid"}:
                size = width - 1
                row[name] = np.void(draw(st.binary(min_size=size, max_size=size)) + b"\1")
            elif name in RECORD_TIMES and width == 8:
                row[name], row["nanoseconds"][RECORD_TIMES.index(name)] = divmod(draw(I64), 10**9)
            elif name == "user_flags":
                row[name] = draw(st.lists(U32, min_size=4, max_size=4))
            elif name not in DERIVED:
                row[name] = draw(U64 if width == 8 else U32)
        row["system_flags"] = draw(U32) & flags
        row["header_size"] = min(draw(U32), int(row["size"]))
        row["cache_offset"] = draw(st.integers(0, (high << 32) | 0xFFFFFFFF))
        row["cache_version"] = draw(st.integers(0, 0xFFFF))
    return rows


def some_rows(count: int) -> Rows:
    """Records of UIDs 1 to ``count`` that differ from each other."""
    rows: Rows = np.zeros(count, dtype=RECORD)
    rows["uid"] = np.arange(1, count + 1)
    rows["size"] = 100 + rows["uid"]
    rows["internaldate"] = 1_700_000_000
    return rows
