"""Which records of a ``cyrus.index`` can be believed, and a finding for each other one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.index_columns import Octets, chunks_of, record_crcs
from respool.cyrus.index_layouts import RECORD_CRC, IndexLayout
from respool.model.findings import Finding, Severity
from respool.model.inventory import INTERNAL_FLAGS_MASK, SYSTEM_FLAG_MASK, Rows
from respool.model.many_findings import at_most
from respool.model.messages import UID_LIMIT

Mask = NDArray[np.bool_]

INDEX_SUBJECT: Final = "cyrus.index"
_AT_ONCE: Final = 1 << 16
_KNOWN_FLAGS: Final = np.uint32(SYSTEM_FLAG_MASK | INTERNAL_FLAGS_MASK)


def sound_records(
    octets: Octets, layout: IndexLayout, count: int, *, has_crcs: bool
) -> tuple[NDArray[np.uint32], Mask, tuple[Finding, ...]]:
    """The UIDs of the first ``count`` records, and which of these can be believed.

    Those that hold what their CRC says; without CRCs, those that could be records.
    """
    uids = np.zeros(count, dtype=np.uint32)
    sound = np.zeros(count, dtype=np.bool_)
    for first, body, raw in chunks_of(octets, layout, count):
        part = slice(first, first + len(raw))
        uids[part] = raw["uid"]
        if has_crcs:
            sound[part] = raw[RECORD_CRC] == record_crcs(body, layout)
        else:
            sound[part] = _possible_records(raw)
    why = "does not hold what its CRC says" if has_crcs else "holds what no server writes"

    def damaged(number: int) -> Finding:
        return _loss("index-record-damaged", f"record {number + 1} {why}")

    return uids, sound, _findings_of(~sound, damaged)


def records_in_order(
    uids: NDArray[np.uint32], sound: Mask, *, has_crcs: bool
) -> tuple[Mask, tuple[Finding, ...]]:
    """Of the ``sound`` records, those whose UIDs are possible and ascend.

    Where no CRC tells which of two records is wrong, as few as possible are left out.
    """
    possible = (uids > 0) & (uids < UID_LIMIT)
    good = _above_all_before(uids, sound & possible)
    if not has_crcs and np.count_nonzero(good) < np.count_nonzero(sound & possible):
        other = _below_all_after(uids, sound & possible)
        good = max(good, other, key=np.count_nonzero)

    def out_of_place(number: int) -> Finding:
        uid, is_possible = int(uids[number]), bool(possible[number])
        code = "index-record-out-of-order" if is_possible else "index-record-impossible-uid"
        return _loss(code, f"a record of UID {uid}, left out", uid if is_possible else None)

    wrong = sound & ~good
    return good, (
        *_findings_of(wrong & ~possible, out_of_place),
        *_findings_of(wrong & possible, out_of_place),
    )


def _possible_records(raw: Rows) -> Mask:
    """Flags that exist, and a header that is no longer than its message.

    Up to 2.3 nothing else tells a record from garbage: of 32 flags 20 do not exist.
    """
    possible: Mask = (raw["system_flags"] & ~_KNOWN_FLAGS) == 0
    possible &= raw["header_size"] <= raw["size"]
    return possible


def _above_all_before(uids: NDArray[np.uint32], candidates: Mask) -> Mask:
    """Piece by piece: copies of all UIDs would take more room than the records' masks."""
    above, highest = candidates.copy(), np.uint32(0)
    for start in range(0, len(uids), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        counted = np.where(candidates[part], uids[part], np.uint32(0))
        so_far = np.maximum.accumulate(np.concatenate([[highest], counted]), dtype=np.uint32)
        above[part] &= uids[part] > so_far[:-1]
        highest = so_far[-1]
    return above


def _below_all_after(uids: NDArray[np.uint32], candidates: Mask) -> Mask:
    below, lowest = candidates.copy(), np.uint32(UID_LIMIT)
    for end in range(len(uids), 0, -_AT_ONCE):
        part = slice(max(end - _AT_ONCE, 0), end)
        counted = np.where(candidates[part], uids[part], np.uint32(UID_LIMIT))[::-1]
        so_far = np.minimum.accumulate(np.concatenate([[lowest], counted]), dtype=np.uint32)
        below[part] &= uids[part] < so_far[:-1][::-1]
        lowest = so_far[-1]
    return below


def _findings_of(wrong: Mask, made: Callable[[int], Finding]) -> tuple[Finding, ...]:
    findings = (made(number) for number in _numbers_of(wrong))
    return tuple(at_most(findings, int(np.count_nonzero(wrong))))


def _numbers_of(mask: Mask) -> Iterator[int]:
    for start in range(0, len(mask), _AT_ONCE):
        yield from (start + np.flatnonzero(mask[start : start + _AT_ONCE])).tolist()


def _loss(code: str, text: str, uid: int | None = None) -> Finding:
    return Finding(severity=Severity.LOSS, code=code, subject=INDEX_SUBJECT, text=text, uid=uid)
