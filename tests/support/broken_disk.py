"""A disk that gives an error for some directories."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from respool.backups.source import tree_at
from respool.errors import BackupUnreadable
from respool.system.read_only import Entry, ReadOnlyTree


def breaks(monkeypatch: pytest.MonkeyPatch, name: str, below: str = "") -> None:
    """Neither lists nor looks at directories of a name, of trees whose root has ``below``."""
    listed, looked = ReadOnlyTree.subdirectories, ReadOnlyTree.stat
    tree_at.cache_clear()

    def check(tree: ReadOnlyTree, relative: str | PurePath) -> None:
        if PurePath(relative).name == name and below in str(tree.root):
            raise BackupUnreadable(f"{relative} cannot be read", why="input/output error")

    def subdirectories(self: ReadOnlyTree, relative: str | PurePath = "") -> tuple[str, ...]:
        check(self, relative)
        return listed(self, relative)

    def stat(self: ReadOnlyTree, relative: str | PurePath = "") -> Entry | None:
        check(self, relative)
        return looked(self, relative)

    monkeypatch.setattr(ReadOnlyTree, "subdirectories", subdirectories)
    monkeypatch.setattr(ReadOnlyTree, "stat", stat)
