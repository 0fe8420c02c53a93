"""Directories with their date in the name, one generation each.

Copies by rsync, ZFS snapshots (in ``.zfs/snapshot`` of a data set, too), Timeshift, btrbk,
Borg's archives of one server: whoever made them, the name says when. One among them whose
name does not, and that holds mail, is dated about by its newest index.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from respool.backups.candidates import Candidate, contents_of, entries_besides, has_spool
from respool.backups.dated_names import DatedName, date_in, is_underway
from respool.backups.kind import RootContents
from respool.backups.source import tree_at
from respool.errors import BackupError, BackupFileMissing
from respool.model.generations import BackupRoot

_ZFS: Final = PurePosixPath(".zfs/snapshot")


class DatedDirectories:
    """The kind for a folder of ``2024-11-19`` and the like, all of one server."""

    name = "dated"
    layout = "directories with a date in their name, such as 2024-11-19 or .zfs/snapshot/…"

    def detect(self, place: PurePosixPath) -> BackupRoot | None:  # noqa: D102 - see BackupKind
        for directory in (place, place / _ZFS):
            dated = _dated(directory)
            if _is_of_one(dated) and any(has_spool(directory / name) for name in dated):
                return BackupRoot(kind=self.name, place=directory, description=_said(directory))
        return None

    def contents(self, root: BackupRoot) -> RootContents:  # noqa: D102 - see BackupKind
        candidates = tuple(_candidates(root.place, _dated(root.place)))
        used = [each.entry for each in candidates]
        return contents_of(candidates, entries_besides(root.place, used))


def _said(directory: PurePosixPath) -> str:
    if directory.parts[-2:] == _ZFS.parts:
        return "ZFS snapshots, dated by their names"
    return "directories dated by their names"


def _is_of_one(dated: dict[str, DatedName]) -> bool:
    """Whether the names do not begin with several different words, of several servers say."""
    prefixes = {each.prefix for each in dated.values()}
    return "" in prefixes or len(prefixes) == 1


def _dated(directory: PurePosixPath) -> dict[str, DatedName]:
    """The directories with a date in their name."""
    try:
        names = tree_at(directory).subdirectories()
    except BackupFileMissing:
        return {}
    except BackupError:
        if directory.parts[-2:] == _ZFS.parts:
            return {}
        raise
    dated = {name: date_in(name) for name in names}
    return {name: date for name, date in dated.items() if date is not None}


def _candidates(place: PurePosixPath, dated: dict[str, DatedName]) -> Iterator[Candidate]:
    for name, date in dated.items():
        yield Candidate(
            label=name,
            entry=name,
            place=place / name,
            taken_at=date.taken_at,
            is_about=date.is_about,
            is_underway=is_underway(name),
        )
    for name in tree_at(place).subdirectories():
        if name not in dated and not is_underway(name) and has_spool(place / name):
            yield Candidate(label=name, entry=name, place=place / name, taken_at=None)
