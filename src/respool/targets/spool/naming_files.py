"""Giving copied message files their own names, once nothing more can come between.

Until then they wait under names that neither the server nor its ``reconstruct`` takes for
messages (imap/mailbox.c, ``find_files``: a digit first): what is cut off leaves no mail.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from respool.errors import StepFailed
from respool.model.rows import is_among
from respool.system.cyrus_server import MailboxDirectories
from respool.targets.spool.index_records import IndexDraft
from respool.targets.spool.live_files import (
    NO_UIDS,
    MessageFiles,
    Uids,
    file_name,
    files_in,
    message_directories,
    one_by_one,
    waiting_name,
)

Homes: TypeAlias = Mapping[Path, Uids]


def homes_of(directories: MailboxDirectories, draft: IndexDraft) -> Homes:
    """The UIDs of the message files of each directory, by the index of a mailbox."""
    return homes_among(directories, draft.uids(), draft.archived())


def homes_among(directories: MailboxDirectories, uids: Uids, archived: NDArray[np.bool_]) -> Homes:
    """The same of ``uids``, of which ``archived`` says who belongs into the archive."""
    archive = directories.archive
    if archive is None:
        return {directories.data: uids}
    return {directories.data: uids[~archived], archive: uids[archived]}


def name_files(
    directories: MailboxDirectories,
    homes: Homes,
    listed: Mapping[Path, MessageFiles] | None = None,
) -> None:
    """Every copy gets the name of its message; the caller flushes the directories.

    What an attempt that was cut off has left, and is none of ours now, goes. So the caller
    has seen that there are no others' message files. Done twice it is the same as once.
    ``listed`` is what was found in each directory a moment ago.

    Raises:
        StepFailed: a copy is not there.
        OSError: as the system says.
    """
    there = listed or {each: files_in(each) for each in message_directories(directories)}
    for directory, ours in homes.items():
        found = there.get(directory, MessageFiles())
        is_there = is_among(ours, found.uids) | is_among(ours, found.waiting)
        missing = ours[~is_there | is_among(ours, found.no_files)]
        if len(missing):
            raise StepFailed(
                f"the copy {file_name(int(missing[0]))} of a message is not in {directory}",
                why="somebody removed it, or renamed the folder and back",
                hint="take the run back, and restore again",
                can_be_tried_again=False,
            )
    for directory, found in there.items():
        _name_in(directory, homes.get(directory, NO_UIDS), found)


def _name_in(directory: Path, ours: Uids, there: MessageFiles) -> None:
    # By descriptor, and no paths made: there may be a million of them.
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        is_ours = is_among(there.waiting, ours)
        name_waiting(descriptor, there.waiting[is_ours])
        for uid in one_by_one(there.waiting[~is_ours]):
            os.unlink(waiting_name(uid), dir_fd=descriptor)
        others = there.besides(ours)
        for uid in one_by_one(others.uids):
            os.unlink(file_name(uid), dir_fd=descriptor)
        for name in others.odd:
            os.unlink(name, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def name_waiting(directory: int, uids: Uids) -> None:
    """Give copies in ``directory``, a descriptor, the names of their messages.

    Raises:
        OSError: as the system says.
    """
    for uid in one_by_one(uids):
        now, then = waiting_name(uid), file_name(uid)
        os.rename(now, then, src_dir_fd=directory, dst_dir_fd=directory)


def forget_waiting(directories: MailboxDirectories) -> None:
    """Remove the copies that wait for their names in a mailbox; there may be none.

    Raises:
        OSError: as the system says.
    """
    for directory in message_directories(directories):
        for uid in one_by_one(files_in(directory).waiting):
            (directory / waiting_name(uid)).unlink(missing_ok=True)
