"""Flags of a folder as columns: whether each of its records has one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.model.inventory import SYSTEM_FLAG_MASK, StoredMailbox
from respool.model.messages import SYSTEM_FLAGS

_BITS: Final = {name: np.uint32(bit) for bit, name in SYSTEM_FLAGS}
_BITS_A_WORD: Final = 32

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


def flags_used(mailbox: StoredMailbox, rows: Rows) -> frozenset[str]:
    """Every flag that some record of ``rows`` has."""
    if not len(rows):
        return frozenset()
    records = mailbox.records[rows]
    bits = int(np.bitwise_or.reduce(records["system_flags"])) & SYSTEM_FLAG_MASK
    words = np.bitwise_or.reduce(records["user_flags"], axis=0)
    return frozenset(mailbox.flag_names(bits, words.tobytes()))


def has_flag(mailbox: StoredMailbox, flag: str, rows: Rows) -> Mask:
    """Whether each record of ``rows`` has ``flag``; keywords are the same in any case.

    Source: RFC 9051, section 2.3.2.
    """
    records = mailbox.records
    if flag in _BITS:
        system: Mask = (records["system_flags"][rows] & _BITS[flag]) != 0
        return system
    found = np.zeros(len(rows), dtype=np.bool_)
    for slot in _slots(mailbox, flag):
        word, bit = divmod(slot, _BITS_A_WORD)
        found |= (records["user_flags"][rows, word] >> np.uint32(bit) & np.uint32(1)) != 0
    return found


def _slots(mailbox: StoredMailbox, keyword: str) -> Iterator[int]:
    wanted = keyword.casefold()
    for slot, name in enumerate(mailbox.keywords):
        if name is not None and name.casefold() == wanted:
            yield slot
