"""rsnapshot: ``daily.0`` is the newest of its level, ``daily.1`` the one before, and so on.

Each holds a directory for every machine. rsnapshot sets the time of ``.0`` when a copy ends,
and renaming keeps it: so the directory's own time is the date, unless the tree was copied
without times; then it contradicts the numbers.

Source: rsnapshot-program.pl, ``backup_lowest_interval``, ``rotate_lowest_snapshots``,
``handle_interval``; rsnapshot(1), sync_first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

from respool.backups.candidates import UNDER_WAY, Candidate, contents_of, has_spool
from respool.backups.kind import RootContents
from respool.backups.source import tree_at
from respool.errors import BackupFileMissing
from respool.model.generations import BackupRoot, UnusedEntry
from respool.system.read_only import Entry, EntryKind

_LEVEL: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,40})\.([0-9]{1,5})", re.ASCII)
_SYNC: Final = ".sync"
_DELETED: Final = re.compile(r"_delete\.[0-9]+", re.ASCII)
_NANOSECONDS: Final = 1_000_000_000


class Rsnapshot:
    """The kind for a ``snapshot_root``."""

    name = "rsnapshot"
    layout = "daily.0, daily.1 and the like, as rsnapshot makes them"

    def detect(self, place: PurePosixPath) -> BackupRoot | None:  # noqa: D102 - see BackupKind
        try:
            candidates = list(_candidates(place))
        except BackupFileMissing:
            return None
        if not any(has_spool(each.place) for each in candidates):
            return None
        levels = ", ".join(dict.fromkeys(each.label.rpartition(".")[0] for each in candidates))
        return BackupRoot(
            kind=self.name,
            place=place,
            description=f"rsnapshot ({levels}), dated by the times of its directories",
        )

    def contents(self, root: BackupRoot) -> RootContents:  # noqa: D102 - see BackupKind
        candidates = list(_candidates(root.place))
        used = {each.entry for each in candidates}
        return contents_of(candidates, _unused(root.place, used))


def _candidates(place: PurePosixPath) -> Iterator[Candidate]:
    levels: dict[str, list[tuple[int, Entry]]] = {}
    for entry in tree_at(place).scan():
        found = _LEVEL.fullmatch(entry.name)
        if found and entry.kind is EntryKind.DIRECTORY and not _DELETED.fullmatch(entry.name):
            levels.setdefault(found[1], []).append((int(found[2]), entry))
    for _, numbered in sorted(levels.items()):
        numbered.sort(key=lambda pair: pair[0])
        times = [entry.mtime_ns for _, entry in numbered]
        is_told = all(newer > older for newer, older in pairwise(times))
        for _, entry in numbered:
            yield Candidate(
                label=entry.name,
                entry=entry.name,
                place=place / entry.name,
                taken_at=_at(entry.mtime_ns) if is_told else None,
            )


def _at(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds // _NANOSECONDS, UTC)


def _unused(place: PurePosixPath, used: Iterable[str]) -> Iterator[UnusedEntry]:
    known = set(used)
    for entry in tree_at(place).scan():
        if entry.kind is not EntryKind.DIRECTORY or entry.name in known:
            continue
        why = "no level of rsnapshot"
        if entry.name == _SYNC:
            why = UNDER_WAY
        elif _DELETED.fullmatch(entry.name):
            why = "being deleted"
        yield UnusedEntry(name=entry.name, why=why)
