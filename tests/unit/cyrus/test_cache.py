from __future__ import annotations

import zlib
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.cache import (
    parse_cache_envelope,
    parse_cache_headers,
    plausible_cache_record,
    record_ends,
    sound_cache_record,
)
from respool.cyrus.cache_head import cache_generation
from respool.errors import FormatError, TruncatedFile

ENVELOPE = (
    b'("Tue, 3 Oct 2017 10:00:00 +0200" "R=?utf-8?Q?=C3=A9?=" (("Al \\"A\\"" NIL "alice" "b.loc"))'
    b' NIL NIL ((NIL NIL "group" NIL)(NIL NIL {4}\r\nj"do "b.loc")) NIL NIL NIL "<1@b.loc>")'
)


HEADER_SIZE, SIZE = 300, 1000
SECTION = b"".join(
    n.to_bytes(4, "big") for n in (2, 0, HEADER_SIZE, HEADER_SIZE, SIZE - HEADER_SIZE)
)
HEADERS = b"Content-Type: text/plain;\r\n charset=utf-8\r\nX-Priority: 1\r\n"


def record(envelope: bytes = ENVELOPE, section: bytes = SECTION) -> bytes:
    items = [envelope, b"x", b"xy", section, HEADERS, *[b"x" * size for size in range(5)]]
    return b"".join(
        len(item).to_bytes(4, "big") + item + b"\0" * (-len(item) % 4) for item in items
    )


CACHE = b"\0\0\0\x07" + record() + record(b"NIL")


def test_the_generation_is_the_first_number() -> None:
    assert cache_generation(CACHE) == 7
    with pytest.raises(TruncatedFile):
        cache_generation(b"\0\0")


def test_a_sound_record_is_given_exactly() -> None:
    found = sound_cache_record(CACHE, 4, zlib.crc32(record()))

    assert found is not None
    assert bytes(found) == record()


@given(
    st.sampled_from(
        [CACHE, CACHE[:-1], CACHE[:5], b"", b"\0\0\0\7" + bytes(44), CACHE + b"\xff" * 80]
    ),
    st.lists(st.integers(0, len(CACHE) + 90) | st.integers(-1, 2**62)),
)
def test_many_records_end_where_each_alone_does(cache: bytes, offsets: list[int]) -> None:
    ends = record_ends(cache, np.array(offsets, dtype=np.int64)).tolist()

    for offset, end in zip(offsets, ends, strict=True):
        found = sound_cache_record(cache, offset, zlib.crc32(cache[offset:end]))
        assert (end != 0) == (found is not None)
        assert found is None or bytes(found) == cache[offset:end]


@pytest.mark.parametrize(
    ("offset", "crc"),
    [(4, 0), (0, zlib.crc32(record())), (5, zlib.crc32(record())), (10**12, 0), (len(CACHE), 0)],
)
def test_a_record_elsewhere_or_with_another_crc_is_none(offset: int, crc: int) -> None:
    assert sound_cache_record(CACHE, offset, crc) is None


def test_a_cut_record_is_none() -> None:
    assert sound_cache_record(CACHE[: len(record())], 4, zlib.crc32(record())) is None


def test_without_a_crc_the_sizes_of_the_message_tell_whether_it_is_the_record() -> None:
    found = plausible_cache_record(CACHE, 4, HEADER_SIZE, SIZE)

    assert found is not None
    assert bytes(found) == record()
    assert plausible_cache_record(CACHE, 4, HEADER_SIZE, SIZE + 1) is None
    assert plausible_cache_record(CACHE, 4, HEADER_SIZE + 1, SIZE) is None
    assert plausible_cache_record(CACHE[:-8], 4 + len(record()), HEADER_SIZE, SIZE) is None


@pytest.mark.parametrize(
    "spoilt", [record(envelope=b"NIL"), record(section=b"\0\0\0\2"), record(envelope=b"")]
)
def test_without_a_crc_an_envelope_and_a_section_must_be_there(spoilt: bytes) -> None:
    assert plausible_cache_record(b"\0\0\0\7" + spoilt, 4, HEADER_SIZE, SIZE) is None


def test_header_fields_are_kept_whole() -> None:
    assert parse_cache_headers(record()) == (
        ("content-type", b"text/plain;\r\n charset=utf-8"),
        ("x-priority", b"1"),
    )
    with pytest.raises(FormatError):
        parse_cache_headers(record()[:-4])


def test_a_record_beyond_four_gigabytes_is_found_where_it_is() -> None:
    """Offsets of 48 bits; here of a map that ends before."""
    assert sound_cache_record(CACHE, (1 << 32) + 4, zlib.crc32(record())) is None


def test_the_envelope_is_read_raw() -> None:
    envelope = parse_cache_envelope(record())

    assert envelope.date == b"Tue, 3 Oct 2017 10:00:00 +0200"
    assert envelope.subject == b"R=?utf-8?Q?=C3=A9?="
    assert [(each.name, each.local_part) for each in envelope.from_addresses] == [
        (b'Al "A"', b"alice")
    ]
    assert [each.local_part for each in envelope.to_addresses] == [b'j"do']
    assert envelope.message_id == b"<1@b.loc>"


@pytest.mark.parametrize("envelope", [b"", b"NIL", b"(a b)", b'("a', b"(" * 50])
def test_what_is_no_envelope_is_refused(envelope: bytes) -> None:
    with pytest.raises(FormatError):
        parse_cache_envelope(record(envelope))


@given(octets=st.binary(max_size=120), offset=st.integers(0, 130), crc=st.integers(0, 2**32 - 1))
def test_any_octets_are_a_record_or_none(octets: bytes, offset: int, crc: int) -> None:
    sound_cache_record(octets, offset, crc)
    with suppress(FormatError):
        parse_cache_envelope(octets)
