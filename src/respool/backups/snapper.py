"""snapper: numbered snapshots of a btrfs subvolume, each with a description beside it.

``.snapshots/N/snapshot`` is the state, ``.snapshots/N/info.xml`` says when it was taken, in
UTC. The number names the generation.

Source: snapper(8); snapper/Snapshot.cc (``writeInfo``: element ``date``, in UTC).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

from respool.backups.candidates import Candidate, contents_of, entries_besides, has_spool
from respool.backups.kind import RootContents
from respool.backups.source import tree_at
from respool.errors import BackupError, BackupFileMissing
from respool.model.generations import BackupRoot

_SNAPSHOTS: Final = PurePosixPath(".snapshots")
_STATE: Final = "snapshot"
_INFO: Final = "info.xml"
_INFO_LIMIT: Final = 1 << 16
_DATE: Final = re.compile(
    rb"<date>\s*([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})\s*</date>"
)


class Snapper:
    """The kind for a subvolume with ``.snapshots``, or that folder itself."""

    name = "snapper"
    layout = ".snapshots/NUMBER/snapshot, as snapper makes them"

    def detect(self, place: PurePosixPath) -> BackupRoot | None:  # noqa: D102 - see BackupKind
        for directory in (place, place / _SNAPSHOTS):
            try:
                numbers = _numbers(directory)
            except BackupFileMissing:
                continue
            if any(has_spool(directory / number / _STATE) for number in numbers):
                return BackupRoot(
                    kind=self.name,
                    place=directory,
                    description="snapshots of snapper, dated by their info.xml",
                )
        return None

    def contents(self, root: BackupRoot) -> RootContents:  # noqa: D102 - see BackupKind
        numbers = _numbers(root.place)
        return contents_of(_candidates(root.place, numbers), entries_besides(root.place, numbers))


def _numbers(directory: PurePosixPath) -> tuple[str, ...]:
    tree = tree_at(directory)
    return tuple(
        name
        for name in tree.subdirectories()
        if name.isascii() and name.isdigit() and tree.is_directory(f"{name}/{_STATE}")
    )


def _candidates(place: PurePosixPath, numbers: tuple[str, ...]) -> Iterator[Candidate]:
    for number in numbers:
        taken_at = _taken_at(place, number)
        yield Candidate(
            label=number,
            entry=number,
            place=place / number / _STATE,
            taken_at=taken_at,
            is_about=taken_at is None,
            number=int(number),
        )


def _taken_at(place: PurePosixPath, number: str) -> datetime | None:
    try:
        found = _DATE.search(tree_at(place).read(f"{number}/{_INFO}", _INFO_LIMIT))
        if found is None:
            return None
        return datetime.fromisoformat(found[1].decode()).replace(tzinfo=UTC)
    except (BackupError, ValueError):
        return None
