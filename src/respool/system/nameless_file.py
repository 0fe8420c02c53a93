"""A file without a name in a directory, for octets that are read again soon: gone when let go."""

from __future__ import annotations

import os
import weakref
from pathlib import Path


class NamelessFile:
    """Octets that were put there, by their places. Nobody else can open it; nothing of it lasts.

    For one thread at a time.
    """

    def __init__(self, directory: Path) -> None:
        """Make it, empty.

        Raises:
            OSError: not there, or its file system knows no such files (open(2), O_TMPFILE).
        """
        flags = os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC
        self._descriptor = os.open(directory, flags, 0o600)
        self._size_bytes = 0
        weakref.finalize(self, os.close, self._descriptor)

    def put(self, octets: bytes) -> int:
        """Where ``octets`` stand from now on.

        Raises:
            OSError: there is no room for them.
        """
        start = self._size_bytes
        done = 0
        while done < len(octets):
            done += os.pwrite(self._descriptor, memoryview(octets)[done:], start + done)
        self._size_bytes += len(octets)
        return start

    def get(self, start: int, size_bytes: int) -> bytes:
        """Those that were put at ``start``.

        Raises:
            OSError: they cannot be read.
        """
        octets = b""
        while len(octets) < size_bytes:
            more = os.pread(self._descriptor, size_bytes - len(octets), start + len(octets))
            if not more:
                raise OSError("a file of ours became shorter")
            octets += more
        return octets
