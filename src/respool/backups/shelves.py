"""The shelves of a generation: where the accounts of one domain and letter are in a partition.

A partition or a letter may lack as a whole, of a disk that was not mounted, or a copy that
was cut off. Then nothing tells of the accounts that were there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from respool.backups.source import SourceMailbox, tree_at
from respool.backups.spool_layout import directories_in, find_partitions, shelves_of
from respool.cyrus.spool_paths import UUID
from respool.model.dataclasses import dataclass
from respool.model.generations import Generation

_HERE = PurePosixPath()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves:
    """The names of shelves by their absolute places: a partition and the directories in it.

    Mailboxes of the uuid layout are on one shelf of their partition.
    """

    by_place: Mapping[PurePosixPath, str]

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self.by_place.values())

    def of(self, source: SourceMailbox) -> str | None:
        """The shelf that a mailbox is on; None: directories of one account are on none."""
        place = source.place
        for directory in (place.meta, place.data, place.archive):
            if directory is not None:
                for above in (source.spool / directory).parents:
                    if above in self.by_place:
                        return self.by_place[above]
        return None


def shelves_in(generation: Generation) -> Shelves:
    """Which shelves a generation has.

    Raises:
        BackupFileMissing, BackupUnreadable: a part cannot be opened.
    """
    return Shelves(by_place=dict(_places(generation)))


def _places(generation: Generation) -> Iterator[tuple[PurePosixPath, str]]:
    for part in generation.parts:
        if part.staged is not None:
            continue
        tree = tree_at(part.place)
        for partition in find_partitions(tree):
            prefixes = [shelf.prefix for shelf in shelves_of(tree, partition)]
            if UUID in directories_in(tree, partition, _HERE):
                prefixes.append(PurePosixPath(UUID))
            for prefix in prefixes:
                for root in partition.roots:
                    yield part.place / root / prefix, str(PurePosixPath(partition.name) / prefix)
