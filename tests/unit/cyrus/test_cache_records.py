"""Many cache records at once are held against the reader of one."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus import cache_records
from respool.cyrus.cache import ITEM_COUNT, sound_cache_record
from respool.cyrus.cache_records import count_damaged, record_ends


def record(*items: bytes) -> bytes:
    padded = [*items, *[b""] * (ITEM_COUNT - len(items))]
    return b"".join(
        len(item).to_bytes(4, "big") + item + b"\0" * (-len(item) % 4) for item in padded
    )


def cache_of(*records: bytes) -> tuple[bytes, list[int], list[int]]:
    """A cache, where its records are, and their CRCs."""
    octets, offsets = (1).to_bytes(4, "big"), []
    for each in records:
        offsets.append(len(octets))
        octets += each
    return octets, offsets, [zlib.crc32(each) for each in records]


def damaged(octets: bytes, offsets: list[int], crcs: list[int], *, has_crcs: bool = True) -> int:
    return count_damaged(
        lambda at: octets[at : at + cache_records.WINDOW_OCTETS],
        len(octets),
        np.array(offsets, dtype=np.int64),
        np.array(crcs, dtype=np.uint32),
        has_crcs=has_crcs,
    )


RECORDS = [record(bytes([number]) * number, b"x" * 30) for number in range(1, 20)]


@pytest.mark.parametrize("window", [1 << 24, 200, 100])
def test_sound_records_are_found_sound(monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    monkeypatch.setattr(cache_records, "WINDOW_OCTETS", window)

    assert damaged(*cache_of(*RECORDS)) == 0
    octets, offsets, crcs = cache_of(*RECORDS)
    assert damaged(octets, offsets[::-1], crcs[::-1]) == 0


@pytest.mark.parametrize("window", [1 << 24, 200])
def test_one_octet_that_changed_damages_one_record(
    monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(cache_records, "WINDOW_OCTETS", window)
    octets, offsets, crcs = cache_of(*RECORDS)
    spoilt = bytearray(octets)
    spoilt[offsets[7] + 5] ^= 1

    assert damaged(bytes(spoilt), offsets, crcs) == 1
    assert damaged(bytes(spoilt), offsets, crcs, has_crcs=False) == 0


def test_a_cut_cache_damages_what_is_cut() -> None:
    octets, offsets, crcs = cache_of(*RECORDS)

    assert damaged(octets[: offsets[15] + 3], offsets, crcs) == 4
    assert damaged(octets[:2], offsets, crcs) == len(RECORDS)


def test_offsets_that_lead_nowhere_are_damaged() -> None:
    octets, offsets, crcs = cache_of(RECORDS[0])

    assert damaged(octets, [0, 3, offsets[0], len(octets), 1 << 40], crcs * 5) == 4


def test_a_length_that_is_longer_than_any_record_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its neighbours are sound, though it claims all that follows."""
    monkeypatch.setattr(cache_records, "WINDOW_OCTETS", 200)
    octets, offsets, crcs = cache_of(*RECORDS)
    spoilt = bytearray(octets)
    spoilt[offsets[3] : offsets[3] + 4] = (900).to_bytes(4, "big")

    assert damaged(bytes(spoilt), offsets, crcs) == 1


def test_a_crc_that_was_never_computed_is_not_asked() -> None:
    octets, offsets, crcs = cache_of(*RECORDS)

    assert damaged(octets, offsets, [0] * len(crcs)) == 0


@given(
    octets=st.binary(max_size=400),
    offsets=st.lists(st.integers(4, 420), min_size=1, max_size=8),
)
def test_any_octets_are_judged_as_one_by_one(octets: bytes, offsets: list[int]) -> None:
    ends = record_ends(octets, np.array(offsets, dtype=np.int64)).tolist()
    crcs = [
        zlib.crc32(octets[at:end]) or 1 if end <= len(octets) else 1
        for at, end in zip(offsets, ends, strict=True)
    ]
    alone = [
        sound_cache_record(octets, at, crc) is None for at, crc in zip(offsets, crcs, strict=True)
    ]

    assert damaged(octets, offsets, crcs) == sum(alone)
