"""An export as the tree of a spool, so that whatever reads a spool reads an export.

Its folders are directories in the names layout, their messages files ``UID.``, and beside
these lie a ``cyrus.index`` and a ``cyrus.header``, which are made of the manifest, or of what
a Maildir's names say. Nothing of that is on disk: directories are listed by tables, and an
index, or a message that lies inside a larger file, is opened as a file without a name.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import PurePath, PurePosixPath
from typing import Final

from respool.backups.export_folders import OpenFolder, OpenFolders, Parts
from respool.backups.export_source import ExportSource, MessageStore
from respool.cyrus.spool_paths import HEADER_FILE, INDEX_FILE, uid_of_file
from respool.errors import BackupError, BackupFileMissing, UnsafeBackupEntry
from respool.system.directory_names import DirectoryNames
from respool.system.open_directories import parts_of
from respool.system.read_only import Entry, EntryKind, ReadOnlyTree

_NAMES_AT_ONCE: Final = 4096
_FIRST_INODE: Final = 1 << 32  # of what is no message; the inode of one is its UID
_MADE: Final = (HEADER_FILE, INDEX_FILE)


class ExportTree(ReadOnlyTree):
    """A spool with one account that is made of an export; only what is asked for is read."""

    def __init__(
        self, place: PurePosixPath, real: ReadOnlyTree, source: ExportSource, store: MessageStore
    ) -> None:
        """``place`` is the export: the root of ``real``, or a file in it.

        Raises:
            BackupFileMissing, BackupUnreadable: it is gone by now.
        """
        super().__init__(real.root)
        self.root = place
        self.source = source
        self._real = real
        self._folders = OpenFolders(source, store)

    def stat(self, relative: str | PurePath) -> Entry | None:
        """As if it stood there. Of a message, what the file that has it says."""
        parts = parts_of(relative)
        if self._folders.is_directory(parts):
            return self._directory_entry(parts)
        folder = self._folders.folder(parts[:-1])
        return None if folder is None else self._file_entry(folder, parts[-1])

    def scan(self, relative: str | PurePath = "") -> Iterator[Entry]:
        """The entries of a directory that is made, each as `stat` has it."""
        parts = self._directory_parts(relative)
        for name in self._folders.below(parts):
            yield self._directory_entry((*parts, name))
        folder = self._folders.folder(parts)
        if folder is not None:
            for name in (*_MADE, *(f"{uid}." for uid in folder.uids())):
                entry = self._file_entry(folder, name)
                if entry is not None:
                    yield entry

    def names(self, relative: str | PurePath = "") -> Iterator[tuple[str, bool]]:
        """Names of what is there by the manifest; nothing where no directory is."""
        parts = parts_of(relative)
        yield from ((name, True) for name in self._folders.below(parts))
        folder = self._folders.folder(parts)
        if folder is not None:
            yield from ((name, False) for name in _MADE)
            yield from ((f"{uid}.", False) for uid in folder.uids())

    def kinds(self, relative: str | PurePath = "") -> Iterator[tuple[str, EntryKind, int]]:
        """Name, kind and a number that is nobody else's of each entry."""
        self._directory_parts(relative)
        for number, (name, is_directory) in enumerate(self.names(relative)):
            kind = EntryKind.DIRECTORY if is_directory else EntryKind.FILE
            yield name, kind, uid_of_file(name) or _FIRST_INODE + number

    def subdirectories(self, relative: str | PurePath = "") -> tuple[str, ...]:
        """Names of the directories in a directory, sorted."""
        return self._folders.below(parts_of(relative))

    def all_names(self, relative: str | PurePath = "") -> DirectoryNames:
        """All names in a directory, by kind."""
        self._directory_parts(relative)
        texts: list[str] = []
        others: list[tuple[str, EntryKind]] = []
        count = 0
        names = self.names(relative)
        while batch := list(islice(names, _NAMES_AT_ONCE)):
            files = [name for name, is_directory in batch if not is_directory]
            count += len(files)
            texts += ["/".join(files)] if files else []
            others += [(name, EntryKind.DIRECTORY) for name, is_there in batch if is_there]
        return DirectoryNames(files=tuple(texts), others=tuple(others), file_count=count)

    @contextmanager
    def opened_directory(self, relative: str | PurePath) -> Iterator[int]:
        """A descriptor of where the export lies, for who asks whether that is still there."""
        self._directory_parts(relative)
        with super().opened_directory("") as descriptor:
            yield descriptor

    @contextmanager
    def opener_in(self, relative: str | PurePath) -> Iterator[Callable[[str], int]]:
        """As that of a tree on disk: what cannot be opened is an OSError."""
        directory = PurePosixPath(*self._directory_parts(relative))

        def opened(name: str) -> int:
            try:
                return self.fd_in(directory, name)
            except BackupError as error:
                raise _system_error(error) from error

        yield opened

    def _opened(self, parts: Parts) -> int:
        folder = self._folders.folder(parts[:-1]) if parts else None
        if folder is None or self._folders.is_directory(parts):
            raise BackupFileMissing(f'there is no "{self.root.joinpath(*parts)}" in the export')
        name = parts[-1]
        if name == INDEX_FILE:
            return folder.index()
        if name == HEADER_FILE:
            return folder.header()
        uid = uid_of_file(name)
        if uid is None:
            raise BackupFileMissing(f'there is no "{self.root.joinpath(*parts)}" in the export')
        return folder.message(uid)

    def _directory_parts(self, relative: str | PurePath) -> Parts:
        parts = parts_of(relative)
        if not self._folders.is_directory(parts):
            raise BackupFileMissing(f'there is no "{self.root.joinpath(*parts)}" in the export')
        return parts

    def _directory_entry(self, parts: Parts) -> Entry:
        name = parts[-1] if parts else ""
        return self._entry(name, EntryKind.DIRECTORY, 0, self._changed_at())

    def _file_entry(self, folder: OpenFolder, name: str) -> Entry | None:
        if name in _MADE:
            size = folder.size_of_index() if name == INDEX_FILE else folder.size_of_header()
            return self._entry(name, EntryKind.FILE, size, self._changed_at())
        uid = uid_of_file(name)
        stood = None if uid is None else folder.stood(uid)
        if uid is None or stood is None:
            return None
        return self._entry(name, EntryKind.FILE, stood.size_bytes, stood.mtime_ns, uid)

    def _entry(
        self, name: str, kind: EntryKind, size: int, mtime_ns: int, inode: int = _FIRST_INODE
    ) -> Entry:
        return Entry(name, kind, size, mtime_ns, inode, 0)

    def _changed_at(self) -> int:
        """When the export was changed last, as far as one look tells."""
        is_directory = self.root == self._real.root
        found = self._real.stat("" if is_directory else self.root.name)
        if found is None:
            raise BackupFileMissing(f'there is no "{self.root}" any more')
        return found.mtime_ns


def _system_error(error: BackupError) -> OSError:
    """What the system said, or would have said."""
    cause = error.__cause__
    if isinstance(cause, OSError):
        return cause
    number = errno.EIO
    if isinstance(error, BackupFileMissing):
        number = errno.ENOENT
    elif isinstance(error, UnsafeBackupEntry):
        number = errno.ELOOP
    return OSError(number, os.strerror(number), error.what)
