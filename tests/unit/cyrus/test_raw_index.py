from __future__ import annotations

import pytest

from respool.cyrus.index import IndexHeader, parse_index, render_index
from respool.cyrus.index_layouts import LAYOUTS
from respool.cyrus.raw_index import raw_header, raw_records
from tests.unit.cyrus.indexes import some_rows


@pytest.mark.parametrize("version", tuple(LAYOUTS))
def test_all_that_an_index_holds_is_told_by_name(version: int) -> None:
    octets = render_index(version, IndexHeader(last_uid=5000), some_rows(5000))
    index = parse_index(octets)

    told = list(raw_records(index.records, version))

    assert [each["uid"] for each in told] == list(range(1, 5001))
    assert {tuple(each) for each in told} == {LAYOUTS[version].record_names}
    assert tuple(raw_header(index.header)) == LAYOUTS[version].header_names


@pytest.mark.parametrize("version", [12, 16, 20])
def test_the_crc_that_is_told_is_the_one_on_disk(version: int) -> None:
    octets = render_index(version, IndexHeader(), some_rows(1))
    index = parse_index(octets)

    (record,) = raw_records(index.records, version)

    assert record["record_crc"] == int.from_bytes(octets[-4:], "big")
    start = index.header.start_offset
    assert raw_header(index.header)["header_crc"] == int.from_bytes(
        octets[start - 4 : start], "big"
    )
