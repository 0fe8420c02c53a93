"""The copies of messages in one state of an account, folder by folder, whole or in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.inventory import StoredMailbox

GUID: Final = np.dtype("V20")
COPIES_AT_ONCE: Final = 1 << 15
_NONE: Final = -1

Small = NDArray[np.int32]
GuidText = NDArray[np.bytes_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FolderCopies:
    """The messages of one folder. ``guids`` is a column of V20, ``uids`` one of u4.

    ``path`` is equal where it is the same folder in both states; ``folder_id`` is the
    server's unique id, None where it is not known. ``asked`` is a mask: of a backup, of the
    copies that want an answer; of a live account, of those that may give one.
    """

    path: str
    folder_id: str | None
    guids: NDArray[np.void]
    uids: NDArray[np.uint32]
    asked: NDArray[np.bool_]


def copies_of(mailbox: StoredMailbox, asked: NDArray[np.bool_] | None = None) -> FolderCopies:
    """The records of a mailbox, all visible ones asked for unless ``asked`` says which."""
    return FolderCopies(
        path=folder_path(mailbox.name),
        folder_id=mailbox.uniqueid,
        guids=mailbox.records["guid"],
        uids=mailbox.records["uid"],
        asked=mailbox.visible() if asked is None else asked,
    )


def has_guid(guids: NDArray[np.void]) -> NDArray[np.bool_]:
    """Mask of the GUIDs that are known, which are not all zeros."""
    mask = np.empty(len(guids), dtype=np.bool_)
    for start in range(0, len(guids), COPIES_AT_ONCE):  # no copy of all
        part = slice(start, start + COPIES_AT_ONCE)
        mask[part] = as_text(guids[part]) != b""
    return mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Asked copies of one side that have a GUID, by folder and row."""

    folder: Small
    row: Small
    uid: NDArray[np.uint32]
    guid: GuidText

    def by_folder(self) -> Iterator[tuple[int, slice]]:
        """The folders that any of them are in, and where here these are."""
        starts = np.flatnonzero(np.diff(self.folder, prepend=_NONE))
        for start, end in pairwise([*starts.tolist(), len(self.folder)]):
            yield int(self.folder[start]), slice(start, end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """All copies of one side: for each folder a mask of what counts, and octets to part it by."""

    folders: Sequence[FolderCopies]
    masks: Sequence[NDArray[np.bool_]]
    octets: Sequence[NDArray[np.uint8]]

    @classmethod
    def of(cls, folders: Sequence[FolderCopies]) -> Parted:
        """Of folders in the order that they are given in."""
        return cls(
            folders=folders,
            masks=[each.asked & has_guid(each.guids) for each in folders],
            octets=[each.guids[:, np.newaxis].view(np.uint8)[:, 0].copy() for each in folders],
        )

    @property
    def count(self) -> int:
        """How many copies there are."""
        return sum(int(np.count_nonzero(each)) for each in self.masks)

    def side(self, number: int, parts: int) -> Side:
        """One of the parts, of which there are a power of two."""
        found = []
        for at, (folder, mask, octets) in enumerate(
            zip(self.folders, self.masks, self.octets, strict=True)
        ):
            is_here = mask if parts == 1 else mask & ((octets & np.uint8(parts - 1)) == number)
            rows = np.flatnonzero(is_here).astype(np.int32)
            if len(rows):
                found.append((at, folder, rows))
        return Side(
            folder=np.repeat(
                np.array([at for at, _, _ in found], dtype=np.int32),
                np.array([len(rows) for _, _, rows in found], dtype=np.int64),
            ),
            row=np.concatenate([np.zeros(0, dtype=np.int32), *(rows for _, _, rows in found)]),
            uid=np.concatenate(
                [np.zeros(0, dtype=np.uint32), *(each.uids[at] for _, each, at in found)]
            ),
            guid=np.concatenate(
                [
                    as_text(np.zeros(0, dtype=GUID)),
                    *(as_text(each.guids[at]) for _, each, at in found),
                ]
            ),
        )


def as_text(guids: NDArray[np.void]) -> GuidText:
    """The same octets as a type that sorts; all have one length, so no zero at an end is lost."""
    text: GuidText = np.ascontiguousarray(guids).view(np.dtype(f"S{GUID.itemsize}"))
    return text
