"""CRC-32C by its published values and by its definition, bit by bit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.bluemind.crc32c import LONGEST, crc32c, masked_crc32c


def by_definition(octets: bytes) -> int:
    crc = 0xFFFFFFFF
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


@pytest.mark.parametrize(
    ("octets", "crc"),
    [
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"", 0),
    ],
)
def test_the_values_of_rfc_3720(octets: bytes, crc: int) -> None:
    assert crc32c(octets) == crc


@given(st.binary(max_size=1000))
def test_any_octets_have_the_crc_of_the_definition(octets: bytes) -> None:
    assert crc32c(octets) == by_definition(octets)


@pytest.mark.parametrize("size", [3, 4, 255, 256, 257, LONGEST - 1, LONGEST])
def test_lengths_around_rows_and_a_full_block(size: int) -> None:
    octets = (b"respool " * (size // 8 + 1))[:size]
    assert crc32c(octets) == by_definition(octets)


def test_longer_than_a_block_is_refused() -> None:
    with pytest.raises(ValueError, match="32769"):
        crc32c(bytes(LONGEST + 1))


def test_the_mask_is_that_of_the_framing_format() -> None:
    """
    Rotated by 15, then added to; the first value is that of iq80's SnappyStreamTest.
    """
    assert masked_crc32c(b"aaaaaaaaaaaabbbbbbbaaaaaa") == 0x9274CDA8
    crc = crc32c(b"123456789")
    assert crc == 0xE3069283
    assert masked_crc32c(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) % (1 << 32)
