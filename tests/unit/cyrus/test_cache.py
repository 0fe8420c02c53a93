from __future__ import annotations

import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.cache import cache_generation, parse_cache_envelope, sound_cache_record
from respool.errors import FormatError, TruncatedFile

ENVELOPE = (
    b'("Tue, 3 Oct 2017 10:00:00 +0200" "R=?utf-8?Q?=C3=A9?=" (("Al \\"A\\"" NIL "alice" "b.loc"))'
    b' NIL NIL ((NIL NIL "group" NIL)(NIL NIL {4}\r\nj"do "b.loc")) NIL NIL NIL "<1@b.loc>")'
)


def record(envelope: bytes = ENVELOPE) -> bytes:
    items = [envelope, *[b"x" * size for size in range(9)]]
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


@pytest.mark.parametrize(
    ("offset", "crc"),
    [(4, 0), (0, zlib.crc32(record())), (5, zlib.crc32(record())), (10**12, 0), (len(CACHE), 0)],
)
def test_a_record_elsewhere_or_with_another_crc_is_none(offset: int, crc: int) -> None:
    assert sound_cache_record(CACHE, offset, crc) is None


def test_a_cut_record_is_none() -> None:
    assert sound_cache_record(CACHE[: len(record())], 4, zlib.crc32(record())) is None


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
