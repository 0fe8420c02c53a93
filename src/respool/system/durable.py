"""Writing so that it lasts: beside, flush, rename, flush the directory."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from respool.system.ownership import Owner, is_root

TEMPORARY_PREFIX = ".respool-"  # nothing that reconstruct could take for a message
WRITTEN_AT_ONCE: Final = 1 << 18  # octets: the kernel finds room for many pages at once
_LIBC = ctypes.CDLL(None, use_errno=True)
_HERE = -100  # AT_FDCWD, fcntl.h
_NO_REPLACE = 1  # RENAME_NOREPLACE, linux/fs.h
_NOT_KNOWN = frozenset({errno.EINVAL, errno.ENOSYS})


def write_durably(
    file: Path, octets: bytes, *, mode: int = 0o600, owner: Owner | None = None
) -> None:
    """Put ``octets`` at ``file``, whole or not at all; what stood there is replaced.

    Raises:
        OSError: as the system says; what stood there is still there.
    """
    with replacing(file, mode=mode, owner=owner) as stream:
        stream.write(octets)


def write_for_readers(file: Path, octets: bytes, *, mode: int) -> None:
    """As `write_durably`, for who reads every file of a directory that has the same ending.

    What is not whole yet ends with ``.new``: node_exporter takes any name with ``.prom``.

    Raises:
        OSError: as the system says; what stood there is still there.
    """
    beside = file.with_name(f"{file.name}.new")
    write_durably(beside, octets, mode=mode)
    try:
        beside.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    flush_directory(file.parent)


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
        with os.fdopen(descriptor, "wb", buffering=WRITTEN_AT_ONCE) as stream:
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
    descriptor = os.open(file, flags, 0o600)
    return os.fdopen(descriptor, "w", buffering=WRITTEN_AT_ONCE, encoding="ascii")


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
        flush_file_system_of(descriptor)
    finally:
        os.close(descriptor)


def flush_file_system_of(descriptor: int) -> None:
    """As `flush_file_system`, by a descriptor of something there.

    Where it was opened before what is flushed was written, it is told of every error since,
    though somebody else's flush was told before (Linux 5.8; fs/sync.c, ``syncfs``).
    """
    syncfs = getattr(_LIBC, "syncfs", None)
    if syncfs is None:
        os.sync()
    elif syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


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

    It comes into sight with both: the mail server could do nothing in a directory that
    somebody who was killed left as root's. Another thread, or the server, may make one of
    them meanwhile. Whose group a directory hands down to what is made below it (set-gid),
    that stays so.
    """
    if directory.is_dir():
        return
    make_directory(directory.parent, mode=mode, owner=owner)
    temporary = directory.with_name(f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}")
    temporary.mkdir(mode=mode)
    try:
        temporary.chmod(mode | temporary.stat().st_mode & stat.S_ISGID)
        if owner is not None and is_root():
            os.chown(temporary, owner.uid, owner.gid)
        rename_to_new(temporary, directory)
    except FileExistsError:
        temporary.rmdir()
        if not directory.is_dir():
            raise
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.rmdir()
        raise


def rename_to_new(here: Path, there: Path) -> None:
    """Rename ``here`` to ``there``, where nothing stands.

    Raises:
        FileExistsError: something does.
        OSError: as the system says.

    Source: renameat2(2), RENAME_NOREPLACE; file systems without it (NFS) say EINVAL.
    """
    renameat2 = getattr(_LIBC, "renameat2", None)
    names = os.fsencode(here), os.fsencode(there)
    if renameat2 is not None:
        if renameat2(_HERE, names[0], _HERE, names[1], _NO_REPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in _NOT_KNOWN:
            raise OSError(number, os.strerror(number), str(there))
    if os.path.lexists(there):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(there))
    here.rename(there)
