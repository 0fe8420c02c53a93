"""Hypothesis strategies for index values."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from hypothesis import strategies as st

from respool.cyrus.index import IndexHeader
from respool.cyrus.index_layouts import layout_of
from respool.model.inventory import RECORD, Rows

U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
KNOWN = {field.name for field in fields(IndexHeader)}
OWN = {"minor", "start_offset", "record_size", "num_records"}


@st.composite
def headers(draw: st.DrawFn, version: int) -> IndexHeader:
    """A header with every field that the version has."""
    layout = layout_of(version)
    values = {
        name: draw(U64 if width == 8 else U32)
        for name, _, width in layout.header_fields
        if name in KNOWN - OWN
    }
    return IndexHeader(**values)


@st.composite
def record_rows(draw: st.DrawFn, version: int) -> Rows:
    """Up to eight records in ascending UID order."""
    uids = sorted(draw(st.sets(st.integers(1, 2**31 - 1), max_size=8)))
    rows: Rows = np.zeros(len(uids), dtype=RECORD)
    rows["uid"] = uids
    high = 0 if version == 12 else 0xFFFF
    for row in rows:
        for name in ("internaldate", "sentdate", "gmtime", "size", "header_size", "cache_crc"):
            row[name] = draw(U32)
        row["system_flags"] = draw(U32)
        row["user_flags"] = draw(st.lists(U32, min_size=4, max_size=4))
        row["guid"] = np.void(draw(st.binary(min_size=20, max_size=20)))
        row["modseq"] = draw(U64)
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
