"""Where a live account has a message, by its GUID: for many questions about one account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from respool.backups.source import SourceMailbox
from respool.model.accounts import folder_path
from respool.model.inventory import StoredMailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCopy:
    """One copy in the live account; ``is_kept``: only as deleted, until the server forgets it."""

    folder: str
    uid: int
    is_kept: bool


class LiveCopies:
    """The copies of a live account: what people see, and what is deleted and kept."""

    def __init__(self, pairs: Sequence[tuple[SourceMailbox, StoredMailbox]]) -> None:
        self._paths = tuple(folder_path(source.name) for source, _ in pairs)
        guids, uids, folders, kept = [], [], [], []
        for number, (source, mailbox) in enumerate(pairs):
            visible = mailbox.visible()
            rows = mailbox.records[visible | mailbox.recoverable()]
            is_visible = visible[visible | mailbox.recoverable()]
            guids.append(np.ascontiguousarray(rows["guid"]).view("S20"))
            uids.append(rows["uid"])
            folders.append(np.full(len(rows), number, dtype=np.int32))
            kept.append(~is_visible | source.name.is_deleted)
        every = np.concatenate([np.zeros(0, dtype="S20"), *guids])
        order = np.argsort(every, kind="stable")
        self._guids = every[order]
        self._uids = np.concatenate([np.zeros(0, dtype="u4"), *uids])[order]
        self._folders = np.concatenate([np.zeros(0, dtype=np.int32), *folders])[order]
        self._kept = np.concatenate([np.zeros(0, dtype=np.bool_), *kept])[order]

    @property
    def count(self) -> int:
        """How many copies there are."""
        return len(self._guids)

    def of(self, guid: str) -> tuple[LiveCopy, ...]:
        """All copies of a message, those that people see first."""
        wanted = np.array([bytes.fromhex(guid)], dtype="S20")
        first, last = (
            int(np.searchsorted(self._guids, wanted, side=side)[0]) for side in ("left", "right")
        )
        found = [
            LiveCopy(
                folder=self._paths[int(self._folders[at])],
                uid=int(self._uids[at]),
                is_kept=bool(self._kept[at]),
            )
            for at in range(first, last)
        ]
        return tuple(sorted(found, key=lambda each: (each.is_kept, each.folder, each.uid)))


def answering(
    wanted: Iterable[tuple[str, int]], copies: Sequence[LiveCopy]
) -> list[LiveCopy | None]:
    """For each copy of a backup (folder and UID) of one message the live copy that answers it.

    Each live copy answers one: that of the same folder and UID first, of the same folder,
    then any; what is only kept as deleted answers none.
    """
    asked = list(wanted)
    free = [each for each in copies if not each.is_kept]
    found: list[LiveCopy | None] = [None] * len(asked)
    for is_near in (_is_same_place, _is_same_folder, _is_any):
        for at, place in enumerate(asked):
            if found[at] is None:
                found[at] = next((each for each in free if is_near(place, each)), None)
            answer = found[at]
            if answer is not None and answer in free:
                free.remove(answer)
    return found


def _is_same_place(place: tuple[str, int], copy: LiveCopy) -> bool:
    return place == (copy.folder, copy.uid)


def _is_same_folder(place: tuple[str, int], copy: LiveCopy) -> bool:
    return place[0] == copy.folder


def _is_any(*_: object) -> bool:
    return True
