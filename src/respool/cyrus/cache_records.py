"""Where the records of a ``cyrus.cache`` end, and which hold what the index's CRC says. Many.

`respool.cyrus.cache` says what a record is, and reads one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.cache import ITEM_COUNT

Offsets = NDArray[np.int64]
ReadAt = Callable[[int], bytes]

WINDOW_OCTETS: Final = 1 << 24  # also the longest record that is believed
_FIRST_RECORD: Final = 4  # the generation stands before it
_BEYOND: Final = 1 << 62


def count_damaged(
    read: ReadAt, size: int, offsets: Offsets, crcs: NDArray[np.uint32], *, has_crcs: bool
) -> int:
    """How many of the records at ``offsets`` are not whole, or not what their CRC says.

    ``read`` gives WINDOW_OCTETS from a place on, fewer at the end of the file only;
    ``size`` is that of the file. A CRC of 0 was never computed (2.4.0 to 2.4.11 without
    zlib). Without CRCs only the lengths are looked at. Memory: a few windows.
    """
    order = np.argsort(offsets, kind="stable")
    offsets, crcs = offsets[order], crcs[order]
    inside = (offsets >= _FIRST_RECORD) & (offsets < size)
    damaged = int(np.count_nonzero(~inside))
    offsets, crcs = offsets[inside], crcs[inside]
    at = 0
    while at < len(offsets):
        start = int(offsets[at])
        window = read(start)
        stop = at + int(np.searchsorted(offsets[at:], start + len(window)))
        if stop == at:  # the file is shorter than it was
            return damaged + len(offsets) - at
        ends = record_ends(window, offsets[at:stop] - start)
        whole = ends <= len(window)
        done = len(whole)
        if start + len(window) < size and not whole.all():
            done = max(int(np.argmin(whole)), 1)  # the next window begins with that one
        starts = offsets[at : at + done] - start
        wanted = crcs[at : at + done] if has_crcs else np.zeros(done, dtype=np.uint32)
        damaged += int(np.count_nonzero(~whole[:done]))
        sound = whole[:done] & (wanted != 0)
        damaged += _count_differing(window, starts[sound], ends[:done][sound], wanted[sound])
        at += done
    return damaged


def record_ends(octets: bytes, starts: Offsets) -> Offsets:
    """Where the record at each of ``starts`` ends; far beyond where it is not whole.

    >>> record_ends(bytes(40), np.array([0, 4])).tolist()[0]
    40
    """
    view = np.frombuffer(octets, dtype=np.uint8)
    at = starts.astype(np.int64)
    for _ in range(ITEM_COUNT):
        is_inside = at + 4 <= len(view)
        if not is_inside.any():
            return np.full(len(starts), _BEYOND, dtype=np.int64)
        safe = np.where(is_inside, at, at[is_inside][0])
        length = np.zeros(len(at), dtype=np.int64)
        for octet in range(4):
            length = length << 8 | view[safe + octet]
        at = np.where(is_inside, at + 4 + length + (-length & 3), _BEYOND)
    at[at > len(view)] = _BEYOND
    return at


def _count_differing(
    window: bytes, starts: Offsets, ends: Offsets, crcs: NDArray[np.uint32]
) -> int:
    view, crc32 = memoryview(window), zlib.crc32
    return sum(
        crc32(view[start:end]) != crc
        for start, end, crc in zip(starts.tolist(), ends.tolist(), crcs.tolist(), strict=True)
    )
