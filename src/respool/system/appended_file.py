"""A file that grows at its end, from where it is known to be whole."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from respool.system.durable import flush_directory

_HELD_OCTETS: Final = 4 << 20
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_THERE: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC


def make_empty_file(file: Path) -> None:
    """A new file of ours alone; an empty one that is there already is taken.

    Raises:
        FileExistsError: something else stands there.
        OSError: as the system says.
    """
    try:
        os.close(os.open(file, _NEW, 0o600))
    except FileExistsError:
        status = file.lstat()
        if status.st_size != 0 or file.is_symlink() or not file.is_file():
            raise
    flush_directory(file.parent)


class AppendedFile:
    """Writes at the end of a file that is there; what lies beyond ``start`` goes first.

    Octets are held until there are 4 MiB, and are on disk once `flush` returned.
    """

    def __init__(self, file: Path, start: int) -> None:
        """Cut the file to ``start`` octets.

        Raises:
            OSError: it is not there, shorter than that, or cannot be written.
        """
        self._descriptor = os.open(file, _THERE)
        try:
            _check_size(self._descriptor, start, file)
            os.ftruncate(self._descriptor, start)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._written = start
        self._held: list[bytes] = []
        self._held_octets = 0

    def __enter__(self) -> Self:
        """It is open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; what was not flushed may be lost."""
        os.close(self._descriptor)

    @property
    def position(self) -> int:
        """Where the next octet goes."""
        return self._written + self._held_octets

    def write(self, octets: bytes) -> None:
        """Add ``octets``.

        Raises:
            OSError: as the system says.
        """
        self._held.append(octets)
        self._held_octets += len(octets)
        if self._held_octets >= _HELD_OCTETS:
            self._pour()

    def patch(self, offset: int, octets: bytes) -> None:
        """Put ``octets`` over those at ``offset``."""
        self._pour()
        view = memoryview(octets)
        while view:
            count = os.pwrite(self._descriptor, view, offset)
            view, offset = view[count:], offset + count

    def rewind(self, position: int) -> None:
        """Take back what was added behind ``position``."""
        self._pour()
        os.ftruncate(self._descriptor, position)
        self._written = position

    def flush(self) -> int:
        """Make all of it last; its time in nanoseconds."""
        self._pour()
        os.fsync(self._descriptor)
        return os.fstat(self._descriptor).st_mtime_ns

    def _pour(self) -> None:
        if self._held_octets == 0:
            return
        view = memoryview(b"".join(self._held))
        self._held, self._held_octets = [], 0
        while view:
            count = os.pwrite(self._descriptor, view, self._written)
            view, self._written = view[count:], self._written + count


def _check_size(descriptor: int, least: int, file: Path) -> None:
    if os.fstat(descriptor).st_size < least:
        raise OSError(errno.EIO, f"it has lost octets: there were {least}", str(file))


def cut_back(file: Path, size_bytes: int) -> None:
    """Cut a file to what it was before a group that failed, as far as that can be done."""
    with contextlib.suppress(OSError):
        os.truncate(file, size_bytes)
