"""What a server's programs told of its list of mailboxes, for as long as nobody writes to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from respool.system.programs import Finished

Answers: TypeAlias = dict[tuple[str, ...], Finished]
_Stamp: TypeAlias = tuple[int, int, int, int, int]

# Kinds of a single file that is written by write(2), or replaced: lib/cyrusdb_*.c of 2.4 to 3.12.
_BY_WRITING: Final = frozenset({"flat", "skiplist", "twoskip"})
_AT_REST_SECONDS: Final = 2.0  # a later write has another time by then, on any file system
_MOST_OCTETS: Final = 1 << 20  # of all answers together


class ToldOfList:
    """Answers of programs that read the list of mailboxes, in ``file``, and nothing else.

    They stand as long as the file is the same one, of the same size and times. One that was
    written to a moment ago may be written to again within the same tick of its file system's
    clock: of such nothing is kept.
    """

    def __init__(self, file: Path, kind: str) -> None:
        self._file = file
        self._is_told_by_stamp = kind in _BY_WRITING
        self._stamp: _Stamp | None = None
        self._kept: Answers = {}

    @contextmanager
    def asking(self) -> Iterator[Answers]:
        """What still stands, by command; what is added is kept, if it may be."""
        stamp = self._stamp_at_rest()
        is_same = stamp is not None and stamp == self._stamp
        answers: Answers = dict(self._kept) if is_same else {}
        yield answers
        told = {words: each for words, each in answers.items() if each.status == 0}
        size = sum(len(each.output) for each in told.values())
        is_kept = stamp is not None and size <= _MOST_OCTETS
        self._stamp, self._kept = (stamp, told) if is_kept else (None, {})

    def _stamp_at_rest(self) -> _Stamp | None:
        """What tells that the file was written to; None where that could not be told later."""
        if not self._is_told_by_stamp:
            return None
        try:
            found = self._file.stat()
        except OSError:
            return None
        if time.time() - found.st_mtime < _AT_REST_SECONDS:
            return None
        times = (found.st_mtime_ns, found.st_ctime_ns)
        return (found.st_dev, found.st_ino, found.st_size, *times)
