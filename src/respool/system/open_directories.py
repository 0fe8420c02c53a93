"""The directories of a tree, each opened without following links, and kept open for a while."""

from __future__ import annotations

import errno
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import PurePath, PurePosixPath
from typing import Final

from respool.errors import BackupError, BackupFileMissing, BackupUnreadable, UnsafeBackupEntry
from respool.system.directory_names import (
    DirectoryNames,
    KeptNames,
    Stamp,
    names_among,
    stamp_of,
)
from respool.system.entry_kinds import EntryKind, kind_of
from respool.system.mounts import counts_directories

_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC
BELOW: Final = _FLAGS | os.O_NOFOLLOW | os.O_NONBLOCK
_DIRECTORY: Final = BELOW | os.O_DIRECTORY
_CACHED_DIRECTORIES: Final = 64
_LINKS_OF_A_LEAF: Final = 2  # its name, and its own "."
_LISTED_ANYWAY_OCTETS: Final = 1 << 14  # the size of a directory of some hundred files


class _Directory:
    """An open directory, closed when nobody holds it any more."""

    __slots__ = ("__weakref__", "fd")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        weakref.finalize(self, os.close, fd)


class OpenDirectories:
    """A tree's directories, reached through one open descriptor of its root, and their names."""

    def __init__(self, root: str | PurePath) -> None:
        """Open ``root``, which alone may be reached through links.

        Raises:
            BackupFileMissing: no such directory.
            BackupUnreadable: it may not be read.
        """
        self.root = PurePosixPath(os.path.realpath(root))
        self._lock = threading.Lock()
        self._cached: OrderedDict[tuple[str, ...], _Directory] = OrderedDict()
        self._kept_names = KeptNames()
        self._is_counted: bool | None = None  # whether links tell of directories; not yet known
        with as_ours(self.root):
            self._top = _Directory(open_quietly(str(self.root), _FLAGS | os.O_DIRECTORY, None))

    @contextmanager
    def opened_directory(self, relative: str | PurePath) -> Iterator[int]:
        """A descriptor of a directory, to open many files in it by name.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """
        parts = parts_of(relative)
        with as_ours(self.root, *parts):
            directory = self._directory(parts)
        yield directory.fd

    @contextmanager
    def opener_in(self, relative: str | PurePath) -> Iterator[Callable[[str], int]]:
        """What opens files of a directory by name, following no link; the caller closes them.

        It raises an OSError as the system gives it. What it opens need not be a regular file.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable: the directory itself.
        """
        with self.opened_directory(relative) as directory:
            yield lambda name: open_quietly(name, BELOW, directory)

    def subdirectories(self, relative: str | PurePath = "") -> tuple[str, ...]:
        """Names of the real directories in a directory, sorted; nothing where there is none.

        Where it has to be listed, what else is there is kept for `all_names`, if it is very much.

        Raises:
            UnsafeBackupEntry, BackupUnreadable.
        """
        parts = parts_of(relative)
        try:
            if self._has_none_below(parts):
                return ()
            stamp, names = self._listed(parts)
        except BackupFileMissing:
            return ()
        self._kept_names.keep(parts, stamp, names)
        return names.subdirectories()

    def all_names(self, relative: str | PurePath = "") -> DirectoryNames:
        """All names in a directory, by kind: the fastest way to list a very large one.

        Raises:
            BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
        """
        parts = parts_of(relative)
        return self._kept_names.take(parts, self._stamp(parts)) or self._listed(parts)[1]

    def _listed(self, parts: tuple[str, ...]) -> tuple[Stamp, DirectoryNames]:
        stamp = self._stamp(parts)
        with self._listing(PurePosixPath(*parts)) as listing:
            return stamp, names_among(listing)

    def _has_none_below(self, parts: tuple[str, ...]) -> bool:
        """Whether its links tell that no directory is among its many files."""
        with as_ours(self.root, *parts):
            directory = self._directory(parts)  # held, or another thread may have it closed
            found = os.fstat(directory.fd)
        if found.st_nlink != _LINKS_OF_A_LEAF or found.st_size < _LISTED_ANYWAY_OCTETS:
            return False
        device = os.fstat(self._top.fd).st_dev  # open, and so the same one all the time
        if self._is_counted is None:
            self._is_counted = counts_directories(device)
        return self._is_counted and found.st_dev == device

    def _stamp(self, parts: tuple[str, ...]) -> Stamp:
        with as_ours(self.root, *parts):
            directory = self._directory(parts)  # held, or another thread may have it closed
            return stamp_of(directory.fd)

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
                        yield item.name, kind_of(found.st_mode), item.inode()

    @contextmanager
    def _listing(self, relative: str | PurePath) -> Iterator[Iterator[os.DirEntry[str]]]:
        """A directory's entries, through a descriptor whose position is shared with nobody."""
        parts = parts_of(relative)
        with as_ours(self.root, *parts):
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
        kind = kind_of(found.st_mode)
        if kind is not EntryKind.FILE:
            raise unsafe_entry(self.root.joinpath(*parts), kind)


def parts_of(relative: str | PurePath) -> tuple[str, ...]:
    """Components of a path below the root.

    Raises:
        UnsafeBackupEntry: it leads upwards or is absolute.
    """
    path = relative if isinstance(relative, PurePosixPath) else PurePosixPath(relative)
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


def unsafe_entry(path: PurePosixPath, kind: str) -> UnsafeBackupEntry:
    """The error for what is no file or directory."""
    return UnsafeBackupEntry(
        f'"{path}" in the backup is a {kind}',
        why="a backup of mail holds only files and directories; others are never opened",
        hint="look who put it there; the rest of the backup can be read",
    )


@contextmanager
def as_ours(place: PurePosixPath, *below: str) -> Iterator[None]:
    """Turn an OSError about what is ``below`` a place into an error that a person can act on."""
    try:
        yield
    except OSError as error:
        raise error_of(error, place.joinpath(*below)) from error


def error_of(error: OSError, path: PurePosixPath) -> BackupError:
    """An error that a person can act on, of what the system said about ``path``."""
    if error.errno == errno.ELOOP:
        return unsafe_entry(path, EntryKind.LINK)
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
