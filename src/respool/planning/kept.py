"""Copies of lost messages that the live server itself still keeps, though nobody sees them.

A server with delayed expunge and delete keeps files for some days: of single messages beside
the others, of whole folders below DELETED. Values in, values out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

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
    live: Sequence[tuple[SourcePlace, StoredMailbox]],
    *,
    has_expunged: bool,
    is_new: bool,
    period: Period,
) -> ChosenMailbox:
    """``each`` with the lacking messages that the live server keeps in the same mailbox.

    The same is the one with its id, whatever it is called, and in it the same UID and octets.
    ``is_new``: the folder is gone, and is made from one place alone: then all or nothing.
    """
    lacking = each.wanted(has_expunged=has_expunged) & ~each.is_there()
    for place, box in live:
        if box.uniqueid is None or box.uniqueid != each.mailbox.uniqueid:
            continue
        at = _rows_kept(each, box)
        mask = lacking & (at >= 0)
        if not mask.any() or (is_new and (mask != lacking).any()):
            continue
        found = KeptCopies(
            place=place,
            uids=frozenset(each.mailbox.records["uid"][mask].tolist()),
            until=_until(box, at[mask], period),
        )
        records = each.mailbox.records.copy()
        records["place"][mask] = box.records["place"][at[mask]]
        mailbox = replace(each.mailbox, records=records)
        return replace(each, mailbox=mailbox, kept=found, place=place if is_new else each.place)
    return each


def kept_places(chosen: Sequence[ChosenMailbox]) -> Mapping[str, SourcePlace]:
    """Where the live server keeps messages of each mailbox of a backup, by its name there."""
    return {each.mailbox.name.admin: each.kept.place for each in chosen if each.kept is not None}


def _rows_kept(each: ChosenMailbox, box: StoredMailbox) -> NDArray[np.int64]:
    """For each record its row in ``box``, where nobody sees it and its file is whole; else -1."""
    records = each.mailbox.records
    hidden = box.recoverable()
    if box.name.is_deleted:
        hidden |= box.restorable()
    whole = box.records["file_size"] == box.records["size"].astype("i8")
    rows = np.flatnonzero(hidden & whole & (box.records["size"] > 0))
    uids = box.records["uid"][rows]
    order = np.argsort(uids, kind="stable")
    at = np.searchsorted(uids[order], records["uid"])
    found = np.full(len(records), -1, dtype=np.int64)
    is_inside = at < len(rows)
    found[is_inside] = rows[order[at[is_inside]]]
    same = found >= 0
    there = found[same]
    same_uid = box.records["uid"][there] == records["uid"][same]
    same_guid = box.records["guid"][there] == records["guid"][same]
    known = records["guid"][same] != np.zeros(1, dtype=records["guid"].dtype)
    joined = np.isin(
        records["uid"][same], np.array(sorted(each.joined), dtype=records["uid"].dtype)
    )
    found[same] = np.where(same_uid & same_guid & known & ~joined, there, -1)
    return found


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
