r"""How the state of messages changed between two times: flags, keywords, and whose ``\Seen``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.model.dataclasses import dataclass
from respool.model.inventory import StoredMailbox
from respool.model.messages import SEEN, SYSTEM_FLAGS
from respool.model.state import MailboxState

_SLOTS_A_WORD: Final = 32

Mask = NDArray[np.bool_]
At = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    r"""One folder at one time, as read, and its readers' marks.

    ``is_seen_known``: the record's ``\Seen`` is somebody's, the owner's or everybody's.
    ``are_readers_known``: what readers had seen was kept, too.
    """

    mailbox: StoredMailbox
    state: MailboxState
    is_seen_known: bool
    are_readers_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    r"""What a message can have: a flag or a keyword, or a reader's ``\Seen``.

    ``reader`` is None where it is the message's own, or its owner's.
    """

    name: str
    reader: str | None = None

    def __str__(self) -> str:
        return self.name if self.reader is None else f"{self.name} of {self.reader}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateChange:
    """Of pairs of messages, which got a mark, and which lost it; one of them at least."""

    mark: Mark
    gained: Mask
    lost: Mask


def changes_between(
    before: FolderState, rows: At, after: FolderState, others: At
) -> Iterator[StateChange]:
    """What changed from the ``rows`` of one folder to the ``others`` of one, pair by pair."""
    former = _marks(before, rows)
    later = _spelled_alike(_marks(after, others), before.mailbox.keywords)
    for mark in sorted({*former, *later}, key=str):
        if not _is_comparable(mark, before, after):
            continue
        nothing = np.zeros(len(rows), dtype=np.bool_)
        had, has = former.get(mark, nothing), later.get(mark, nothing)
        if not np.array_equal(had, has):
            yield StateChange(mark=mark, gained=has & ~had, lost=had & ~has)


def _spelled_alike(marks: Mapping[Mark, Mask], keywords: Sequence[str | None]) -> dict[Mark, Mask]:
    """The same marks as ``keywords`` are spelled: to a server case makes no difference."""
    spelled = {each.casefold(): each for each in keywords if each is not None}
    return {
        replace(each, name=spelled.get(each.name.casefold(), each.name)): mask
        for each, mask in marks.items()
    }


def _is_comparable(mark: Mark, *times: FolderState) -> bool:
    if mark.reader is not None:
        return all(each.are_readers_known for each in times)
    return mark.name != SEEN or all(each.is_seen_known for each in times)


def _marks(folder: FolderState, rows: At) -> Mapping[Mark, Mask]:
    """Which of the rows have which mark; those that none has may be left out."""
    records = folder.mailbox.records
    flags = records["system_flags"][rows]
    found = {Mark(name=name): (flags & np.uint32(bit)) != 0 for bit, name in SYSTEM_FLAGS}
    words = records["user_flags"][rows]
    used = np.bitwise_or.reduce(words, axis=0, initial=0) if len(rows) else np.zeros(4, np.uint32)
    for slot, keyword in enumerate(folder.mailbox.keywords):
        word, bit = slot // _SLOTS_A_WORD, np.uint32(1 << slot % _SLOTS_A_WORD)
        if keyword is not None and word < len(used) and used[word] & bit:
            found[Mark(name=keyword)] = (words[:, word] & bit) != 0
    uids = records["uid"][rows]
    for reader, seen in folder.state.seen_by.items():
        found[Mark(name=SEEN, reader=reader)] = seen.mask(uids)
    return found
