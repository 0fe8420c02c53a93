"""Copies of lost messages that the live server itself still keeps, though nobody sees them.

A server with delayed expunge and delete keeps files for some days: of single messages beside
the others, of whole folders below DELETED. Values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace

import numpy as np
from numpy.typing import NDArray

from respool.model.dataclasses import dataclass
from respool.model.inventory import StoredMailbox
from respool.planning.chosen import ChosenMailbox, KeptCopies
from respool.planning.source_place import SourcePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """How long a server keeps what was expunged, and folders that were deleted, in seconds.

    None where its configuration does not say.
    """

    expunged: int | None = None
    deleted: int | None = None


def with_kept(
    each: ChosenMailbox,
    live: Iterable[tuple[SourcePlace, Iterable[StoredMailbox]]],
    *,
    has_expunged: bool,
    is_new: bool,
    period: Period,
) -> ChosenMailbox:
    """``each`` with the lacking messages that the live server keeps in the same mailbox.

    ``live`` are mailboxes, each in pieces: the same one with some of its records in each, so
    that of a million not all are held at once. The same is the one with its id, whatever it
    is called, and in it the same UID and octets.
    ``is_new``: the folder is gone, and is made from one place alone: then all or nothing.
    """
    lacking = each.wanted(has_expunged=has_expunged) & ~each.is_there()
    if not lacking.any():
        return each
    for place, pieces in live:
        found = _Found.of(each, lacking)
        for box in pieces:
            if box.uniqueid is not None and box.uniqueid == each.mailbox.uniqueid:
                found.add(box, period)
        if not found.mask.any() or (is_new and (found.mask != lacking).any()):
            continue
        until = min(found.until, default=None)
        kept = KeptCopies(place=place, uids=found.uids[found.mask], until=until)
        return replace(
            each, mailbox=found.mailbox(), kept=kept, place=place if is_new else each.place
        )
    return each


def kept_places(chosen: Sequence[ChosenMailbox]) -> Mapping[str, SourcePlace]:
    """Where the live server keeps messages of each mailbox of a backup, by its name there."""
    return {each.mailbox.name.admin: each.kept.place for each in chosen if each.kept is not None}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """What of a mailbox's ``lacking`` records was found: a mask, and in which place of it.

    ``uids`` are those of all its records, ``until`` when the server may remove what of each
    piece was found, in seconds since 1970; empty where it does not say.
    """

    chosen: ChosenMailbox
    lacking: NDArray[np.bool_]
    uids: NDArray[np.uint32]
    joined: NDArray[np.uint32]
    mask: NDArray[np.bool_]
    places: NDArray[np.uint8]
    until: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, chosen: ChosenMailbox, lacking: NDArray[np.bool_]) -> _Found:
        """Nothing yet."""
        records = chosen.mailbox.records
        return cls(
            chosen=chosen,
            lacking=lacking,
            uids=np.ascontiguousarray(records["uid"]),
            joined=np.array(sorted(chosen.joined), dtype=np.uint32),
            mask=np.zeros(len(records), dtype=np.bool_),
            places=np.zeros(len(records), dtype=np.uint8),
        )

    def add(self, box: StoredMailbox, period: Period) -> None:
        """What nobody sees in ``box``, and is whole there, with the same UID and octets."""
        hidden = box.recoverable()
        if box.name.is_deleted:
            hidden |= box.restorable()
        hidden &= box.records["file_size"] == box.records["size"].astype("i8")
        rows = np.flatnonzero(hidden & (box.records["size"] > 0))
        at = np.searchsorted(self.uids, box.records["uid"][rows])
        rows, at = rows[at < len(self.uids)], at[at < len(self.uids)]
        guids = self.chosen.mailbox.records["guid"][at]
        same = self.lacking[at] & (self.uids[at] == box.records["uid"][rows])
        same &= (guids == box.records["guid"][rows]) & (guids != np.void(bytes(20)))
        same &= ~np.isin(self.uids[at], self.joined)
        rows, at = rows[same], at[same]
        if len(rows):
            self.mask[at] = True
            self.places[at] = box.records["place"][rows]
            until = _until(box, rows, period)
            self.until.extend(() if until is None else (until,))

    def mailbox(self) -> StoredMailbox:
        """The mailbox with the places of what was found; no copy where these are the same."""
        box = self.chosen.mailbox
        if (box.records["place"][self.mask] == self.places[self.mask]).all():
            return box
        records = box.records.copy()
        records["place"][self.mask] = self.places[self.mask]
        return replace(box, records=records)


def _until(box: StoredMailbox, rows: NDArray[np.int64], period: Period) -> int | None:
    """When the server may remove the first of them, in seconds since 1970; None: not known."""
    if box.name.is_deleted:
        return None if period.deleted is None else deleted_at(box) + period.deleted
    since = int(box.records["last_updated"][rows].min())
    return None if period.expunged is None else since + period.expunged


def deleted_at(box: StoredMailbox) -> int:
    """When a mailbox below DELETED was deleted, by the last part of its name; 0: not known."""
    try:
        return int(box.name.parts[-1], 16)
    except ValueError:
        return 0
