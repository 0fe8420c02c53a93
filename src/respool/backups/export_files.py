"""The messages of an export that are files of their own: a Maildir's, or .eml files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from respool.backups.export_maildir import folder_keywords, folders_in
from respool.backups.export_source import Kept, Stood, Where
from respool.backups.known_names import KnownNames
from respool.errors import BackupFileMissing
from respool.exports.maildir_names import DIRECTORIES, parse_info
from respool.system.read_only import EntryKind, ReadOnlyTree

_ENDING: Final = ".eml"
_NANOSECONDS: Final = 1_000_000_000
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

    def kept(self, where: Where) -> Kept:
        """Its time is the date."""
        stood = self.stat(where)
        return Kept() if stood is None else Kept(internaldate=stood.mtime_ns // _NANOSECONDS)

    def name_of(self, where: Where) -> str:
        """Its path."""
        return where.file

    def others(self, known: KnownNames) -> Iterator[str]:
        """Files with the ending of a message, in any directory."""
        pending = [PurePosixPath()]
        while pending:
            directory = pending.pop()
            for name, is_directory in self._tree.names(directory):
                path = directory / name
                if is_directory:
                    pending.append(path)
                elif name.endswith(_ENDING) and str(path) not in known:
                    yield str(path)


class MaildirStore(FileStore):
    """Messages of a Maildir, each found under the name that a mail program gave it meanwhile.

    Such a program moves it from ``new`` to ``cur``, and changes the flags behind its name.
    """

    def __init__(self, tree: ReadOnlyTree) -> None:
        super().__init__(tree)
        self._known: dict[PurePosixPath, dict[str, str]] = {}
        self._guard = threading.Lock()

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

    def kept(self, where: Where) -> Kept:
        """The flags that its name of now says, its time as the date."""
        now = where if super().stat(where) is not None else self._now(where)
        if now is None:
            return Kept()
        path = PurePosixPath(now.file)
        keywords = folder_keywords(self._tree, path.parent.parent)
        is_seen_by_nobody = path.parent.name == DIRECTORIES[1]
        return replace(
            super().kept(now),
            flags=frozenset() if is_seen_by_nobody else parse_info(path.name, keywords),
            keywords=frozenset(filter(None, keywords)),
        )

    def name_of(self, where: Where) -> str:
        """What stays of its path."""
        return base_name(where.file)

    def others(self, known: KnownNames) -> Iterator[str]:
        """Messages of any folder."""
        for folder in folders_in(self._tree).values():
            for inner in DIRECTORIES[:2]:
                for name, is_directory in self._tree.names(folder / inner):
                    is_message = not is_directory and not name.startswith(".")
                    if is_message and base_name(str(folder / inner / name)) not in known:
                        yield str(folder / inner / name)

    def _now(self, where: Where) -> Where | None:
        path = PurePosixPath(where.file)
        name = self._names(path.parent.parent).get(base_of(path.name))
        return None if name is None else Where(file=str(path.parent.parent / name))

    def _names(self, folder: PurePosixPath) -> dict[str, str]:
        """The messages of a folder by what stays of their names."""
        with self._guard:
            names = self._known.get(folder)
            if names is None:
                while len(self._known) >= _KEPT:
                    self._known.pop(next(iter(self._known)))
                names = self._known[folder] = {
                    base_of(name): f"{inner}/{name}"
                    for inner in DIRECTORIES[:2]
                    for name, is_directory in self._tree.names(folder / inner)
                    if not is_directory
                }
            return names


def base_name(file: str) -> str:
    """What stays of a message's path in a Maildir, whatever a mail program does with it.

    >>> base_name(".Sent/new/1.x:2,S")
    '.Sent/1.x'
    """
    path = PurePosixPath(file)
    return str(path.parent.parent / base_of(path.name))


def base_of(name: str) -> str:
    """What stays of a message's name when its flags change.

    >>> base_of("1507017600.Q0000000012.respool,S=345:2,S")
    '1507017600.Q0000000012.respool,S=345'
    """
    return name.partition(":")[0]
