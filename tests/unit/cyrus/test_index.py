from __future__ import annotations

import struct
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respool.cyrus.index import (
    OPTION_SHARED_SEEN,
    IndexHeader,
    parse_index,
    parse_index_header,
    render_index,
    with_options,
)
from respool.cyrus.index_layouts import LAYOUTS, header_dtype, layout_of, record_dtype
from respool.errors import FormatError, TruncatedFile, UnknownIndexVersion
from tests.unit.cyrus.indexes import headers, record_rows, some_rows

VERSIONS = tuple(LAYOUTS)
WITH_CRC = tuple(version for version in VERSIONS if version >= 12)
WITHOUT_CRC = tuple(version for version in VERSIONS if version < 12)
HEADER = IndexHeader(last_uid=3, uidvalidity=7, options=1)


def rendered(count: int = 3, version: int = 13) -> bytes:
    return render_index(version, HEADER, some_rows(count))


def codes(octets: bytes) -> list[str]:
    return [finding.code for finding in parse_index(octets).findings]


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=12)
@given(data=st.data())
def test_what_was_rendered_is_parsed_again(version: int, data: st.DataObject) -> None:
    header = data.draw(headers(version))
    rows = data.draw(record_rows(version))

    index = parse_index(render_index(version, header, rows))

    assert index.version == version
    assert index.header == replace(
        header,
        minor=version,
        num_records=len(rows),
        start_offset=layout_of(version).header_size,
        record_size=layout_of(version).record_size,
    )
    assert index.records.tobytes() == rows.tobytes()
    assert index.findings == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_fields_of_a_layout_do_not_overlap_and_fill_no_more_than_its_size(
    version: int,
) -> None:
    """A record to its last octet; headers before 12 end with spare octets."""
    layout = layout_of(version)
    spare = {6: 8, 7: 8, 8: 16, 9: 20, 10: 20}.get(version, 0)
    for fields, size in (
        (layout.header_fields, layout.header_size - spare),
        (layout.record_fields, layout.record_size),
    ):
        covered = [octet for _, at, width in fields for octet in range(at, at + width)]
        assert len(covered) == len(set(covered))
        assert max(covered) == size - 1
    assert header_dtype(layout).itemsize == layout.header_size
    assert record_dtype(layout).itemsize == layout.record_size


@given(octets=st.binary(max_size=400))
def test_any_octets_give_a_value_or_a_format_error(octets: bytes) -> None:
    with suppress(FormatError):
        parse_index(octets)


@given(
    version=st.sampled_from(VERSIONS),
    at=st.integers(0, 500),
    octet=st.integers(0, 255),
    cut=st.integers(0, 500),
)
def test_spoiled_indexes_give_a_value_or_a_format_error(
    version: int, at: int, octet: int, cut: int
) -> None:
    octets = bytearray(rendered(3, version))
    octets[at % len(octets)] = octet
    try:
        index = parse_index(bytes(octets[: len(octets) - cut % len(octets)]))
    except FormatError:
        return
    uids = index.records["uid"].tolist()
    assert uids == sorted(uids)
    if LAYOUTS[version].has_crcs:
        assert set(uids) <= {1, 2, 3}


@pytest.mark.parametrize("size", [0, 1, 23, 24, 127])
def test_an_index_cut_in_its_header_is_refused(size: int) -> None:
    with pytest.raises(TruncatedFile):
        parse_index(rendered()[:size])


@pytest.mark.parametrize("version", [0, 5, 11, 21, 2**32 - 1])
def test_a_version_without_a_table_is_refused(version: int) -> None:
    octets = bytearray(rendered())
    struct.pack_into(">I", octets, 8, version)

    with pytest.raises(UnknownIndexVersion):
        parse_index(bytes(octets))


@pytest.mark.parametrize(("at", "size"), [(12, 127), (16, 103), (12, 2**12 + 1), (16, 2**32 - 1)])
def test_sizes_smaller_than_the_fields_or_beyond_all_reason_are_refused(
    at: int, size: int
) -> None:
    octets = bytearray(rendered(version=13))
    struct.pack_into(">I", octets, at, size)

    with pytest.raises(FormatError, match="sizes of another"):
        parse_index(bytes(octets))


def test_a_record_that_is_not_what_its_crc_says_is_left_out() -> None:
    octets = bytearray(rendered())
    octets[128 + 104 + 12] ^= 1

    index = parse_index(bytes(octets))

    assert index.records["uid"].tolist() == [1, 3]
    assert [finding.code for finding in index.findings] == ["index-record-damaged"]


def test_a_spoiled_header_costs_no_record() -> None:
    octets = bytearray(rendered())
    struct.pack_into(">I", octets, 20, 1)

    index = parse_index(bytes(octets))

    assert index.records["uid"].tolist() == [1, 2, 3]
    assert [finding.code for finding in index.findings] == ["index-header-crc-differs"]


def test_records_after_the_count_are_not_read() -> None:
    longer = rendered() + rendered()[-104:]

    assert parse_index(longer).records["uid"].tolist() == [1, 2, 3]
    assert codes(longer) == ["index-longer-than-its-count"]


