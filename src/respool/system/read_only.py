"""The only way that a backup is opened: nothing here can write, and no link is followed."""

from __future__ import annotations

import errno
import mmap
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePath, PurePosixPath
from typing import BinaryIO, Final

from respool.errors import BackupError, BackupFileMissing, BackupUnreadable, UnsafeBackupEntry
from respool.system.file_octets import FileOctets

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC
BELOW: Final = _FLAGS | os.O_NOFOLLOW | os.O_NONBLOCK
_DIRECTORY: Final = BELOW | os.O_DIRECTORY
_CACHED_DIRECTORIES: Final = 64


class EntryKind(StrEnum):
    """What a directory entry is, by its own type, links not followed."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    PIPE = "pipe"
    SOCKET = "socket"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a directory. ``name`` is as on disk, surrogate escapes for odd octets."""

    name: str
    kind: EntryKind
    size_bytes: int
    mtime_ns: int
    inode: int
    device: int


class _Directory:
    """An open directory, closed when nobody holds it any more."""

    __slots__ = ("__weakref__", "fd")

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __del__(self) -> None:
        with suppress(OSError):
            os.close(self.fd)


class ReadOnlyTree:
    """A directory tree that is only read, through one open descriptor of its root.

    Paths are relative to the root, and each component is opened without following links.
    Access times stay as they are where the system allows (owner or root). May be used by
    several threads.
    """

    def __init__(self, root: str | PurePath) -> None:
        """Open ``root``, which alone may be reached through links.

        Raises:
            BackupFileMissing: no such directory.
            BackupUnreadable: it may not be read.
        """
        self.root = PurePosixPath(os.path.realpath(root))
        self._lock = threading.Lock()
        self._cached: OrderedDict[tuple[str, ...], _Directory] = OrderedDict()
        with _as_ours(self.root):
            self._top = _Directory(open_quietly(str(self.root), _FLAGS | os.O_DIRECTORY, None))

    def scan(self, relative: str | PurePath = "") -> Iterator[Entry]:
        """The entries of a directory, in no order, lazily.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """
        with self._listing(relative) as listing:
            for item in listing:
                with suppress(FileNotFoundError):  # gone between two calls
                    yield _entry(item.name, item.stat(follow_symlinks=False))

    def subdirectories(self, relative: str | PurePath = "") -> tuple[str, ...]:
        """Names of the real directories in a directory, sorted; nothing where there is none.

        Faster than `scan`: entries are not looked at one by one.

        Raises:
            UnsafeBackupEntry, BackupUnreadable.
        """
        with suppress(BackupFileMissing), self._listing(relative) as listing:
            return tuple(
                sorted(item.name for item in listing if item.is_dir(follow_symlinks=False))
            )
        return ()

    def names(self, relative: str | PurePath = "") -> Iterator[tuple[str, bool]]:
        """Names in a directory and whether each is a real directory; nothing where none is."""
        with suppress(BackupFileMissing), self._listing(relative) as listing:
            for item in listing:
                yield item.name, item.is_dir(follow_symlinks=False)

    def kinds(self, relative: str | PurePath = "") -> Iterator[tuple[str, EntryKind, int]]:
        """Name, kind and inode of each entry of a directory, in no order, lazily.

        As fast as `names`: only what is no file, directory or link is looked at by itself.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """
        with self._listing(relative) as listing:
            for item in listing:
                if item.is_file(follow_symlinks=False):
                    yield item.name, EntryKind.FILE, item.inode()
                elif item.is_dir(follow_symlinks=False):
                    yield item.name, EntryKind.DIRECTORY, item.inode()
                else:
                    with suppress(FileNotFoundError):  # gone between two calls
                        found = item.stat(follow_symlinks=False)
                        yield item.name, _kind(found.st_mode), item.inode()

    @contextmanager
    def opened_directory(self, relative: str | PurePath) -> Iterator[int]:
        """A descriptor of a directory, to open many files in it by name.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """
        parts = _parts(relative)
        with _as_ours(self.root.joinpath(*parts)):
            directory = self._directory(parts)
        yield directory.fd

    def stat(self, relative: str | PurePath) -> Entry | None:
        """What stands at a path, itself and not what it points to; None for nothing.

        Raises:
            UnsafeBackupEntry, BackupUnreadable: on the way there.
        """
        parts = _parts(relative)
        try:
            with _as_ours(self.root.joinpath(*parts)):
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
        return os.fdopen(self._opened(_parts(relative)), "rb", buffering=0)

    def fd_in(self, directory: PurePosixPath, name: str) -> int:
        """A descriptor of a regular file in a directory that many are read in.

        ``name`` is one component; the caller closes the descriptor. Errors as `open_file`.
        """
        if "/" in name or name in {"", ".", ".."}:
            raise UnsafeBackupEntry(f'"{name}" leads out of {directory}')
        return self._opened((*_known_parts(directory), name))

    def _opened(self, parts: tuple[str, ...]) -> int:
        if not parts:
            raise _unsafe(self.root, "directory")
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
            raise _error_of(error, self.root.joinpath(*parts)) from error
        return fd

    def read(self, relative: str | PurePath, limit: int | None = None) -> bytes:
        """All octets of a regular file, or the first ``limit``; errors as `open_file`."""
        with self.open_file(relative) as file, _as_ours(self.root / relative):
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
        parts = _parts(relative)
        return FileOctets(self._opened(parts), self.root.joinpath(*parts))

    @contextmanager
    def _listing(self, relative: str | PurePath) -> Iterator[Iterator[os.DirEntry[str]]]:
        """A directory's entries, through a descriptor whose position is shared with nobody."""
        parts = _parts(relative)
        with _as_ours(self.root.joinpath(*parts)):
            directory = self._directory(parts)  # held, or another thread may have it closed
            fd = open_quietly(".", _DIRECTORY, directory.fd)
            try:
                with os.scandir(fd) as listing:
                    yield listing
            finally:
                os.close(fd)

    def _directory(self, parts: tuple[str, ...]) -> _Directory:
        known = self._known(parts)
        depth = len(parts)
        while known is None:
            depth -= 1
            known = self._known(parts[:depth])
        for end in range(depth + 1, len(parts) + 1):
            known = self._opened_below(known, parts[:end])
        return known

    def _known(self, parts: tuple[str, ...]) -> _Directory | None:
        if not parts:
            return self._top
        with self._lock:
            found = self._cached.get(parts)
            if found is not None:
                self._cached.move_to_end(parts)
            return found

    def _opened_below(self, parent: _Directory, parts: tuple[str, ...]) -> _Directory:
        try:
            opened = _Directory(open_quietly(parts[-1], _DIRECTORY, parent.fd))
        except NotADirectoryError:
            self._refuse_odd(parent, parts)
            raise
        with self._lock:
            self._cached[parts] = opened
            while len(self._cached) > _CACHED_DIRECTORIES:
                self._cached.popitem(last=False)
        return opened

    def _refuse_odd(self, parent: _Directory, parts: tuple[str, ...]) -> None:
        found = os.stat(parts[-1], dir_fd=parent.fd, follow_symlinks=False)
        kind = _kind(found.st_mode)
        if kind is not EntryKind.FILE:
            raise _unsafe(self.root.joinpath(*parts), kind)


