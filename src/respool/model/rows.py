"""Questions to many messages at once: how many, in which order, seen by whom.

Nothing here makes a value for each message of a mailbox before it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.model.dataclasses import dataclass
from respool.model.internal_flags import INTERNAL_FLAGS
from respool.model.inventory import Rows, StoredMailbox
from respool.model.state import MailboxState, UidSet

Uids = NDArray[np.uint32]

_SEEN: Final = 1 << 4
_AT_ONCE: Final = 1 << 16
_PART: Final = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    r"""What a mailbox holds in figures; None is unknown.

    Without an index ``messages`` are the message files. ``unseen`` is what the records
    say: the owner's, or everybody's where the mailbox shares it. ``seen_by`` has how
    many of ``messages`` each reader with a ``\Seen`` of his own has seen, by userid;
    ``annotated`` are those that somebody wrote something beside.
    """

    messages: int
    unseen: int | None
    expunged: int | None
    size_bytes: int
    seen_by: Mapping[str, int]
    annotated: int = 0


def counts_of(mailbox: StoredMailbox, state: MailboxState) -> Counts:
    """A mailbox counted, column by column: the records themselves are not copied."""
    rows, mask = mailbox.orphans, np.ones(len(mailbox.orphans), dtype=np.bool_)
    if mailbox.has_index:
        rows, mask = mailbox.records, mailbox.visible()
    uids = rows["uid"][mask]
    unseen = np.count_nonzero(mask & ~_is_seen(rows)) if mailbox.has_index else None
    expunged = np.count_nonzero(mailbox.recoverable()) if mailbox.has_index else None
    return Counts(
        messages=len(uids),
        unseen=None if unseen is None else int(unseen),
        expunged=None if expunged is None else int(expunged),
        size_bytes=int(rows["size"].sum(where=mask)),
        seen_by={
            reader: int(np.count_nonzero(seen.mask(uids)))
            for reader, seen in sorted(state.seen_by.items())
        },
        annotated=int(np.count_nonzero(_annotated(state).mask(uids))),
    )


def _is_seen(records: Rows) -> NDArray[np.bool_]:
    seen: NDArray[np.bool_] = (records["system_flags"] & np.uint32(_SEEN)) != 0
    return seen


def _annotated(state: MailboxState) -> UidSet:
    return UidSet.of({each.uid for each in state.on_messages if each.uid is not None})


def internal_flag_counts(records: Rows) -> Mapping[str, int]:
    """How many records have each of the flags that servers keep for themselves, by name."""
    flags = records["system_flags"]
    counts = {name: int(np.count_nonzero(flags & np.uint32(bit))) for bit, name in INTERNAL_FLAGS}
    return {name: count for name, count in counts.items() if count}


def is_among(uids: NDArray[np.uint32], ascending: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which of ``uids`` are among others that ascend, in less room than `numpy.isin` takes."""
    found = np.zeros(len(uids), dtype=np.bool_)
    if not len(ascending):
        return found
    others = np.ascontiguousarray(ascending)
    for start in range(0, len(uids), _AT_ONCE):
        chunk = uids[start : start + _AT_ONCE]
        at = np.searchsorted(others, chunk).clip(max=len(others) - 1)
        found[start : start + _AT_ONCE] = others[at] == chunk
    return found


def without_repeats(ascending: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Each once; `numpy.unique` would load what masks arrays, which takes 10 ms."""
    is_first = np.ones(len(ascending), dtype=np.bool_)
    is_first[1:] = ascending[1:] != ascending[:-1]
    return ascending[is_first]


def has_uid(ascending: Uids, uid: int) -> bool:
    """Whether ``uid`` is among others that ascend; of a million a set would take 60 MB more."""
    at = int(ascending.searchsorted(np.uint32(uid)))  # of another type all would be converted
    return at < len(ascending) and int(ascending[at]) == uid


def parts_in_uid_order(
    records: Rows, chosen: NDArray[np.bool_], orphans: Rows
) -> Iterator[tuple[Rows, Rows]]:
    """The records of the mask ``chosen``, some ten thousand at a time, and orphans up to there.

    Both are in UID order, and so are the parts: each is for `in_uid_order`.
    """
    uids, given = np.ascontiguousarray(orphans["uid"]), 0
    for start in range(0, max(len(records), 1), _PART):
        end = start + _PART
        until = len(orphans)
        if end < len(records):  # an orphan with the UID of a record comes after it
            until = int(uids.searchsorted(records["uid"][end]))
        mask = chosen[start:end]
        rows = records[start:end] if mask.all() else records[start:end][mask]
        yield rows, orphans[given:until]
        given = until


def in_uid_order(
    records: Rows, orphans: Rows, state: MailboxState
) -> Iterator[tuple[bool, Rows, tuple[str, ...]]]:
    """The rows of both by their UIDs: whether it is an orphan, the row, who has seen it.

    A record comes before an orphan of the same UID. Readers are sorted.
    """
    uids = np.concatenate([records["uid"], orphans["uid"]])
    order = np.argsort(uids, kind="stable")
    masks = [(reader, seen.mask(uids)) for reader, seen in sorted(state.seen_by.items())]
    for number in _numbers(order):
        readers = tuple(reader for reader, mask in masks if mask[number])
        if number < len(records):
            yield False, records[number], readers
        else:
            yield True, orphans[number - len(records)], readers


def _numbers(order: NDArray[np.intp]) -> Iterator[int]:
    for start in range(0, len(order), _PART):
        yield from order[start : start + _PART].tolist()
