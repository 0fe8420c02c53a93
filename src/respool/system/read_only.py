"""The only way that a backup is opened: nothing here can write, and no link is followed."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath, PurePosixPath
from typing import BinaryIO, NamedTuple

from respool.errors import BackupFileMissing, UnsafeBackupEntry
from respool.system.entry_kinds import EntryKind, kind_of
from respool.system.file_octets import FileOctets
from respool.system.open_directories import (
    BELOW,
    OpenDirectories,
    as_ours,
    error_of,
    open_quietly,
    parts_of,
    unsafe_entry,
)

__all__ = ["Entry", "EntryKind", "ReadOnlyTree"]


class Entry(NamedTuple):  # there are millions of them: a frozen dataclass takes four times as long
    """One entry of a directory. ``name`` is as on disk, surrogate escapes for odd octets."""

    name: str
    kind: EntryKind
    size_bytes: int
    mtime_ns: int
    inode: int
    device: int


class ReadOnlyTree(OpenDirectories):
    """A directory tree that is only read, through one open descriptor of its root.

    Paths are relative to the root, and each component is opened without following links.
    Access times stay as they are where the system allows (owner or root). May be used by
    several threads.
    """

    _latest: tuple[PurePosixPath | None, tuple[str, ...]] = (None, ())  # of `fd_in`

    def scan(self, relative: str | PurePath = "") -> Iterator[Entry]:
        """The entries of a directory, in no order, lazily.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """
        self._kept_names.forget(parts_of(relative))  # whoever asks for all will not ask again
        with self._listing(relative) as listing:
            for item in listing:
                try:
                    found = item.stat(follow_symlinks=False)
                except FileNotFoundError:  # gone between two calls
                    continue
                yield _entry(item.name, found)

    def stat(self, relative: str | PurePath) -> Entry | None:
        """What stands at a path, itself and not what it points to; None for nothing.

        Raises:
            UnsafeBackupEntry, BackupUnreadable: on the way there.
        """
        parts = parts_of(relative)
        try:
            with as_ours(self.root, *parts):
                if not parts:
                    return _entry("", os.fstat(self._top.fd))
                directory = self._directory(parts[:-1])
                found = os.stat(parts[-1], dir_fd=directory.fd, follow_symlinks=False)
        except BackupFileMissing:
            return None
        return _entry(parts[-1], found)

    def is_directory(self, relative: str | PurePath) -> bool:
        """Whether a real directory stands at a path, reached through no link."""
        try:
            entry = self.stat(relative)
        except UnsafeBackupEntry:
            return False
        return entry is not None and entry.kind is EntryKind.DIRECTORY

    def open_file(self, relative: str | PurePath) -> BinaryIO:
        """A regular file, to read from, not buffered.

        Raises:
            BackupFileMissing, BackupUnreadable.
            UnsafeBackupEntry: anything but a regular file; it was not opened.
        """
        return os.fdopen(self._opened(parts_of(relative)), "rb", buffering=0)

    def fd_in(self, directory: PurePosixPath, name: str) -> int:
        """A descriptor of a regular file in a directory that many are read in.

        ``name`` is one component; the caller closes the descriptor. Errors as `open_file`.
        """
        if "/" in name or name in {"", ".", ".."}:
            raise UnsafeBackupEntry(f'"{name}" leads out of {directory}')
        known, parts = self._latest
        if known is not directory:  # the same object: to compare paths takes as long as to open
            parts = parts_of(directory)
            self._latest = (directory, parts)
        return self._opened((*parts, name))

    def _opened(self, parts: tuple[str, ...]) -> int:
        if not parts:
            raise unsafe_entry(self.root, "directory")
        try:
            directory = self._directory(parts[:-1])
            before = os.stat(parts[-1], dir_fd=directory.fd, follow_symlinks=False)
            if not stat.S_ISREG(before.st_mode):
                _check_regular(self.root.joinpath(*parts), before)
            fd = open_quietly(parts[-1], BELOW, directory.fd)
            try:
                _check_regular(self.root, os.fstat(fd))
            except BaseException:
                os.close(fd)
                raise
        except OSError as error:
            raise error_of(error, self.root.joinpath(*parts)) from error
        return fd

    def read(self, relative: str | PurePath, limit: int | None = None) -> bytes:
        """All octets of a regular file, or the first ``limit``; errors as `open_file`."""
        with self.open_file(relative) as file, as_ours(self.root / relative):
            if limit is None:
                return file.read()
            # A plain file gives its room before it reads: never more than the file has.
            return file.read(min(limit, os.fstat(file.fileno()).st_size))

    @contextmanager
    def mapped(self, relative: str | PurePath) -> Iterator[mmap.mmap | bytes]:
        """A regular file as memory, without copying it; empty octets for an empty file.

        Whoever holds views of it lets them go before the end.
        """
        with self.open_file(relative) as file:
            if os.fstat(file.fileno()).st_size == 0:
                yield b""
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
                yield octets

    def octets_of(self, relative: str | PurePath) -> FileOctets:
        """A regular file as octets that are read as they are asked for; errors as `open_file`."""
        parts = parts_of(relative)
        return FileOctets(self._opened(parts), self.root.joinpath(*parts))


def _entry(name: str, found: os.stat_result) -> Entry:
    mode = found.st_mode
    kind = EntryKind.FILE if stat.S_ISREG(mode) else kind_of(mode)  # nearly all: no call for it
    return Entry(name, kind, found.st_size, found.st_mtime_ns, found.st_ino, found.st_dev)


def _check_regular(path: PurePosixPath, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise unsafe_entry(path, kind_of(found.st_mode))
