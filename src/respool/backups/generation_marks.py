"""What tells cheaply that a generation holds the mail that it held when it was looked at.

Names and dates are not enough: another disk may be mounted at the same place, and a copy that
was under way goes on. Nothing here differs after a rename, a new mount, or hard links that
are made anew; and it costs by the number of accounts, not of folders or messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import PurePosixPath
from typing import Final, TypeVar

from respool.backups.source import tree_at
from respool.backups.spool_layout import Partition, directories_in, find_partitions, shelves_of
from respool.cyrus.spool_paths import INDEX_FILE, UUID
from respool.errors import BackupFileMissing, BackupUnreadable, UnsafeBackupEntry
from respool.model.generations import Generation, Part
from respool.model.names import DELETED, USER
from respool.system.read_only import Entry, ReadOnlyTree

_SAMPLED: Final = 24  # directories of accounts, or of the uuid layout, whose indexes are asked
_HERE: Final = PurePosixPath()
_T = TypeVar("_T")
_NOT_THERE: Final = "-"


def mark_of(generation: Generation) -> str | None:
    """A mark of what a generation holds: equal as long as nothing is known to differ.

    None: the system refuses to give something that it is made of, and nobody knows.

    It is of the names of all accounts in each root of each partition, also of those whose mail
    is deleted; of the times of the directories above them, which cp, rsync and tar set once
    all below is there; and of sizes and times of some accounts and their indexes. What is
    not there, or no directory, is a part of it. Directories of one account have no mark.
    """
    digest = blake2b(digest_size=16)
    try:
        for part in generation.parts:
            for line in _lines(part):
                digest.update(line.encode("utf-8", "surrogateescape") + b"\0")
            digest.update(b"\1")
    except BackupUnreadable:
        return None
    return digest.hexdigest()


def _lines(part: Part) -> Iterator[str]:
    if part.staged is not None:
        return
    try:
        tree = tree_at(part.place)
        for partition in find_partitions(tree):
            yield from _partition_lines(tree, partition)
    except (BackupFileMissing, UnsafeBackupEntry) as error:
        yield error.code


def _partition_lines(tree: ReadOnlyTree, partition: Partition) -> Iterator[str]:
    yield partition.name
    accounts: list[tuple[PurePosixPath, str]] = []
    for top in tops_of(tree, partition):
        every: set[str] = set()
        for root in partition.roots:
            names = tree.subdirectories(root / top)
            every.update(names)
            yield "/".join((_time(tree, root / top), *names))
        if top != _HERE:
            accounts += [(top, name) for name in sorted(every - {USER, DELETED})]
    sampled = [top / name for top, name in _some(accounts)]
    for place in (*sampled, *_uuid_places(tree, partition)):
        yield f"{place} {_indexes(tree, partition, place)}"


def tops_of(tree: ReadOnlyTree, partition: Partition) -> Iterator[PurePosixPath]:
    """The directories right above accounts in the names layout, and a partition's own."""
    yield _HERE
    for shelf in shelves_of(tree, partition):
        for above in (shelf.prefix, shelf.prefix / DELETED):
            yield above
            yield above / USER


def _uuid_places(tree: ReadOnlyTree, partition: Partition) -> Iterator[PurePosixPath]:
    """Some directories of the uuid layout: all of some pairs of letters."""
    top = PurePosixPath(UUID)
    pairs = [
        top / first / second
        for first in directories_in(tree, partition, top)
        for second in directories_in(tree, partition, top / first)
    ]
    for pair in _some(pairs):
        yield from (pair / each for each in directories_in(tree, partition, pair))


def _some(places: Sequence[_T]) -> list[_T]:
    """A few, evenly chosen, the first and the last among them."""
    if len(places) <= _SAMPLED:
        return list(places)
    last = len(places) - 1
    return [places[last * at // (_SAMPLED - 1)] for at in range(_SAMPLED)]


def _indexes(tree: ReadOnlyTree, partition: Partition, place: PurePosixPath) -> str:
    """A directory and its index, as each root has them."""
    return " ".join(
        f"{_time(tree, root / place)} {_file(tree, root / place / INDEX_FILE)}"
        for root in partition.roots
    )


def _file(tree: ReadOnlyTree, file: PurePosixPath) -> str:
    entry = _entry(tree, file)
    return _NOT_THERE if entry is None else f"{entry.size_bytes} {entry.mtime_ns}"


def _time(tree: ReadOnlyTree, directory: PurePosixPath) -> str:
    entry = _entry(tree, directory)
    return _NOT_THERE if entry is None else str(entry.mtime_ns)


def _entry(tree: ReadOnlyTree, path: PurePosixPath) -> Entry | None:
    try:
        return tree.stat(path)
    except (BackupFileMissing, UnsafeBackupEntry):
        return None
