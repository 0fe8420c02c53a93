from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.errors import FormatError
from respool.exports.zip_records import (
    CENTRAL_OCTETS,
    END_OCTETS,
    Member,
    central_lengths,
    central_record,
    end_records,
    local_header,
    octets_at,
    parse_central,
    parse_end,
)

MEMBERS = st.builds(
    Member,
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    modified_at=st.integers(0, 2**31 - 1),
    method=st.sampled_from([0, 8]),
    crc=st.integers(0, 2**32 - 1),
    stored_bytes=st.integers(0, 2**40) | st.just(2**32 - 1),
    size_bytes=st.integers(0, 2**40),
    offset=st.integers(0, 2**42),
)


@given(MEMBERS)
def test_a_record_of_the_directory_reads_back(member: Member) -> None:
    record = central_record(member)
    assert CENTRAL_OCTETS + central_lengths(record[:CENTRAL_OCTETS]) == len(record)
    assert parse_central(record) == member


@given(MEMBERS, st.booleans())
def test_a_header_is_as_long_before_sizes_are_known_as_after(
    member: Member,
    is_large: bool,  # noqa: FBT001
) -> None:
    empty = Member(
        name=member.name,
        modified_at=member.modified_at,
        method=member.method,
        crc=0,
        stored_bytes=0,
        size_bytes=0,
        offset=member.offset,
    )
    before = local_header(empty, is_large=is_large)
    small = Member(
        name=member.name,
        modified_at=member.modified_at,
        method=member.method,
        crc=member.crc,
        stored_bytes=member.stored_bytes % 2**32,
        size_bytes=member.size_bytes % 2**32,
        offset=member.offset,
    )
    assert len(before) == len(local_header(member if is_large else small, is_large=is_large))
    assert octets_at(before[:30], 5) == 5 + len(before)


@pytest.mark.parametrize("members", [0, 3, 65_534, 65_535, 1_000_000])
@pytest.mark.parametrize("offset", [0, 2**32 - 2, 2**32 - 1, 2**40])
def test_the_end_tells_where_the_directory_is(members: int, offset: int) -> None:
    end = end_records(members=members, offset=offset, size_bytes=47 * members)
    whole = offset + 47 * members + len(end)
    tail = (bytes(END_OCTETS) + end)[-END_OCTETS:]

    found = parse_end(tail, whole)

    assert (found.members, found.offset, found.size_bytes) == (members, offset, 47 * members)


@given(st.binary(max_size=120))
def test_octets_of_no_zip_are_refused(octets: bytes) -> None:
    with pytest.raises(FormatError):
        parse_end(octets[-END_OCTETS:], len(octets))
