"""Where a live account has a message, by its GUID: for many questions about one account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from respool.backups.source import SourceMailbox
from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.inventory import StoredMailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCopy:
    """One copy in the live account; ``is_kept``: only as deleted, until the server forgets it.

    ``folder_id`` is its folder's unique id, None where nobody knows it.
    """

    folder: str
    uid: int
    is_kept: bool
    folder_id: str | None = None


class Asked(NamedTuple):
    """One copy of a backup that asks for one of the live account."""

    folder: str
    uid: int
    folder_id: str | None = None


_IsNear: TypeAlias = Callable[[Asked, LiveCopy], bool]


class LiveCopies:
    """The copies of a live account: what people see, and what is deleted and kept."""

    def __init__(self, pairs: Sequence[tuple[SourceMailbox, StoredMailbox]]) -> None:
        self._paths = tuple(folder_path(source.name) for source, _ in pairs)
        self._ids = tuple(mailbox.uniqueid for _, mailbox in pairs)
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
                folder_id=self._ids[int(self._folders[at])],
            )
            for at in range(first, last)
        ]
        return tuple(sorted(found, key=lambda each: (each.is_kept, each.folder, each.uid)))


def answering(wanted: Iterable[Asked], copies: Sequence[LiveCopy]) -> list[LiveCopy | None]:
    """For each copy of a backup of one message the live copy that answers it.

    Each live copy answers one, the nearest first as in `respool.planning.answering`: of the
    same folder, of the folder with the same id (it was renamed), then any; among those of one
    folder the one with the same UID first. What is only kept as deleted answers none.
    """
    asked = list(wanted)
    free = [each for each in copies if not each.is_kept]
    found: list[LiveCopy | None] = [None] * len(asked)
    for is_near in _ROUNDS:
        for at, place in enumerate(asked):
            if found[at] is None:
                found[at] = next((each for each in free if is_near(place, each)), None)
            answer = found[at]
            if answer is not None and answer in free:
                free.remove(answer)
    return found


def _is_same_folder(asked: Asked, copy: LiveCopy) -> bool:
    return asked.folder == copy.folder


def _is_same_id(asked: Asked, copy: LiveCopy) -> bool:
    return asked.folder_id is not None and asked.folder_id == copy.folder_id


def _with_same_uid(is_near: _IsNear) -> _IsNear:
    return lambda asked, copy: asked.uid == copy.uid and is_near(asked, copy)


_ROUNDS: Final[tuple[_IsNear, ...]] = (
    _with_same_uid(_is_same_folder),
    _is_same_folder,
    _with_same_uid(_is_same_id),
    _is_same_id,
    lambda _asked, _copy: True,
)
