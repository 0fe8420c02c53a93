"""What directories hold, by names and kinds, in one go; of very large ones kept for a while.

Whoever looks for folders lists a directory of mail, unless its links tell that there is none,
and whoever counts its messages lists it again: of a million files, half a second each time.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from respool.model.dataclasses import dataclass
from respool.system.entry_kinds import EntryKind, kind_of

_AT_ONCE: Final = 4096
_KEPT_FROM: Final = 10_000  # files: listing fewer takes no time
_KEPT_CHARACTERS: Final = 1 << 25  # in all: about four million names
_SETTLED_NS: Final = 3_000_000_000  # file systems note times in steps of up to two seconds

Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryNames:
    """A directory as listed, in no order.

    ``files`` are the names of regular files, some thousand in each text, with ``/`` between
    them, which no name has: a million of them take 9 MB. ``others`` are all other entries.
    """

    files: tuple[str, ...]
    others: tuple[tuple[str, EntryKind], ...]
    file_count: int

    def subdirectories(self) -> tuple[str, ...]:
        """Names of the real directories, sorted."""
        return tuple(sorted(name for name, kind in self.others if kind is EntryKind.DIRECTORY))


def names_among(listing: Iterator[os.DirEntry[str]]) -> DirectoryNames:
    """The entries of a directory; only what is no file, directory or link is looked at itself."""
    files: list[str] = []
    others: list[tuple[str, EntryKind]] = []
    count = 0
    while batch := list(islice(listing, _AT_ONCE)):
        names = [item.name for item in batch if item.is_file(follow_symlinks=False)]
        if names:
            files.append("/".join(names))
            count += len(names)
        if len(names) < len(batch):
            others += _others_among(batch)
    return DirectoryNames(files=tuple(files), others=tuple(others), file_count=count)


def _others_among(batch: list[os.DirEntry[str]]) -> Iterator[tuple[str, EntryKind]]:
    for item in batch:
        if item.is_dir(follow_symlinks=False):
            yield item.name, EntryKind.DIRECTORY
        elif not item.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):  # gone between two calls
                yield item.name, kind_of(item.stat(follow_symlinks=False).st_mode)


class KeptNames:
    """The names of very large directories that were listed, each for the next who asks.

    They are given only while the directory has the times that it had when it was listed,
    if these were old enough by then to tell a later change. May be used by several threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, ...], tuple[Stamp, DirectoryNames]] = {}

    def take(self, parts: tuple[str, ...], stamp: Stamp) -> DirectoryNames | None:
        """What was kept of a directory, once; None if it may have changed."""
        with self._lock:
            before, names = self._kept.pop(parts, (stamp, None))
        return names if before == stamp else None

    def forget(self, parts: tuple[str, ...]) -> None:
        """Let go of what was kept of a directory."""
        with self._lock:
            self._kept.pop(parts, None)

    def keep(self, parts: tuple[str, ...], stamp: Stamp, names: DirectoryNames) -> None:
        """Keep what was listed of a directory whose ``stamp`` was taken right before."""
        if names.file_count < _KEPT_FROM or time.time_ns() - max(stamp[2:]) < _SETTLED_NS:
            return
        with self._lock:
            kept = sum(len(text) for _, each in self._kept.values() for text in each.files)
            if kept + sum(map(len, names.files)) <= _KEPT_CHARACTERS:
                self._kept[parts] = stamp, names


def stamp_of(directory_fd: int) -> Stamp:
    """Which directory it is, and when it was last changed."""
    found = os.fstat(directory_fd)
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns
