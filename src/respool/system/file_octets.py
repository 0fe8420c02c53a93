"""A file of a backup as octets of which parts are read, so that it need not fit into memory.

Not mapped: a disk that fails, or a file that is cut while it is read, would kill the program.
"""

from __future__ import annotations

import os
import weakref
from pathlib import PurePath

from respool.errors import BackupUnreadable


class FileOctets:
    """The octets of a file, as many as it had when it was opened.

    ``octets[a:b]`` reads them anew each time. ``descriptor`` is closed when nobody has the
    octets any more, but where it ``is_borrowed``.
    """

    def __init__(self, descriptor: int, path: PurePath, *, is_borrowed: bool = False) -> None:
        self._descriptor = descriptor
        self._path = path
        self._size = os.fstat(descriptor).st_size
        if not is_borrowed:
            weakref.finalize(self, os.close, descriptor)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._size)
        wanted = max(stop - start, 0)
        octets = b""
        try:
            while len(octets) < wanted:
                more = os.pread(self._descriptor, wanted - len(octets), start + len(octets))
                if not more:
                    raise BackupUnreadable(
                        f'"{self._path}" cannot be read', why="it became shorter meanwhile"
                    )
                octets += more
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise BackupUnreadable(f'"{self._path}" cannot be read', why=why) from error
        return octets
