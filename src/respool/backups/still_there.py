"""Is what was read of a backup still there? Directories are looked at anew, none is read."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from respool.backups.source import SourceMailbox, open_tree
from respool.cyrus.spool_paths import uids_of_files
from respool.errors import BackupError
from respool.model.dataclasses import dataclass
from respool.model.rows import is_among

Numbers: TypeAlias = "array[int] | NDArray[np.uint32]"
Directory: TypeAlias = tuple[PurePosixPath, PurePosixPath]  # a part's place, and what is below


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamps:
    """When each directory of some mailboxes changed last; None for one that is not there."""

    times: Mapping[Directory, int | None]

    def changed(self) -> frozenset[Directory]:
        """Those that are not now as they were."""
        return frozenset(each for each, time in self.times.items() if _time_of(each) != time)


def stamps_of(sources: Iterable[SourceMailbox]) -> Stamps:
    """How the directories of message files and metadata of ``sources`` stand now."""
    directories = {
        (source.spool, below)
        for source in sources
        for below in (source.place.data, source.place.meta, source.place.archive)
        if below is not None
    }
    return Stamps(times={each: _time_of(each) for each in directories})


def uids_now(directory: Directory) -> NDArray[np.uint32] | None:
    """The UIDs of the message files in a directory, in order; None where it is gone."""
    spool, below = directory
    try:
        tree = open_tree(spool)
        if not tree.is_directory(below):
            return None
        names = tree.all_names(below)
    except BackupError:
        return None
    found = [uids_of_files(text)[0] for text in names.files]
    return np.sort(np.concatenate([np.zeros(0, dtype=np.uint32), *found]))


def gone_from(directory: Directory, wanted: Numbers) -> int:
    """How many message files of the UIDs ``wanted`` are not in a directory any more."""
    now = uids_now(directory) if len(wanted) else None
    if now is None:
        return len(wanted)
    return len(wanted) - int(np.count_nonzero(is_among(np.array(wanted, dtype=np.uint32), now)))


def _time_of(directory: Directory) -> int | None:
    """A new tree each time: one that is kept open would follow a part that is moved away."""
    spool, below = directory
    try:
        entry = open_tree(spool).stat(below)
    except BackupError:
        return None
    return None if entry is None else entry.mtime_ns
