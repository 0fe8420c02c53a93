"""Archives side by side, of one or several servers, as ``borg mount`` shows those it holds.

Their names are free: ``mail1-2024-11-19T01:00:00`` is usual, what stands before the date is
the server then. One without a date is dated about by its newest index.

Source: borg(1), ``borg mount``: each archive is a directory of its name; ``borg create``
with ``{hostname}-{now}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from respool.backups.candidates import Candidate, contents_of, entries_besides, has_spool
from respool.backups.dated_names import date_in, is_underway
from respool.backups.kind import RootContents
from respool.backups.source import tree_at
from respool.backups.spool_layout import find_partitions
from respool.errors import BackupFileMissing
from respool.model.generations import BackupRoot


class Archives:
    """The kind for a mounted Borg repository, or any folder of spools."""

    name = "archives"
    layout = "several directories with a spool in each, such as a mounted Borg repository"

    def detect(self, place: PurePosixPath) -> BackupRoot | None:  # noqa: D102 - see BackupKind
        try:
            tree = tree_at(place)
        except BackupFileMissing:
            return None
        if find_partitions(tree):
            return None
        if not any(has_spool(place / name) for name in tree.subdirectories()):
            return None
        return BackupRoot(
            kind=self.name,
            place=place,
            description="archives side by side, dated by name or else by their newest index",
        )

    def contents(self, root: BackupRoot) -> RootContents:  # noqa: D102 - see BackupKind
        names = tree_at(root.place).subdirectories()
        return contents_of(_candidates(root.place, names), entries_besides(root.place, names))


def _candidates(place: PurePosixPath, names: tuple[str, ...]) -> Iterator[Candidate]:
    for name in names:
        date = date_in(name)
        yield Candidate(
            label=name,
            entry=name,
            place=place / name,
            taken_at=date.taken_at if date else None,
            is_about=date.is_about if date else True,
            host=date.prefix or None if date else None,
            is_underway=is_underway(name),
        )
