"""A file without a name, for octets that lie inside another file: gone when it is closed."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterable
from typing import Final

from respool.errors import BackupUnreadable

_HELD_OCTETS: Final = 4 << 20
_PIECE_OCTETS: Final = 256 << 10  # more at once would stay with the process when it is freed
_NAME: Final = "respool"


def unlinked_file(pieces: Iterable[bytes]) -> int:
    """A descriptor of a file with these octets, at its start; the caller closes it.

    Few octets are held in memory, many lie in the system's directory for temporary files,
    where nobody else can open them.

    Raises:
        BackupUnreadable: there is no room for them.
        Whatever ``pieces`` raises.
    """
    descriptor = os.memfd_create(_NAME, os.MFD_CLOEXEC)
    try:
        size = 0
        for piece in pieces:
            if size <= _HELD_OCTETS < size + len(piece):
                descriptor = _moved(descriptor)
            _write(descriptor, piece)
            size += len(piece)
        os.lseek(descriptor, 0, os.SEEK_SET)
    except OSError as error:
        os.close(descriptor)
        raise BackupUnreadable(
            "a message cannot be taken out of the file that holds it",
            why=(error.strerror or str(error)).lower(),
            hint="make room in the directory for temporary files, or name another: TMPDIR=…",
        ) from error
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


class UnlinkedFile:
    """Such a file, kept until nobody has it any more, to be opened again and again."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        """Fill it; errors as `unlinked_file`."""
        self._descriptor = unlinked_file(pieces)
        weakref.finalize(self, os.close, self._descriptor)

    def opened(self) -> int:
        """A descriptor with a position of its own, which the caller closes."""
        return os.open(f"/proc/self/fd/{self._descriptor}", os.O_RDONLY | os.O_CLOEXEC)


def _moved(held: int) -> int:
    """What is in ``held``, which is closed, at the start of a file on disk."""
    with tempfile.TemporaryFile(buffering=0) as file:
        descriptor = os.dup(file.fileno())
    try:
        os.lseek(held, 0, os.SEEK_SET)
        while piece := os.read(held, _PIECE_OCTETS):
            _write(descriptor, piece)
    except BaseException:
        os.close(descriptor)
        raise
    os.close(held)
    return descriptor


def _write(descriptor: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]
