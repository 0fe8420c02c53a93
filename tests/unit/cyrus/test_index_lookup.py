from __future__ import annotations

import numpy as np
import pytest

from respool.cyrus.index import IndexHeader, parse_index, render_index
from respool.cyrus.index_layouts import LAYOUTS
from respool.cyrus.index_lookup import IndexLookup
from tests.unit.cyrus.indexes import some_rows


@pytest.mark.parametrize("version", tuple(LAYOUTS))
@pytest.mark.parametrize("wanted", [[], [2], [1, 3, 9999], [5, 6, 7, 10_000]])
def test_the_records_of_some_uids_are_those_that_the_whole_index_has(
    version: int, wanted: list[int]
) -> None:
    rows = some_rows(9_000)
    rows["uid"] = np.arange(2, 9_002)
    rows["modseq"] = 1
    octets = render_index(version, IndexHeader(generation=3, highestmodseq=1), rows)

    lookup = IndexLookup.of(octets)
    found = lookup.records(np.array(wanted, dtype="u4"))

    whole = parse_index(octets)
    expected = whole.records[np.isin(whole.records["uid"], wanted)]
    assert found.tobytes() == expected.tobytes()
    assert lookup.header == whole.header


def test_records_far_apart_are_found_beside_damaged_ones() -> None:
    rows = some_rows(9_000)
    rows["uid"] = np.arange(2, 9_002)
    octets = bytearray(render_index(12, IndexHeader(), rows))
    octets[128 + 96 : 128 + 2 * 96] = bytes(96)  # UID 3

    found = IndexLookup.of(bytes(octets)).records(np.array([2, 3, 4, 9_001], dtype="u4"))

    assert found["uid"].tolist() == [2, 4, 9_001]
