"""Writing so that it lasts: beside, flush, rename, flush the directory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from respool.system.ownership import Owner, is_root

TEMPORARY_PREFIX = ".respool-"  # nothing that reconstruct could take for a message
_LIBC = ctypes.CDLL(None, use_errno=True)


def write_durably(
    file: Path, octets: bytes, *, mode: int = 0o600, owner: Owner | None = None
) -> None:
    """Put ``octets`` at ``file``, whole or not at all; what stood there is replaced.

    Raises:
        OSError: as the system says; what stood there is still there.
    """
    with replacing(file, mode=mode, owner=owner) as stream:
        stream.write(octets)


@contextlib.contextmanager
def replacing(file: Path, *, mode: int = 0o600, owner: Owner | None = None) -> Iterator[BinaryIO]:
    """A stream that becomes ``file`` at the end of the block, whole or not at all.

    Raises:
        OSError: as the system says; what stood there is still there.
    """
    temporary = file.with_name(f"{TEMPORARY_PREFIX}{file.name}")
    descriptor = os.open(
        temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode
    )
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, mode)
            if owner is not None and is_root():
                os.fchown(descriptor, owner.uid, owner.gid)
            yield stream
            stream.flush()
            os.fsync(descriptor)
        temporary.replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    flush_directory(file.parent)


def new_private_file(file: Path) -> TextIO:
    """A new ASCII file that only we may read, open to write.

    Raises:
        FileExistsError: something stands there.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(file, flags, 0o600), "w", encoding="ascii")


def flush_file(file: Path) -> None:
    """Make what was written to ``file`` last."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_directory(directory: Path) -> None:
    """Make the names in ``directory`` last."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_file_system(directory: Path) -> None:
    """Make everything written to the file system of ``directory`` last: one flush for a group.

    Source: syncfs(2), which Python does not offer; sync(2) where it is missing.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        syncfs = getattr(_LIBC, "syncfs", None)
        if syncfs is None:
            os.sync()
        elif syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(directory))
    finally:
        os.close(descriptor)


def remove_directory(directory: Path) -> None:
    """Remove ``directory`` with all that is in it, for good; no link in it is followed.

    One that is gone already is no error.

    Raises:
        OSError: as the system says; some of it may be gone.
    """
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(directory)
    flush_directory(directory.parent)


def make_directory(directory: Path, *, mode: int, owner: Owner | None) -> None:
    """Make ``directory`` and what lacks above it, each with ``mode`` and ``owner``.

    Another thread, or the server, may make one of them meanwhile. Whose group a directory
    hands down to what is made below it (set-gid), that stays so.
    """
    if directory.is_dir():
        return
    make_directory(directory.parent, mode=mode, owner=owner)
    try:
        directory.mkdir(mode=mode)
    except FileExistsError:
        if not directory.is_dir():
            raise
        return
    directory.chmod(mode | directory.stat().st_mode & stat.S_ISGID)
    if owner is not None and is_root():
        os.chown(directory, owner.uid, owner.gid)
