"""A mounted restic repository: each snapshot under several names, ``latest`` a link.

``hosts/HOST/TIME`` tells the server, so those are taken where they are; ``snapshots/TIME``
without them. Snapshots of several hosts within half a day are one generation.

Source: restic, cmd/restic/cmd_mount.go (templates of paths and times) and
internal/fuse/snapshots_dirstruct.go (``latest``, and ``-1`` after a time taken twice).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from respool.backups.candidates import Candidate, contents_of, has_spool
from respool.backups.dated_names import date_in
from respool.backups.kind import RootContents
from respool.backups.source import tree_at
from respool.errors import BackupFileMissing
from respool.model.generations import BackupRoot, UnusedEntry

_HOSTS: Final = "hosts"
_SNAPSHOTS: Final = "snapshots"
_VIEWS: Final = frozenset({_HOSTS, _SNAPSHOTS, "ids", "tags"})


class Restic:
    """The kind for what ``restic mount`` shows."""

    name = "restic"
    layout = "hosts, ids, snapshots and tags, as restic mount shows them"

    def detect(self, place: PurePosixPath) -> BackupRoot | None:  # noqa: D102 - see BackupKind
        try:
            there = _VIEWS.intersection(tree_at(place).subdirectories())
        except BackupFileMissing:
            return None
        if len(there) < 2 or not there.intersection({_HOSTS, _SNAPSHOTS}):
            return None
        if not any(has_spool(each.place) for each in _candidates(place)):
            return None
        view = _view(place)
        return BackupRoot(
            kind=self.name,
            place=place,
            description=f"snapshots of restic, dated by their names in {view}",
        )

    def contents(self, root: BackupRoot) -> RootContents:  # noqa: D102 - see BackupKind
        view = _view(root.place)
        others = [
            UnusedEntry(name=name, why=f"the same as {view}" if name in _VIEWS else "not restic's")
            for name in tree_at(root.place).subdirectories()
            if name != view
        ]
        return contents_of(_candidates(root.place), others)


def _view(place: PurePosixPath) -> str:
    """The directory whose snapshots are taken."""
    tree = tree_at(place)
    has_hosts = any(
        tree.subdirectories(f"{_HOSTS}/{host}") for host in tree.subdirectories(_HOSTS)
    )
    return _HOSTS if has_hosts else _SNAPSHOTS


def _candidates(place: PurePosixPath) -> Iterator[Candidate]:
    tree = tree_at(place)
    if _view(place) == _SNAPSHOTS:
        yield from _snapshots(place, PurePosixPath(_SNAPSHOTS), None)
        return
    for host in tree.subdirectories(_HOSTS):
        yield from _snapshots(place, PurePosixPath(_HOSTS, host), host)


def _snapshots(
    place: PurePosixPath, below: PurePosixPath, host: str | None
) -> Iterator[Candidate]:
    for name in tree_at(place).subdirectories(below):
        date = date_in(name)
        yield Candidate(
            label=name,
            entry=str(below / name),
            place=place / below / name,
            taken_at=date.taken_at if date else None,
            is_about=date is None,
            host=host,
        )
