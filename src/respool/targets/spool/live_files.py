"""Message files in the directories of a live mailbox, and those of an unfinished restore.

While a mailbox is filled in place, our copies wait under names of ours; before they get
their own names, a file beside them lists these. So whatever cuts a run off, it is known
which files no index speaks of are ours. There may be a million: all are told by their UIDs.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.spool_paths import is_like_message_file, uids_of_files
from respool.model.dataclasses import dataclass
from respool.model.rows import is_among, without_repeats
from respool.system.cyrus_server import MailboxDirectories
from respool.system.durable import TEMPORARY_PREFIX, replacing

UNFINISHED: Final = f"{TEMPORARY_PREFIX}filling"
_AT_ONCE: Final = 4096

Uids: TypeAlias = NDArray[np.uint32]  # ascending
NO_UIDS: Final[Uids] = np.zeros(0, dtype=np.uint32)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFiles:
    """What of a directory is, or looks like, a message file.

    ``uids`` are those of files that have a name of their own, ``waiting`` those of our copies
    that wait for theirs; ``odd`` are names that no message file has, though they look so.
    ``no_files`` are UIDs among both of what is called so and is no regular file.
    """

    uids: Uids = field(default_factory=lambda: NO_UIDS)
    waiting: Uids = field(default_factory=lambda: NO_UIDS)
    odd: frozenset[str] = frozenset()
    no_files: Uids = field(default_factory=lambda: NO_UIDS)

    def besides(self, uids: Uids) -> MessageFiles:
        """Those with a name of their own that ``uids`` does not have."""
        return MessageFiles(uids=self.uids[~is_among(self.uids, uids)], odd=self.odd)

    def __len__(self) -> int:
        """How many have a name of their own, or an odd one."""
        return len(self.uids) + len(self.odd)


def message_directories(directories: MailboxDirectories) -> Iterator[Path]:
    """The directories that can hold messages of a mailbox, those that are there."""
    for directory in (directories.data, directories.archive):
        if directory is not None and directory.is_dir():
            yield directory


def files_in(directory: Path) -> MessageFiles:
    """The message files of a directory; a directory that is called like one counts, too."""
    named: list[Uids] = []
    waiting: list[Uids] = []
    odd: set[str] = set()
    no_files: list[str] = []
    with os.scandir(directory) as entries:
        while batch := list(islice(entries, _AT_ONCE)):
            names = [entry.name for entry in batch]
            ours = [name for name in names if name.startswith(TEMPORARY_PREFIX)]
            theirs = [name for name in names if not name.startswith(TEMPORARY_PREFIX)]
            uids, others = uids_of_files("/".join(theirs))
            named.append(uids)
            odd.update(filter(is_like_message_file, others))
            waiting.append(_uids_of_ours(ours))
            no_files += (e.name for e in batch if not e.is_file(follow_symlinks=False))
    return MessageFiles(
        uids=_sorted(named),
        waiting=_sorted(waiting),
        odd=frozenset(odd),
        no_files=without_repeats(np.sort(_uids_of_ours(no_files))),
    )


def _uids_of_ours(names: Sequence[str]) -> Uids:
    bare = "/".join(name.removeprefix(TEMPORARY_PREFIX) for name in names)
    return uids_of_files(bare)[0]


def file_name(uid: int) -> str:
    """The name of a message file."""
    return f"{uid}."


def waiting_name(uid: int) -> str:
    """The name that our copy of it has while it waits."""
    return f"{TEMPORARY_PREFIX}{uid}."


def one_by_one(uids: Uids) -> Iterator[int]:
    """``uids`` as numbers, never all of them at once."""
    for start in range(0, len(uids), _AT_ONCE):
        yield from uids[start : start + _AT_ONCE].tolist()


def unfinished_files(directories: MailboxDirectories) -> Uids:
    """UIDs of message files to which a restore was giving names when it was cut off."""
    found: list[Uids] = []
    try:
        with (directories.data / UNFINISHED).open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                names = (name for name in line.split() if "/" not in name)
                found.append(uids_of_files("/".join(names))[0])
    except OSError:
        return NO_UIDS
    return without_repeats(_sorted(found))


def note_unfinished(directories: MailboxDirectories, uids: Uids) -> None:
    """List the files of ``uids`` durably, before any gets its name."""
    with replacing(directories.data / UNFINISHED) as stream:
        for start in range(0, len(uids), _AT_ONCE):
            names = map(file_name, uids[start : start + _AT_ONCE].tolist())
            stream.write(f"{' '.join(names)}\n".encode("ascii"))


def forget_unfinished(directories: MailboxDirectories) -> None:
    """Every listed file is in the index by now, or gone."""
    with contextlib.suppress(FileNotFoundError):
        (directories.data / UNFINISHED).unlink()


def foreign_files(directories: MailboxDirectories) -> MessageFiles:
    """Message files that no unfinished restore of ours has put there."""
    found = [files_in(directory) for directory in message_directories(directories)]
    together = MessageFiles(
        uids=without_repeats(_sorted([each.uids for each in found])),
        odd=frozenset[str]().union(*(each.odd for each in found)),
    )
    return together.besides(unfinished_files(directories))


def _sorted(uids: list[Uids]) -> Uids:
    return np.sort(np.concatenate([NO_UIDS, *uids]))
