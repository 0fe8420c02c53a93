"""Moving a file's octets inside the kernel: shared with the source where that can be.

Three ways, best first: the copy shares the source's blocks until either is written to
(ioctl FICLONE: XFS with reflink, Btrfs, both files on one file system); copy_file_range(2),
on all others; and, where that is refused too, what the caller reads and writes itself.

Source: ioctl_ficlone(2), copy_file_range(2); include/uapi/linux/fs.h for the number.
"""

from __future__ import annotations

import errno
import fcntl
import os
from enum import IntEnum
from typing import Final

# Python names it from 3.12 on; the number is that of every machine but Alpha, MIPS,
# PowerPC and SPARC, which answer ENOTTY, and are served by the next way.
_FICLONE: Final[int] = getattr(fcntl, "FICLONE", 0x40049409)

# Answers of a file system, or of a filter of system calls, that will not do it for the next
# file either.
_NOT_THIS_WAY: Final = frozenset(
    {
        errno.EXDEV,
        errno.EOPNOTSUPP,
        errno.ENOSYS,
        errno.ENOTTY,
        errno.EINVAL,
        errno.EBADF,
        errno.EPERM,
        errno.EACCES,
    }
)
_SMALL_OCTETS: Final = 1 << 18
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


class Way(IntEnum):
    """How octets get from one file to another, best first."""

    SHARED = 0
    IN_KERNEL = 1
    READ_AND_WRITTEN = 2


class KernelCopy:
    """Copies files between two file systems, and remembers which way these can.

    For one pair of directories, and one thread.
    """

    def __init__(self, way: Way = Way.SHARED) -> None:
        self.way = way

    def is_slower_for(self, size_bytes: int) -> bool:
        """Whether reading and writing costs less than letting the kernel copy (seen on ext4).

        Not where blocks can be shared: then a copy takes no room.
        """
        return self.way is not Way.SHARED and size_bytes <= _SMALL_OCTETS

    def is_copied(self, source: int, target: int, size_bytes: int) -> bool:
        """Whether ``target``, an empty file, has the ``size_bytes`` octets of ``source`` now.

        Both are descriptors; neither's position moves. Where it is not so, anything may
        stand in ``target``: the caller empties it, then reads and writes.

        Raises:
            OSError: the target has no room, or takes nothing.
        """
        while self.way is not Way.READ_AND_WRITTEN:
            try:
                if self.way is Way.SHARED:
                    fcntl.ioctl(target, _FICLONE, source)
                    return True
                return _copy_range(source, target, size_bytes)
            except OSError as error:
                if error.errno in _NO_ROOM:
                    raise
                if error.errno not in _NOT_THIS_WAY:
                    return False  # of one of the two files: reading and writing tells of which
                self.way = Way(self.way + 1)
        return False


def _copy_range(source: int, target: int, size_bytes: int) -> bool:
    """False where the source ended before, or seems to: some special file systems give none."""
    done = 0
    while done < size_bytes:
        count = os.copy_file_range(source, target, size_bytes - done, done, done)
        if count == 0:
            return False
        done += count
    return True
