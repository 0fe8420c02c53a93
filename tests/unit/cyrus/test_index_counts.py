"""Folders of very many messages: their counts, and how much memory joining them takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respool.cyrus.index import IndexHeader, parse_index, render_index
from respool.cyrus.index_counts import count_index
from respool.cyrus.index_layouts import layout_of
from respool.cyrus.mailbox import MailboxFiles, join_mailbox
from respool.model.inventory import COUNTED, EXPUNGED, FILE, RECORD, UNLINKED
from respool.model.many_findings import SINGLE_LIMIT
from tests.unit.cyrus.indexes import headers, record_rows, some_rows
from tests.unit.cyrus.test_header import TEXT
from tests.unit.cyrus.test_mailbox import NAME, PLACE

MANY = 20_000
MEGABYTE = 1 << 20


def peak_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("version", [6, 10, 12, 20])
@settings(max_examples=8)
@given(data=st.data())
def test_counts_are_those_of_the_records(version: int, data: st.DataObject) -> None:
    rows = data.draw(record_rows(version))
    octets = render_index(version, data.draw(headers(version)), rows)

    counts = count_index(octets)

    flags = parse_index(octets).records["system_flags"]
    hidden = flags & np.uint32(EXPUNGED | UNLINKED)
    visible = hidden == 0
    assert counts.messages == int(visible.sum())
    assert counts.unseen == (
        None if version < 12 else int((visible & ((flags & np.uint32(16)) == 0)).sum())
    )
    assert counts.expunged == int((hidden == EXPUNGED).sum())
    assert counts.size_bytes == sum(int(size) for size in rows["size"][visible]) % 2**64
    assert counts.header == parse_index(octets).header


@pytest.mark.parametrize("version", [6, 9, 10, 12, 20])
@settings(max_examples=8)
@given(data=st.data())
def test_fewer_columns_hold_the_same(version: int, data: st.DataObject) -> None:
    rows = data.draw(record_rows(version))
    octets = render_index(version, data.draw(headers(version)), rows)

    full, few = parse_index(octets), parse_index(octets, COUNTED)

    assert few.findings == full.findings
    assert few.records.dtype == COUNTED
    for name in COUNTED.names or ():
        assert few.records[name].tobytes() == full.records[name].tobytes()


def test_counting_takes_a_few_octets_a_record() -> None:
    octets = render_index(19, IndexHeader(last_uid=MANY), some_rows(MANY))

    peak = peak_of(lambda: count_index(octets))

    assert count_index(octets).messages == MANY
    assert peak < 4 * MEGABYTE + 24 * MANY


@pytest.mark.parametrize("version", [6, 12, 20])
def test_records_without_files_take_no_more_than_their_rows(version: int) -> None:
    """However many are missing, a thousand are told, and all are counted."""
    octets = render_index(version, IndexHeader(last_uid=MANY), some_rows(MANY))
    nothing = np.zeros(0, dtype=FILE)
    found = MailboxFiles(header=TEXT, index=octets, messages=nothing)

    peak = peak_of(lambda: join_mailbox(NAME, PLACE, found))

    missing = [
        each
        for each in join_mailbox(NAME, PLACE, found).findings
        if each.code == "message-file-missing"
    ]
    assert len(missing) == SINGLE_LIMIT + 1
    assert sum(each.count for each in missing) == MANY
    assert peak < RECORD.itemsize * MANY + 8 * MEGABYTE


def test_garbage_takes_less_than_itself() -> None:
    octets = bytearray(render_index(20, IndexHeader(last_uid=MANY), some_rows(MANY)))
    octets[192:] = bytes(len(octets) - 192)
    octets[8:12] = (20).to_bytes(4, "big")

    peak = peak_of(lambda: parse_index(bytes(octets)))

    damaged = parse_index(bytes(octets)).findings
    assert sum(each.count for each in damaged) == MANY
    assert peak < len(octets) + 8 * MEGABYTE


def test_records_in_the_largest_size_are_read_a_few_at_a_time() -> None:
    layout = layout_of(10).with_sizes(96, 4096)
    header = IndexHeader(minor=10, start_offset=96, record_size=4096, last_uid=2000)
    octets = render_index(10, header, some_rows(2000))

    peak = peak_of(lambda: count_index(octets))

    assert count_index(octets).messages == 2000
    assert len(octets) == 96 + 2000 * layout.record_size
    assert peak < 4 * MEGABYTE
