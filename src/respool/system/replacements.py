"""Files that take the places of others all at once: written beside, flushed together, renamed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from respool.system.durable import (
    TEMPORARY_PREFIX,
    WRITTEN_AT_ONCE,
    flush_directory,
    flush_file_system_of,
)
from respool.system.ownership import Owner, is_root

_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class Replacements:
    """New files beside those that they will replace; what was not put in place goes again.

    One flush makes them all last, where writing each durably takes two for each; after it
    each is asked whether its octets got there, which waits for nothing more.
    """

    def __init__(self, *, mode: int, owner: Owner | None = None) -> None:
        self._mode = mode
        self._owner = owner
        self._streams: dict[Path, BinaryIO] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Nothing is written yet."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Remove what is still beside."""
        self._stack.close()

    def begin(self, file: Path) -> BinaryIO:
        """What will stand at ``file``, to be written.

        Raises:
            OSError: as the system says.
        """
        temporary = _beside(file)
        descriptor = os.open(temporary, _NEW, self._mode)
        self._stack.callback(_forget, temporary)
        stream = self._stack.enter_context(os.fdopen(descriptor, "wb", WRITTEN_AT_ONCE))
        os.fchmod(descriptor, self._mode)
        if self._owner is not None and is_root():
            os.fchown(descriptor, self._owner.uid, self._owner.gid)
        self._streams[file] = stream
        return stream

    def put_in_place(self, directories: Iterable[Path] = ()) -> None:
        """Let each take its place, in the order they were begun, once all is on disk.

        On disk are then, before the first takes its place, the names in ``directories``, too.
        That order is the disk's, too, where they go into several directories.

        Raises:
            OSError: as the system says; what stood there is still there, from one of them on.
        """
        flushed: set[int] = set()
        for stream in self._streams.values():
            stream.flush()
        for stream in self._streams.values():
            _flush_once(stream.fileno(), flushed)
        for stream in self._streams.values():
            os.fsync(stream.fileno())  # Linux before 5.8 tells errors here alone
        for directory in directories:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                _flush_once(descriptor, flushed)
            finally:
                os.close(descriptor)
        for parent, files in groupby(self._streams, key=lambda file: file.parent):
            for file in files:
                _beside(file).replace(file)
            flush_directory(parent)
        self._streams.clear()


def _flush_once(descriptor: int, flushed: set[int]) -> None:
    device = os.fstat(descriptor).st_dev
    if device not in flushed:
        flush_file_system_of(descriptor)
        flushed.add(device)


def _beside(file: Path) -> Path:
    return file.with_name(f"{TEMPORARY_PREFIX}{file.name}")


def _forget(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink()
