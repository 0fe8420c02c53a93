"""Which generations have what: sets of generations as numbers, a bit for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from respool.catalogue.database import Database
from respool.catalogue.generations import Known


class Spans:
    """The generations that are searched, oldest first, and which versions of folders they have."""

    def __init__(self, database: Database, generations: Sequence[Known]) -> None:
        self._database = database
        self.generations = tuple(generations)
        self._versions = lru_cache(maxsize=4096)(self._read_versions)

    def of_stand(self, folder: int, first: int, last: int) -> int:
        """Those that have a version of a folder from ``first`` to ``last``, 0 for no end."""
        found = 0
        for version, generations in self._versions(folder):
            if version >= first and (not last or version <= last):
                found |= generations
        return found

    def of_folder(self, folder: int) -> int:
        """Those that have the folder."""
        return self.of_stand(folder, 0, 0)

    def versions(self, folder: int) -> tuple[tuple[int, int], ...]:
        """The versions of a folder, each with the generations that have it, oldest first."""
        return self._versions(folder)

    def _read_versions(self, folder: int) -> tuple[tuple[int, int], ...]:
        rows = self._database.rows(
            "SELECT version, first, last FROM folder_stand WHERE folder = ? ORDER BY first",
            (folder,),
        )
        return tuple((version, self.between(first, last)) for version, first, last in rows)

    def between(self, first: int, last: int) -> int:
        """Those with numbers from ``first`` to ``last``."""
        found = 0
        for at, each in enumerate(self.generations):
            if first <= each.ordinal <= last:
                found |= 1 << at
        return found

    def ranges(self, those: int) -> tuple[tuple[str, str], ...]:
        """A set as ranges of labels, oldest first: generations that follow each other are one."""
        found = []
        for first, last in _runs(those):
            found.append((self.generations[first].label, self.generations[last].label))
        return tuple(found)

    def newest(self, those: int) -> Known:
        """The newest of a set that is not empty."""
        return self.generations[those.bit_length() - 1]

    def oldest(self, those: int) -> Known:
        """The oldest of a set that is not empty."""
        return self.generations[(those & -those).bit_length() - 1]


def _runs(those: int) -> Iterator[tuple[int, int]]:
    at = 0
    while those >> at:
        if those >> at & 1:
            first = at
            while those >> at & 1:
                at += 1
            yield first, at - 1
        else:
            at += 1
