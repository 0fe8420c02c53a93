"""Versions of which there is no sample, against offsets that were copied by hand."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respool.cyrus.files_as_records import with_files_as_records
from respool.cyrus.index import IndexHeader, parse_index, render_index, with_options
from respool.cyrus.index_layouts import LAYOUTS
from respool.cyrus.raw_index import raw_header, raw_records
from respool.model.inventory import COUNTED, RECORD_TIMES, RESTORED
from tests.unit.cyrus.indexes import some_rows
from tests.unit.cyrus.reference_offsets import (
    HEADER_CRCS,
    HEADERS,
    RECORD_CRCS,
    SIZES,
    index_by_hand,
)
from tests.unit.cyrus.test_files_as_records import box, files

VERSIONS = tuple(SIZES)
WITHOUT_CRC = tuple(version for version in VERSIONS if version < 12)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_of_a_header_is_where_cyrus_has_it(version: int) -> None:
    octets, said, _ = index_by_hand(version)

    index = parse_index(octets)

    own = {"minor": version, "start_offset": SIZES[version][0], "record_size": SIZES[version][1]}
    read = dict(raw_header(index.header))
    read.pop("header_crc", None)
    assert read == said | own | {"num_records": 1}
    assert index.findings == ()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_of_a_record_is_where_cyrus_has_it(version: int) -> None:
    octets, _, row = index_by_hand(version)

    (read,) = raw_records(parse_index(octets).records, version)

    assert {name: value for name, value in read.items() if name != "record_crc"} == row


@pytest.mark.parametrize("version", VERSIONS)
def test_an_index_laid_by_hand_is_written_again_octet_by_octet(version: int) -> None:
    octets, _, _ = index_by_hand(version)
    index = parse_index(octets)

    assert render_index(version, index.header, index.records) == octets


@pytest.mark.parametrize("version", VERSIONS)
def test_a_record_says_the_same_whatever_its_version(version: int) -> None:
    """Times in seconds, and no guid where the version has none."""
    octets, _, row = index_by_hand(version)

    record = parse_index(octets).records[0]

    assert int(record["uid"]) == row["uid"]
    assert int(record["system_flags"]) == 0x80000005
    assert any(record["guid"].tobytes()) == (version >= 10)
    for name in RECORD_TIMES:
        stored = row.get(name, 0)
        assert isinstance(stored, int)
        assert int(record[name]) == (stored // 10**9 if version == 20 else stored)


def test_times_of_version_20_keep_their_nanoseconds() -> None:
    octets, said, row = index_by_hand(20)

    index = parse_index(octets)

    assert row["internaldate"] == int(index.records[0]["internaldate"]) * 10**9 + int(
        index.records[0]["nanoseconds"][0]
    )
    header = index.header
    exact = header.last_appenddate * 10**9 + header.nanoseconds["last_appenddate"]
    assert exact == said["last_appenddate"]


@pytest.mark.parametrize("version", VERSIONS)
def test_options_are_set_where_the_version_has_them(version: int) -> None:
    octets, said, _ = index_by_hand(version)

    patched = with_options(octets, added=1 << 20)

    at = HEADERS[version]["options"][0]
    assert struct.unpack_from(">I", patched, at)[0] == said["options"] | 1 << 20  # type: ignore[operator]
    assert parse_index(patched + octets[len(patched) :]).findings == ()


@pytest.mark.parametrize("version", WITHOUT_CRC)
def test_seen_is_no_bit_of_a_record_before_version_12(version: int) -> None:
    rows = some_rows(1)
    rows["system_flags"] = 0x1F

    octets = render_index(version, IndexHeader(), rows)

    start = SIZES[version][0]
    assert struct.unpack_from(">I", octets, start + 32)[0] == 0x0F
    foreign = bytearray(octets)
    foreign[start + 35] = 0x1F
    assert parse_index(bytes(foreign)).records["system_flags"].tolist() == [0x0F]


@pytest.mark.parametrize("version", [6, 9, 10, 14, 20])
def test_a_header_that_was_lengthened_in_place_is_read_and_written(version: int) -> None:
    octets = bytearray(index_by_hand(version)[0])
    size = SIZES[version][0]
    octets[size:size] = bytes(16)
    struct.pack_into(">I", octets, 12, size + 16)
    if version in HEADER_CRCS:
        at = HEADER_CRCS[version]
        struct.pack_into(">I", octets, at, zlib.crc32(octets[:at]))

    index = parse_index(bytes(octets))

    assert len(index.records) == 1
    assert index.findings == ()
    assert render_index(version, index.header, index.records) == bytes(octets)


def test_records_of_version_19_in_the_size_of_20_are_read_and_written() -> None:
    """A development version did that; the CRC stays where version 19 has it."""
    octets = bytearray(render_index(19, IndexHeader(last_uid=2), some_rows(2)))
    octets[160 + 112 : 160 + 112] = bytes(32)
    octets += bytes(32)
    struct.pack_into(">I", octets, 16, 144)
    struct.pack_into(">I", octets, 156, zlib.crc32(octets[:156]))

    index = parse_index(bytes(octets))

    assert index.records["uid"].tolist() == [1, 2]
    assert index.findings == ()
    assert render_index(19, index.header, index.records) == bytes(octets)


@pytest.mark.parametrize("version", tuple(RECORD_CRCS))
def test_the_last_octet_under_a_crc_is_checked(version: int) -> None:
    octets = bytearray(index_by_hand(version)[0])
    octets[SIZES[version][0] + RECORD_CRCS[version] - 1] ^= 1

    index = parse_index(bytes(octets))

    assert len(index.records) == 0
    assert [finding.code for finding in index.findings] == ["index-record-damaged"]


@pytest.mark.parametrize("version", WITHOUT_CRC)
def test_garbage_for_records_gives_none_before_version_12(version: int) -> None:
    """There is no CRC to tell it: flags that do not exist and headers longer than messages do."""
    size, record_size = SIZES[version]
    garbage = b"".join(
        zlib.crc32(number.to_bytes(4, "big")).to_bytes(4, "big")
        for number in range(50 * record_size // 4)
    )
    octets = bytearray(render_index(version, IndexHeader(last_uid=50), some_rows(50)))
    octets[size:] = garbage

    index = parse_index(bytes(octets))

    assert index.records["uid"].tolist() == []
    assert {finding.code for finding in index.findings} == {"index-record-damaged"}


@pytest.mark.parametrize("version", WITHOUT_CRC)
@pytest.mark.parametrize("uid", [1_000_000, 1])
def test_one_spoiled_uid_costs_one_record_before_version_12(version: int, uid: int) -> None:
    rows = some_rows(20)
    rows["uid"] += 10
    octets = bytearray(render_index(version, IndexHeader(last_uid=30), rows))
    size, record_size = SIZES[version]
    struct.pack_into(">I", octets, size + 9 * record_size, uid)

    index = parse_index(bytes(octets))

    assert index.records["uid"].tolist() == [each for each in range(11, 31) if each != 20]
    assert [finding.uid for finding in index.findings] == [uid]


@pytest.mark.parametrize("version", [8, 9])
def test_modseqs_that_3_0_wrote_too_high_are_put_right(version: int) -> None:
    rows = some_rows(3)
    rows["modseq"] = np.array([5, 6, 9], dtype="u8") << np.uint64(32)

    index = parse_index(render_index(version, IndexHeader(highestmodseq=9), rows))

    assert index.records["modseq"].tolist() == [5, 6, 9]
    assert [finding.code for finding in index.findings] == ["index-modseq-shifted"]


@pytest.mark.parametrize("version", tuple(LAYOUTS))
@pytest.mark.parametrize("columns", [RESTORED, COUNTED, np.dtype([("uid", "u4")])])
def test_an_index_read_with_few_columns_says_the_same_in_these(
    version: int, columns: np.dtype[np.void]
) -> None:
    rows = some_rows(3)
    rows["modseq"] = np.array([5, 6, 9], dtype="u8") << np.uint64(32)
    octets = render_index(version, IndexHeader(highestmodseq=9), rows)

    few, whole = parse_index(octets, columns), parse_index(octets)

    assert few.findings == whole.findings
    assert few.records.dtype == columns
    for name in columns.names or ():
        assert few.records[name].tobytes() == whole.records[name].tobytes()


@pytest.mark.parametrize(("version", "highest"), [(9, 2**40), (9, 8), (10, 9), (13, 9)])
def test_modseqs_that_may_be_so_high_stay_as_they_are(version: int, highest: int) -> None:
    rows = some_rows(3)
    rows["modseq"] = np.array([5, 6, 9], dtype="u8") << np.uint64(32)

    index = parse_index(render_index(version, IndexHeader(highestmodseq=highest), rows))

    assert index.records["modseq"].tolist() == [5 << 32, 6 << 32, 9 << 32]
    assert index.findings == ()


@pytest.mark.parametrize("version", tuple(LAYOUTS))
@settings(max_examples=10)
@given(data=st.data())
def test_what_an_index_has_up_to_its_cut_keeps_its_flags_and_the_rest_comes_of_its_files(
    version: int, data: st.DataObject
) -> None:
    """Wherever the cut fell, inside the header too: no message is lost."""
    layout = LAYOUTS[version]
    rows = some_rows(5)
    rows["size"], rows["system_flags"] = 50, 2
    octets = render_index(version, IndexHeader(last_uid=5, uidvalidity=7), rows)
    cut = data.draw(st.integers(0, len(octets) - 1))

    mailbox = box(octets[:cut], files(1, 2, 3, 4, 5))

    made = with_files_as_records(mailbox)
    whole = max(cut - layout.header_size, 0) // layout.record_size
    assert made.records[made.restorable()]["uid"].tolist() == [1, 2, 3, 4, 5]
    assert made.records["system_flags"].tolist() == [2] * whole + [0] * (5 - whole)


@pytest.mark.parametrize("version", [10, 12, 19, 20])
def test_an_id_of_an_earlier_2_3_is_no_guid_where_it_was_carried_on(version: int) -> None:
    """Twelve octets and eight zeros: to compare it with a hash would call every message wrong."""
    rows = some_rows(3)
    rows["guid"] = np.frombuffer(b"\7" * 20 + b"old id of 12" + bytes(8) + bytes(20), dtype="V20")
    octets = render_index(version, IndexHeader(last_uid=3), rows)

    index = parse_index(octets)

    assert [any(row["guid"].tobytes()) for row in index.records] == [True, False, False]
    assert index.records[1]["message_uuid"].tobytes() == b"old id of 12"
    assert render_index(version, index.header, index.records) == octets


@pytest.mark.parametrize("uid", [0, 1, 2**31, 900])
def test_the_file_of_a_record_whose_uid_is_spoiled_comes_back(uid: int) -> None:
    """Before 12, where no CRC says that the record is damaged."""
    rows = some_rows(5)
    rows["size"], rows["system_flags"] = 50, 2
    octets = bytearray(render_index(10, IndexHeader(last_uid=5), rows))
    struct.pack_into(">I", octets, 96 + 2 * 88, uid)

    made = with_files_as_records(box(bytes(octets), files(1, 2, 3, 4, 5)))

    assert made.records[made.restorable()]["uid"].tolist() == [1, 2, 3, 4, 5]
    assert made.records["system_flags"].tolist()[:5] == [2, 2, 0, 2, 2]
