"""What tells at a glance that nobody touched a generation: its upper directories are as they were.

Far cheaper than `respool.backups.generation_marks`, since nothing is listed: what was there is
looked at by name. It says "as it was", or nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from respool.backups.generation_marks import tops_of
from respool.backups.source import tree_at
from respool.backups.spool_layout import directories_in, find_partitions
from respool.cyrus.spool_paths import UUID
from respool.errors import BackupError
from respool.model.generations import Generation
from respool.system.read_only import ReadOnlyTree

_HERE: Final = PurePosixPath()


def glance_of(generation: Generation) -> str | None:
    """The directories above accounts, each with its inode and time; None: they cannot be read.

    A directory's time tells that a name came into it or went; its inode, that it is another one.
    """
    try:
        found = [
            (number, str(path), _stamp(tree_at(part.place), path))
            for number, part in enumerate(generation.parts)
            if part.staged is None
            for path in _directories(tree_at(part.place))
        ]
    except BackupError:
        return None
    return json.dumps([each for each in found if each[2] is not None])


def is_as_glanced(generation: Generation, glance: str) -> bool:
    """Whether all directories are as `glance_of` saw them."""
    try:
        trees = [None if part.staged else tree_at(part.place) for part in generation.parts]
        for number, path, stamp in json.loads(glance):
            tree = trees[number]
            if tree is None or _stamp(tree, PurePosixPath(path)) != stamp:
                return False
    except (BackupError, IndexError, ValueError):
        return False
    return all(part.staged is None for part in generation.parts)


def _directories(tree: ReadOnlyTree) -> Iterator[PurePosixPath]:
    yield _HERE
    for partition in find_partitions(tree):
        for root in partition.roots:
            yield from reversed(root.parents[:-1])
        tops = dict.fromkeys(
            above for top in tops_of(tree, partition) for above in (top, *top.parents)
        )
        top = PurePosixPath(UUID)
        tops.update(
            dict.fromkeys((top, *(top / each for each in directories_in(tree, partition, top))))
        )
        for root in partition.roots:
            yield from (root / each for each in tops)


def _stamp(tree: ReadOnlyTree, directory: PurePosixPath) -> str | None:
    entry = tree.stat(directory)
    return None if entry is None else f"{entry.inode} {entry.mtime_ns}"
