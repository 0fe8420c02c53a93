"""What tells cheaply that a generation holds the mail that it held when it was looked at.

Names and dates are not enough: another disk may be mounted at the same place, and a copy that
was under way goes on. Nothing here differs after a rename, a new mount, or hard links that
are made anew; and nothing takes longer for a generation of more mail than for one of more
accounts: of the indexes only some are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Final

from respool.backups.source import tree_at
from respool.backups.spool_layout import Partition, directories_in, find_partitions, shelves_of
from respool.cyrus.spool_paths import INDEX_FILE, UUID
from respool.errors import BackupError
from respool.model.generations import Generation, Part
from respool.model.names import DELETED, USER
from respool.system.read_only import ReadOnlyTree

_SAMPLED: Final = 24  # directories of accounts, or of the uuid layout, whose indexes are asked
_TOPS: Final = (PurePosixPath(), PurePosixPath(DELETED))
_NOT_THERE: Final = "-"


def mark_of(generation: Generation) -> str:
    """A mark of what a generation holds: equal as long as nothing is known to differ.

    It is of the names of all accounts, also of those whose mail is deleted, and of sizes and
    times of some indexes, those of the last account among them, which a copy comes to last.
    What cannot be read is as if it was not there. The live server has no mark.
    """
    digest = blake2b(digest_size=16)
    for part in generation.parts:
        for line in _lines(part):
            digest.update(line.encode("utf-8", "surrogateescape") + b"\0")
        digest.update(b"\1")
    return digest.hexdigest()


def _lines(part: Part) -> Iterator[str]:
    if part.staged is not None:
        return
    try:
        tree = tree_at(part.place)
        for partition in find_partitions(tree):
            yield from _partition_lines(tree, partition)
    except BackupError as error:
        yield error.code


def _partition_lines(tree: ReadOnlyTree, partition: Partition) -> Iterator[str]:
    yield partition.name
    places = list(_account_places(tree, partition))
    yield from map(str, places)
    sampled = [*_some(places), *_uuid_places(tree, partition)]
    for place in sampled:
        yield f"{place} {_indexes(tree, partition, place)}"
    if places:
        yield from _folder_lines(tree, partition, places[-1])


def _account_places(tree: ReadOnlyTree, partition: Partition) -> Iterator[PurePosixPath]:
    """The directories of accounts in the names layout, relative to each root."""
    for shelf in shelves_of(tree, partition):
        for top in _TOPS:
            for name in directories_in(tree, partition, shelf.prefix / top):
                below = shelf.prefix / top / name
                if name == USER:
                    yield from (below / each for each in directories_in(tree, partition, below))
                elif name != DELETED:
                    yield below


def _uuid_places(tree: ReadOnlyTree, partition: Partition) -> Iterator[PurePosixPath]:
    """Some directories of the uuid layout, each with those of one pair of letters."""
    top = PurePosixPath(UUID)
    letters = directories_in(tree, partition, top)
    pairs = [
        top / first / second for first in letters for second in _below(tree, partition, first)
    ]
    for pair in _some(pairs):
        yield from (pair / each for each in directories_in(tree, partition, pair))


def _below(tree: ReadOnlyTree, partition: Partition, first: str) -> Sequence[str]:
    return directories_in(tree, partition, PurePosixPath(UUID) / first)


def _folder_lines(
    tree: ReadOnlyTree, partition: Partition, account: PurePosixPath
) -> Iterator[str]:
    """The first-level folders of one account, with their indexes."""
    for name in directories_in(tree, partition, account):
        yield f"{name} {_indexes(tree, partition, account / name)}"


def _some(places: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """A few, evenly chosen, the first and the last among them."""
    if len(places) <= _SAMPLED:
        return list(places)
    last = len(places) - 1
    return [places[last * at // (_SAMPLED - 1)] for at in range(_SAMPLED)]


def _indexes(tree: ReadOnlyTree, partition: Partition, place: PurePosixPath) -> str:
    """Size and time of the index of a directory, as each root has it."""
    return " ".join(_file(tree, root / place / INDEX_FILE) for root in partition.roots)


def _file(tree: ReadOnlyTree, file: PurePosixPath) -> str:
    try:
        entry = tree.stat(file)
    except BackupError:
        return _NOT_THERE
    return _NOT_THERE if entry is None else f"{entry.size_bytes} {entry.mtime_ns}"
