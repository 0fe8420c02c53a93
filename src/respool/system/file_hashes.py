"""Files of one directory, each opened once: its size, its time and the SHA-1 of its octets."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from array import array
from collections.abc import Callable, Iterable
from dataclasses import field
from pathlib import PurePath
from typing import Final

from respool.model.dataclasses import dataclass
from respool.system.link_table import LinkTable
from respool.system.read_only import ReadOnlyTree

READ: Final = 0  # states of a file; any other positive number is the system's errno
GONE: Final = errno.ENOENT
CHANGED: Final = -1  # it grew or shrank while it was read
NO_FILE: Final = -2  # no regular file any more
NUMBERS: Final = 4
DIGEST_OCTETS: Final = 20

_PIECE_OCTETS: Final = 1 << 20
_NANOSECONDS: Final = 1_000_000_000
_NO_DIGEST: Final = bytes(DIGEST_OCTETS)


@dataclass(slots=True)
class FileHashes:
    """What was read, file by file, in the order of reading.

    ``numbers`` has NUMBERS for each: its number, octets that were read, modification time
    in seconds, state. ``digests`` has 20 octets for each; zeros unless READ or CHANGED.
    ``files`` and ``octets`` count what was read, each file once, whatever names it has.
    """

    numbers: array[int] = field(default_factory=lambda: array("q"))
    digests: bytearray = field(default_factory=bytearray)
    files: int = 0
    octets: int = 0

    def add(self, other: FileHashes) -> None:
        """Put another's behind these."""
        self.numbers += other.numbers
        self.digests += other.digests
        self.files += other.files
        self.octets += other.octets


def hash_numbered(
    tree: ReadOnlyTree, directory: PurePath, numbers: Iterable[int], links: LinkTable
) -> FileHashes:
    """The files ``N.`` of a directory. No link is followed, nothing but files is read.

    Raises:
        BackupFileMissing, UnsafeBackupEntry, BackupUnreadable: the directory itself.
    """
    with tree.opener_in(directory) as opened:
        reader = _Reader(opened, links)
        for number in numbers:
            reader.read(number)
    return reader.found


class _Reader:
    """Reads files of one directory, one after the other, into one buffer."""

    def __init__(self, opened: Callable[[str], int], links: LinkTable) -> None:
        self.found = FileHashes()
        self._opened = opened
        self._links = links
        self._buffer = bytearray(_PIECE_OCTETS)
        self._view = memoryview(self._buffer)
        self._buffers = [self._buffer]

    def read(self, number: int) -> None:
        """One file; whatever happens to it is its state."""
        size = seconds = state = 0
        digest = _NO_DIGEST
        try:
            descriptor = self._opened(f"{number}.")
            try:
                status = os.fstat(descriptor)
                size, seconds = status.st_size, status.st_mtime_ns // _NANOSECONDS
                if not stat.S_ISREG(status.st_mode):
                    state = NO_FILE
                elif status.st_nlink <= 1:  # none: a file that never had a name
                    size, digest = self._digest(descriptor, size)
                else:
                    size, digest = self._digest_of_linked(descriptor, status)
            finally:
                os.close(descriptor)
            if not state and size != status.st_size:
                state = CHANGED
        except OSError as error:
            state = NO_FILE if error.errno == errno.ELOOP else error.errno or errno.EIO
        self.found.numbers.extend((number, size, seconds, state))
        self.found.digests += digest

    def _digest_of_linked(self, descriptor: int, status: os.stat_result) -> tuple[int, bytes]:
        known = self._links.find(status.st_dev, status.st_ino)
        if known is not None:
            return status.st_size, known
        size, digest = self._digest(descriptor, status.st_size)
        if size == status.st_size:
            self._links.put(status.st_dev, status.st_ino, digest)
        return size, digest

    def _digest(self, descriptor: int, expected: int) -> tuple[int, bytes]:
        """Octets that were read, and their SHA-1. One that grows is not read for ever."""
        size = os.readv(descriptor, self._buffers)
        digest = hashlib.sha1(self._view[:size], usedforsecurity=False)
        is_at_end = expected <= size < _PIECE_OCTETS
        while not is_at_end and size <= expected:
            more = os.readv(descriptor, self._buffers)
            digest.update(self._view[:more])
            size += more
            is_at_end = more == 0
        self.found.files += 1
        self.found.octets += size
        return size, digest.digest()
