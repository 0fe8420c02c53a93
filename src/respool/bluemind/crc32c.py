"""CRC-32C (Castagnoli) of a block, and the masked form in which Snappy streams store it.

A CRC is linear: that of a block is the XOR of what each octet adds at its distance from the
end. So a block is looked up as a table of rows, and the CRCs of the rows are moved to the
end by a second look-up.

Source: RFC 3720 B.4 (polynomial, test values); Snappy's framing_format.txt 3 (mask).
"""

from __future__ import annotations

from functools import cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL: Final = 0x82F63B78  # reflected
_ONES: Final = 0xFFFFFFFF
_MASK: Final = 0xA282EAD8
_ROW: Final = 256  # octets in a row
_WORD: Final = 4  # octets of a CRC
_ROWS: Final = 128
LONGEST: Final = _ROWS * _ROW

_Table: TypeAlias = NDArray[np.uint32]


def masked_crc32c(block: bytes) -> int:
    """The CRC of ``block`` as a stream stores it: rotated, and a constant added."""
    crc = crc32c(block)
    return ((crc >> 15 | crc << 17) + _MASK) & _ONES


def crc32c(block: bytes) -> int:
    """CRC-32C of ``block``, of LONGEST octets at most.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    if len(block) > LONGEST:
        raise ValueError(f"a block of {len(block)} octets")
    if len(block) < _WORD:
        return _short(block)
    # To begin with all ones is to begin with zero and the first four octets inverted; and
    # zeros before them change nothing then.
    octets = np.frombuffer(block, dtype=np.uint8).copy()
    octets[:_WORD] ^= 0xFF
    rows = -(-len(octets) // _ROW)
    padded = np.zeros(rows * _ROW, dtype=np.uint8)
    padded[-len(octets) :] = octets
    places = padded.reshape(rows, _ROW) + np.arange(0, _ROW * 256, 256)
    within = _positions().take(places)  # of the table as one long row: the quickest look-up
    ends = np.bitwise_xor.reduce(within, axis=1)
    words = ends.astype("<u4").view(np.uint8).reshape(rows, _WORD)
    moved = _moves()[-rows:]
    parts = moved[np.arange(rows)[:, None], np.arange(_WORD), words]
    return int(np.bitwise_xor.reduce(parts, axis=None)) ^ _ONES


def _short(block: bytes) -> int:
    table = _positions()[-1]
    crc = _ONES
    for octet in block:
        crc = int(table[(crc ^ octet) & 0xFF]) ^ crc >> 8
    return crc ^ _ONES


@cache
def _positions() -> _Table:
    """What each octet adds in each place of a row, to the CRC at the row's end."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ _POLYNOMIAL, table >> 1).astype(np.uint32)
    places = [table]
    for _ in range(_ROW - 1):
        last = places[-1]
        places.append(table[last & 0xFF] ^ last >> 8)
    return np.array(places[::-1])


@cache
def _moves() -> _Table:
    """What each octet of a row's CRC becomes at the end of the block, by row, octet, value."""
    single = np.arange(256, dtype=np.uint32)
    states = [np.stack([single << 8 * octet for octet in range(_WORD)])]
    # A CRC that is moved over zeros is as four octets, and as many zeros less, read from zero.
    over_a_row = _positions()[:_WORD]
    for _ in range(_ROWS - 1):
        words = states[-1].astype("<u4").view(np.uint8).reshape(_WORD, 256, _WORD)
        parts = over_a_row[np.arange(_WORD), words]
        states.append(np.bitwise_xor.reduce(parts, axis=2))
    return np.array(states[::-1])
