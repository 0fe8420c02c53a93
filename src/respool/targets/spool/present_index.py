"""The live index of a mailbox behind a lock of ours: is it the one, and whose records has it?"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from respool.cyrus.index import Index, parse_index
from respool.errors import FormatError, StepFailed
from respool.planning.step import PlannedMessage


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
        return parse_index(os.pread(descriptor, status.st_size, 0))
    except FormatError as error:
        raise StepFailed(f"{file} cannot be read", why=error.what) from error


def is_empty(present: Index) -> bool:
    """Whether it has never held a message."""
    return not (present.header.last_uid or len(present.records))


def begins_with(present: Index, messages: Iterable[PlannedMessage]) -> bool:
    """Whether ``messages`` are the first ones there, by UID and GUID; not where there are none."""
    ours = [(message.uid, message.guid) for message in messages]
    found = present.records[: len(ours)]
    guids = [row["guid"].tobytes().hex() for row in found]
    return bool(ours) and list(zip(found["uid"].tolist(), guids, strict=True)) == ours


def has_only(present: Index, messages: Iterable[PlannedMessage]) -> bool:
    """Whether some of ``messages``, by UID and GUID, are all that it has ever held."""
    ours = {message.uid: message.guid for message in messages}
    uids = present.records["uid"].tolist()
    guids = [row["guid"].tobytes().hex() for row in present.records]
    return (
        bool(uids)
        and present.header.last_uid <= max(ours, default=0)
        and all(ours.get(uid) == guid for uid, guid in zip(uids, guids, strict=True))
    )