@lru_cache(maxsize=64)
def _known_parts(directory: PurePosixPath) -> tuple[str, ...]:
    return _parts(directory)


def _parts(relative: str | PurePath) -> tuple[str, ...]:
    """Components of a path below the root.

    Raises:
        UnsafeBackupEntry: it leads upwards or is absolute.
    """
    path = PurePosixPath(relative)
    if path.is_absolute() or ".." in path.parts:
        raise UnsafeBackupEntry(f'"{path}" leads out of the backup')
    return path.parts


def open_quietly(name: str, flags: int, directory: int | None) -> int:
    """Open without leaving an access time, which only the owner and root may ask for."""
    try:
        return os.open(name, flags | os.O_NOATIME, dir_fd=directory)
    except PermissionError as error:
        if error.errno != errno.EPERM:
            raise
        return os.open(name, flags, dir_fd=directory)


def _entry(name: str, found: os.stat_result) -> Entry:
    return Entry(
        name,
        _kind(found.st_mode),
        found.st_size,
        found.st_mtime_ns,
        found.st_ino,
        found.st_dev,
    )


def _kind(mode: int) -> EntryKind:
    match stat.S_IFMT(mode):
        case stat.S_IFREG:
            return EntryKind.FILE
        case stat.S_IFDIR:
            return EntryKind.DIRECTORY
        case stat.S_IFLNK:
            return EntryKind.LINK
        case stat.S_IFIFO:
            return EntryKind.PIPE
        case stat.S_IFSOCK:
            return EntryKind.SOCKET
        case _:
            return EntryKind.DEVICE


def _check_regular(path: PurePosixPath, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise _unsafe(path, _kind(found.st_mode))


def _unsafe(path: PurePosixPath, kind: str) -> UnsafeBackupEntry:
    return UnsafeBackupEntry(
        f'"{path}" in the backup is a {kind}',
        why="a backup of mail holds only files and directories; others are never opened",
        hint="look who put it there; the rest of the backup can be read",
    )


@contextmanager
def _as_ours(path: PurePosixPath) -> Iterator[None]:
    """Turn an OSError about ``path`` into an error that a person can act on."""
    try:
        yield
    except OSError as error:
        raise _error_of(error, path) from error


def _error_of(error: OSError, path: PurePosixPath) -> BackupError:
    if error.errno == errno.ELOOP:
        return _unsafe(path, EntryKind.LINK)
    if error.errno == errno.ENOENT:
        return BackupFileMissing(f'there is no "{path}" in the backup', why=_why(error))
    if error.errno == errno.ENOTDIR:
        return BackupFileMissing(f'"{path}" is not a directory of the backup', why=_why(error))
    hint = "the files of a backup belong to root; run this as root" if _denied(error) else None
    return BackupUnreadable(f'"{path}" cannot be read', why=_why(error), hint=hint)


def _denied(error: OSError) -> bool:
    return error.errno in {errno.EACCES, errno.EPERM}


def _why(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
