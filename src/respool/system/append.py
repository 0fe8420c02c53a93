"""Adding a line to a log that several processes write to."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def append_line(file: Path, octets: bytes, *, is_flushed: bool) -> None:
    """Put ``octets`` and a line feed at the end of ``file``, in one write.

    A new file is for us alone. What was cut off before stays a line of its own.
    ``is_flushed``: it is on disk when this returns.

    Raises:
        OSError: as the system says; some of the line may be there.
    """
    descriptor = os.open(file, _FLAGS, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        is_cut = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        line = b"\n" * is_cut + octets + b"\n"
        if os.write(descriptor, line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        if is_flushed:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
