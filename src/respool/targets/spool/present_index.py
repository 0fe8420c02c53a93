"""The live index of a mailbox behind a lock of ours: is it the one, and whose records has it?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from respool.cyrus.index import Index, parse_index
from respool.errors import BackupError, FormatError, StepFailed
from respool.model.inventory import RECORD
from respool.planning.step import PlannedMessage
from respool.system.file_octets import FileOctets

_COLUMNS: Final = np.dtype([(name, RECORD[name]) for name in ("uid", "guid")])
_AT_ONCE: Final = 4096
_GUID_DIGITS: Final = 40


def present_index(file: Path, descriptor: int) -> Index:
    """The index behind the lock, which must still be the one in the directory.

    Raises:
        StepFailed: it is not, or cannot be read.
    """
    status = os.fstat(descriptor)
    there = file.stat(follow_symlinks=False)
    if (there.st_dev, there.st_ino) != (status.st_dev, status.st_ino):
        raise StepFailed(f"{file} was replaced while it was waited for")
    try:
        return parse_index(FileOctets(descriptor, file, is_borrowed=True), _COLUMNS)
    except (FormatError, BackupError) as error:
        raise StepFailed(f"{file} cannot be read", why=error.what) from error


def is_empty(present: Index) -> bool:
    """Whether it has never held a message."""
    return not (present.header.last_uid or len(present.records))


def begins_with(present: Index, messages: Iterable[PlannedMessage]) -> bool:
    """Whether ``messages`` are the first ones there, by UID and GUID; not where there are none."""
    there = _each(present)
    has_any = False
    for message in messages:
        has_any = True
        if next(there, None) != (message.uid, message.guid):
            return False
    return has_any


def has_only(present: Index, messages: Iterable[PlannedMessage]) -> bool:
    """Whether some of ``messages``, by UID and GUID, are all that it has ever held.

    They are in UID order, as its records are.
    """
    ours = iter(messages)
    last = 0
    for uid, guid in _each(present):
        message = next((each for each in ours if each.uid >= uid), None)
        if message is None or (message.uid, message.guid) != (uid, guid):
            return False
        last = message.uid
    for message in ours:
        last = message.uid
    return len(present.records) > 0 and present.header.last_uid <= last


def _each(present: Index) -> Iterator[tuple[int, str]]:
    """UID and GUID of each record, never of all of them at once."""
    for start in range(0, len(present.records), _AT_ONCE):
        rows = present.records[start : start + _AT_ONCE]
        guids = rows["guid"].tobytes().hex()
        for at, uid in enumerate(rows["uid"].tolist()):
            yield uid, guids[at * _GUID_DIGITS : (at + 1) * _GUID_DIGITS]
