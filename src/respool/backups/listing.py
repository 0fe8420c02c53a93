"""What lies in one directory of a mailbox, as it was listed."""

from __future__ import annotations

from array import array
from dataclasses import field
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.spool_paths import (
    CACHE_FILE,
    EXPUNGE_FILE,
    HEADER_FILE,
    INDEX_FILE,
    is_like_message_file,
    uid_of_file,
)
from respool.model.dataclasses import dataclass
from respool.model.inventory import FILE, NAMED, NOWHERE, UNKNOWN_SIZE, Rows
from respool.model.many_findings import SINGLE_LIMIT
from respool.system.read_only import Entry, EntryKind

_NANOSECONDS: Final = 1_000_000_000
KEPT_FILES: Final = frozenset({CACHE_FILE, EXPUNGE_FILE, HEADER_FILE, INDEX_FILE})


@dataclass(slots=True)
class Listing:
    """A directory as listed: numbers for its message files, names for what else matters.

    ``unsized`` are the UIDs, in order, of files that were not asked for size and time; ``read``
    are FILE rows of all of them, where each was read, and there are no others.
    Of very many odd entries the first are kept, and ``odd_count`` counts all.
    """

    place: int
    directory: PurePosixPath | None
    numbers: array[int] = field(default_factory=lambda: array("q"))
    read: Rows = field(default_factory=lambda: np.zeros(0, dtype=FILE))
    unsized: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    files: dict[str, Entry] = field(default_factory=dict)
    odd: set[tuple[str, str, PurePosixPath | None]] = field(default_factory=set)
    odd_count: int = 0
    subdirectories: list[str] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Sort one entry in."""
        uid = uid_of_file(entry.name) if entry.kind is EntryKind.FILE else None
        if uid is not None:
            seconds = entry.mtime_ns // _NANOSECONDS
            self.numbers.extend((uid, entry.size_bytes, seconds))
        elif entry.kind is EntryKind.FILE and not is_like_message_file(entry.name):
            if entry.name in KEPT_FILES:
                self.files[entry.name] = entry
        elif entry.kind is EntryKind.DIRECTORY:
            self.subdirectories.append(entry.name)
        else:
            self.odd_count += 1
            if len(self.odd) <= SINGLE_LIMIT:
                self.odd.add((entry.name, entry.kind.value, self.directory))

    def rows(self) -> Rows:
        """FILE rows of the message files, in no order; none for a directory of meta.

        Where none of them was asked for its size, rows of NAMED.
        """
        if self.place == NOWHERE:
            return np.zeros(0, dtype=FILE)
        if len(self.read):
            return self.read
        if not len(self.numbers) and len(self.unsized):
            named: Rows = np.zeros(len(self.unsized), dtype=NAMED)
            named["uid"], named["place"] = self.unsized, self.place
            return named
        columns = np.frombuffer(self.numbers, dtype=np.int64).reshape(-1, 3)
        rows: Rows = np.zeros(len(columns) + len(self.unsized), dtype=FILE)
        sized, unsized = rows[: len(columns)], rows[len(columns) :]
        for column, name in enumerate(("uid", "size", "mtime")):
            sized[name] = columns[:, column]
        unsized["uid"], unsized["size"] = self.unsized, UNKNOWN_SIZE
        rows["place"] = self.place
        return rows
