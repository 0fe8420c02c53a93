"""The messages of an export that are files of their own: a Maildir's, or .eml files."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from respool.backups.export_source import Stood, Where
from respool.errors import BackupFileMissing
from respool.exports.maildir_names import DIRECTORIES
from respool.system.read_only import EntryKind, ReadOnlyTree

_KEPT: Final = 2  # directories whose names are held


class FileStore:
    """Messages that are files; see `MessageStore`."""

    def __init__(self, tree: ReadOnlyTree) -> None:
        self._tree = tree

    def stat(self, where: Where) -> Stood | None:
        """The file itself."""
        entry = self._tree.stat(where.file)
        if entry is None or entry.kind is not EntryKind.FILE:
            return None
        return Stood(size_bytes=entry.size_bytes, mtime_ns=entry.mtime_ns)

    def open(self, where: Where) -> int:
        """The file itself; errors as `ReadOnlyTree.open_file`."""
        path = PurePosixPath(where.file)
        return self._tree.fd_in(path.parent, path.name)


class MaildirStore(FileStore):
    """Messages of a Maildir, each found under the name that a mail program gave it meanwhile.

    Such a program moves it from ``new`` to ``cur``, and changes the flags behind its name.
    """

    def __init__(self, tree: ReadOnlyTree) -> None:
        super().__init__(tree)
        self._known: dict[PurePosixPath, dict[str, str]] = {}

    def stat(self, where: Where) -> Stood | None:
        """The file, under its name of now."""
        found = super().stat(where)
        if found is None and (now := self._now(where)) is not None:
            return super().stat(now)
        return found

    def open(self, where: Where) -> int:
        """The file, under its name of now."""
        try:
            return super().open(where)
        except BackupFileMissing:
            now = self._now(where)
            if now is None:
                raise
            return super().open(now)

    def _now(self, where: Where) -> Where | None:
        path = PurePosixPath(where.file)
        name = self._names(path.parent.parent).get(base_of(path.name))
        return None if name is None else Where(file=str(path.parent.parent / name))

    def _names(self, folder: PurePosixPath) -> dict[str, str]:
        """The messages of a folder by what stays of their names."""
        if folder not in self._known:
            while len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[folder] = {
                base_of(name): f"{inner}/{name}"
                for inner in DIRECTORIES[:2]
                for name, is_directory in self._tree.names(folder / inner)
                if not is_directory
            }
        return self._known[folder]


def base_of(name: str) -> str:
    """What stays of a message's name when its flags change.

    >>> base_of("1507017600.Q0000000012.respool,S=345:2,S")
    '1507017600.Q0000000012.respool,S=345'
    """
    return name.partition(":")[0]
