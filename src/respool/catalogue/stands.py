"""Where messages stood: of a new version of a folder only what differs is written.

A stand says of one message that it is in all versions of a folder from one to another. One
end that is open says "as far as is known": so a version in which nothing changed adds
nothing, whichever side it is added to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.catalogue.database import Database
from respool.catalogue.folders import OPEN, VersionPlace
from respool.model.dataclasses import dataclass

NOT_CHANGED: Final = -1  # in ``changed``: no time is known, or it does not apply
# One message in one version of a folder; what is compared to tell whether it is as before.
STOOD: Final = np.dtype(
    [
        ("uid", "u4"),
        ("guid", "S21"),
        ("date", "i8"),
        ("state", "i4"),
        ("changed", "i8"),
    ]
)
_KEPT: Final = np.dtype([*STOOD.descr, ("first", "i8"), ("last", "i8")])
_AT_ONCE: Final = 4096

Stood = NDArray[np.void]  # rows of STOOD in the order of their UIDs, each once


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is to be written for a new version: rows of STOOD that no stand says yet."""

    new: NDArray[np.intp]
    gone: Stood


def compared(database: Database, folder: int, version: int, rows: Stood) -> Comparison:
    """Hold a version's rows against the stands that say something of it."""
    kept = _kept(database, folder, version)
    at = np.searchsorted(kept["uid"], rows["uid"])
    is_known = np.zeros(len(rows), dtype=np.bool_)
    is_confirmed = np.zeros(len(kept), dtype=np.bool_)
    if len(kept):
        at = at.clip(max=len(kept) - 1)
        is_known = np.ones(len(rows), dtype=np.bool_)
        for name in STOOD.names or ():
            is_known &= kept[name][at] == rows[name]
        is_confirmed[at[is_known]] = True
    return Comparison(new=np.flatnonzero(~is_known), gone=kept[~is_confirmed])


def _kept(database: Database, folder: int, version: int) -> Stood:
    """The stands that say of ``version`` that it has their messages."""
    rows = database.each(
        "SELECT uid, guid, date, state, coalesce(changed, -1), first, last"
        " FROM stand JOIN message ON message.id = stand.message"
        " WHERE folder = ?1 AND first <= ?2 AND (last = 0 OR last >= ?2)"
        " ORDER BY uid",
        (folder, version),
        _AT_ONCE,
    )
    chunks = list(_chunks(rows))
    return np.concatenate(chunks) if chunks else np.zeros(0, dtype=_KEPT)


def undescribed(database: Database, folder: int, version: int) -> NDArray[np.uint32]:
    """The UIDs of messages of a version with files, of which nothing but that is known."""
    rows = database.rows(
        "SELECT uid FROM stand JOIN message ON message.id = stand.message"
        " JOIN state ON state.id = state WHERE folder = ?1 AND first <= ?2"
        " AND (last = 0 OR last >= ?2) AND senders IS NULL AND has_file",
        (folder, version),
    )
    return np.array([uid for (uid,) in rows], dtype=np.uint32)


def _chunks(rows: Iterator[tuple[int, ...]]) -> Iterator[Stood]:
    while chunk := [row for row, _ in zip(rows, range(_AT_ONCE), strict=False)]:
        yield np.array(chunk, dtype=_KEPT)


def cut(database: Database, folder: int, place: VersionPlace, gone: Stood) -> None:
    """Say of the messages ``gone`` no longer that this version has them."""
    delete, insert = [], []
    ends = (gone[name].tolist() for name in ("uid", "first", "last"))
    for uid, first, last in zip(*ends, strict=True):
        delete.append((folder, uid, first))
        if place.below is not None and first <= place.below:
            insert.append((folder, uid, first, first, place.below))
        if place.above is not None and (last == OPEN or last >= place.above):
            insert.append((folder, uid, first, place.above, last))
    columns = "folder, uid, first, last, message, state, date, changed"
    database.write("DELETE FROM temp.cut_stand")
    database.write_many(
        f"INSERT INTO temp.cut_stand ({columns})"
        " SELECT folder, uid, ?4, ?5, message, state, date, changed FROM stand"
        " WHERE (folder, uid, first) = (?1, ?2, ?3)",
        insert,
    )
    database.write_many("DELETE FROM stand WHERE (folder, uid, first) = (?, ?, ?)", delete)
    database.write(f"INSERT INTO stand ({columns}) SELECT {columns} FROM temp.cut_stand")


def add(
    database: Database, folder: int, place: VersionPlace, rows: Stood, messages: list[int]
) -> None:
    """Say of messages, by their numbers, that this version has them, and others are not known."""
    first = OPEN if place.below is None else place.version
    last = OPEN if place.above is None else place.version
    columns = (rows[name].tolist() for name in ("uid", "state", "date", "changed"))
    database.write_many(
        "INSERT OR REPLACE INTO stand VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (folder, uid, first, last, message, state, date, None if changed < 0 else changed)
            for message, uid, state, date, changed in zip(messages, *columns, strict=True)
        ),
    )


def prepare(database: Database) -> None:
    """What `cut` needs beside the file, once for each connection."""
    database.write(
        "CREATE TEMP TABLE IF NOT EXISTS cut_stand"
        " (folder, uid, first, last, message, state, date, changed)"
    )
