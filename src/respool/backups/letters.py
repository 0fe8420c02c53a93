"""Which letters a part lacks: BlueMind 4 copies each letter of a domain by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from respool.backups.source import tree_at
from respool.backups.spool_layout import find_partitions, shelves_of


def missing_letters(place: PurePosixPath, reference: PurePosixPath) -> Iterator[str]:
    """``no u-z in b.loc`` for each domain of which ``reference`` has more letters."""
    here = _letters(place)
    for domain, wanted in sorted(_letters(reference).items()):
        lacking = wanted - here.get(domain, set())
        if lacking:
            yield f"no {as_ranges(lacking)} in {domain or 'the spool'}"


def as_ranges(letters: Iterable[str]) -> str:
    """Letters for people, runs of three and more as ranges.

    >>> as_ranges("abcxz")
    'a-c, x, z'
    """
    runs: list[list[str]] = []
    for letter in sorted(letters):
        if runs and ord(runs[-1][-1]) + 1 == ord(letter):
            runs[-1].append(letter)
        else:
            runs.append([letter])
    shown = [f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs]
    return ", ".join(shown)


def _letters(place: PurePosixPath) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    tree = tree_at(place)
    for partition in find_partitions(tree):
        for shelf in shelves_of(tree, partition):
            if shelf.is_hashed:
                found[shelf.domain or ""].add(shelf.prefix.name)
    return found
