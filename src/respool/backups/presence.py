"""Is a mailbox of a backup still there, after some of its messages could not be read?

One message that is gone or on a bad sector is a loss with a name. A backup that was
unmounted, or that somebody is deleting, would be as many losses as it has messages.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from typing import Final

from respool.backups.source import SourceMailbox, forget_trees, open_tree, tree_at
from respool.cyrus.spool_paths import INDEX_FILE
from respool.errors import BackupError
from respool.model.dataclasses import dataclass
from respool.model.hsm import StorePlace

# What the system says of a whole file system, or of ourselves, and not of one file.
_OF_ALL: Final = frozenset(
    {
        errno.ESTALE,
        errno.ENOTCONN,
        errno.ENODEV,
        errno.ENXIO,
        errno.ESHUTDOWN,
        errno.ETIMEDOUT,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.ECONNABORTED,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
    }
)
_BAD_SECTOR: Final = frozenset({errno.EIO, errno.ENODATA, errno.EUCLEAN, errno.EBADMSG})
_MANY: Final = 20
_PAUSE_SECONDS: Final = 1.0
_INDEX_READ: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A message that could not be read. ``number``: what the system said (errno), if it did.

    ``directory`` is where its file should be, ``stores`` where the rest of a stub's message.
    """

    uid: int
    directory: PurePosixPath | None
    number: int | None
    stores: Sequence[StorePlace] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Looks at one mailbox of a backup. ``has_index``: the plan knew it by its index."""

    source: SourceMailbox
    has_index: bool
    sleep: Callable[[float], None] = time.sleep

    @staticmethod
    def is_of_all(missed: Missed) -> bool:
        """Whether the system speaks of more than one file: of a file system, or of ourselves."""
        return missed.number in _OF_ALL

    def why_gone(self, missed: Sequence[Missed], read_count: int) -> str | None:
        """Why no more should be read of it; None where ``missed`` are losses of their own.

        ``read_count`` messages of the same group could be read.
        """
        for reason in self._reasons(missed, read_count):
            forget_trees()
            return reason
        return None

    def _reasons(self, missed: Sequence[Missed], read_count: int) -> Iterator[str]:
        numbers = {each.number for each in missed}
        for number in numbers & _OF_ALL:
            yield f"the system says of it: {os.strerror(number or 0).lower()}"
        for spool, directory in sorted(set(self._places(missed))):
            yield from _moved(spool, directory)
        yield from self._unreadable_index()
        yield from self._vanishing(missed)
        is_many = len(missed) >= _MANY and read_count == 0
        if is_many and not (self.has_index and numbers <= _BAD_SECTOR):
            yield f"none of {len(missed)} messages could be read"

    def _places(self, missed: Sequence[Missed]) -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
        for each in missed:
            if each.directory is not None:
                yield self.source.spool, each.directory
            for store in each.stores:
                yield store.spool, store.directory

    def _unreadable_index(self) -> Iterator[str]:
        """What the plan was made of must be readable still: from the disk, not from memory."""
        if not self.has_index:
            return
        said = "its cyrus.index is gone"
        for directory in (self.source.place.meta, self.source.place.data):
            if directory is not None:
                try:
                    _read_anew(self.source.spool, directory)
                except (BackupError, OSError) as error:
                    said = (
                        f"its cyrus.index cannot be read: {getattr(error, 'why', None) or error}"
                    )
                else:
                    return
        yield said

    def _vanishing(self, missed: Sequence[Missed]) -> Iterator[str]:
        """Whether files go one after the other: a look, and a second one a moment later."""
        gone = [each for each in missed if each.number == errno.ENOENT]
        for directory in sorted({each.directory for each in gone if each.directory is not None}):
            before = self._count(directory)
            self.sleep(_PAUSE_SECONDS)
            now = self._count(directory)
            if now < before:
                yield f"its files vanish: {before - now} of {before} went within a second"

    def _count(self, directory: PurePosixPath) -> int:
        with suppress(BackupError):
            return sum(1 for _ in tree_at(self.source.spool).names(directory))
        return 0


def _moved(spool: PurePosixPath, directory: PurePosixPath) -> Iterator[str]:
    """Whether a path leads elsewhere than when it was opened, or nowhere."""
    try:
        with open_tree(spool).opened_directory(directory) as now:
            found = os.fstat(now)
        with tree_at(spool).opened_directory(directory) as held:
            known = os.fstat(held)
    except BackupError as error:
        yield f"{error.what}{f': {error.why}' if error.why else ''}"
        return
    except OSError as error:
        yield f"{spool / directory} cannot be looked at: {error.strerror or error}"
        return
    if (found.st_dev, found.st_ino) != (known.st_dev, known.st_ino):
        yield f"another directory stands at {spool / directory}"


def _read_anew(spool: PurePosixPath, directory: PurePosixPath) -> None:
    with tree_at(spool).open_file(directory / INDEX_FILE) as file:
        with suppress(OSError):  # a file system that keeps none in memory
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        file.read(_INDEX_READ)


def system_number(error: BaseException) -> int | None:
    """What the system said (errno) where that is the cause of ``error``."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause.errno
        cause = cause.__cause__
    return None