def test_fewer_records_than_the_count_are_all_read() -> None:
    cut = rendered()[:-1]

    assert parse_index(cut).records["uid"].tolist() == [1, 2]
    assert codes(cut) == ["index-cut"]


def test_uids_that_do_not_ascend_are_left_out() -> None:
    rows = some_rows(4)
    rows["uid"] = [2, 1, 2, 5]

    index = parse_index(render_index(13, HEADER, rows))

    assert index.records["uid"].tolist() == [2, 5]
    assert [finding.uid for finding in index.findings] == [1, 2]


@pytest.mark.parametrize("uid", [0, 2**31, 2**32 - 1])
def test_impossible_uids_are_left_out_and_hide_nothing_behind_them(uid: int) -> None:
    rows = some_rows(3)
    rows["uid"] = [1, uid, 3]

    index = parse_index(render_index(13, HEADER, rows))

    assert index.records["uid"].tolist() == [1, 3]
    assert [finding.code for finding in index.findings] == ["index-record-impossible-uid"]


def test_an_index_of_2_4_without_crcs_is_read() -> None:
    octets = bytearray(rendered(version=12))
    struct.pack_into(">I", octets, 124, 0)
    for start in range(128, len(octets), 96):
        struct.pack_into(">I", octets, start + 92, 0)

    index = parse_index(bytes(octets))

    assert index.records["uid"].tolist() == [1, 2, 3]
    assert index.findings == ()


def test_a_cache_offset_beyond_32_bits_comes_back() -> None:
    rows = some_rows(1)
    rows["cache_offset"] = 0xABCD_1234_5678
    rows["cache_version"] = 6

    row = parse_index(render_index(13, HEADER, rows)).records[0]

    assert (int(row["cache_offset"]), int(row["cache_version"])) == (0xABCD_1234_5678, 6)


def test_a_number_that_does_not_fit_is_refused() -> None:
    rows = some_rows(1)
    rows["size"] = 2**32

    with pytest.raises(OverflowError, match="size"):
        render_index(12, HEADER, rows)


def test_an_empty_index_has_no_records() -> None:
    index = parse_index(render_index(17, HEADER, some_rows(0)))

    assert len(index.records) == 0
    assert index.findings == ()


def test_a_guid_that_ends_in_zeros_keeps_them() -> None:
    rows = some_rows(1)
    rows["guid"] = np.void(b"\x01" * 13 + b"\0" * 7)

    record = parse_index(render_index(19, HEADER, rows)).records[0]

    assert record["guid"].tobytes() == b"\x01" * 13 + b"\0" * 7


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=4)
@given(data=st.data())
def test_the_header_alone_is_read_of_the_first_octets(version: int, data: st.DataObject) -> None:
    """Whatever follows, and however little of it there is."""
    octets = render_index(version, data.draw(headers(version)), data.draw(record_rows(version)))
    size = layout_of(version).header_size
    more = data.draw(st.integers(size, len(octets)))

    assert parse_index_header(octets[:more]) == parse_index(octets).header


@pytest.mark.parametrize("version", WITH_CRC)
def test_a_header_is_read_though_its_crc_is_wrong(version: int) -> None:
    """It is asked of live mailboxes, whose header may be written at this moment."""
    octets = bytearray(rendered(version=version))
    octets[layout_of(version).offset_in_header("header_crc")] ^= 1

    assert parse_index_header(bytes(octets)).num_records == 3


@pytest.mark.parametrize("size", [0, 10, 23, 24, 127])
def test_a_header_that_is_not_whole_is_refused(size: int) -> None:
    with pytest.raises(TruncatedFile):
        parse_index_header(rendered()[:size])
    with pytest.raises(TruncatedFile):
        with_options(rendered()[:size], added=OPTION_SHARED_SEEN)


def test_a_header_of_an_unknown_version_is_refused() -> None:
    octets = bytearray(rendered())
    octets[11] = 99

    with pytest.raises(UnknownIndexVersion):
        parse_index_header(bytes(octets))
    with pytest.raises(UnknownIndexVersion):
        with_options(bytes(octets), added=OPTION_SHARED_SEEN)


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=4)
@given(data=st.data())
def test_options_are_set_besides_and_nothing_else_is_touched(
    version: int, data: st.DataObject
) -> None:
    """And the CRC is right again, so that no server throws the index away."""
    octets = render_index(version, data.draw(headers(version)), data.draw(record_rows(version)))
    size = layout_of(version).header_size
    before = parse_index(octets)

    patched = with_options(octets[:256], added=OPTION_SHARED_SEEN)

    after = parse_index(patched + octets[size:])
    assert len(patched) == size
    assert after.findings == ()
    assert after.header == replace(
        before.header, options=before.header.options | OPTION_SHARED_SEEN
    )
    assert after.records.tobytes() == before.records.tobytes()
    assert with_options(patched, added=OPTION_SHARED_SEEN) == patched
