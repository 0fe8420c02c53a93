"""Giving copied message files their own names, once nothing more can come between.

Until then they wait under names that neither the server nor its ``reconstruct`` takes for
messages (imap/mailbox.c, ``find_files``: a digit first): what is cut off leaves no mail.
"""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from pathlib import Path

from respool.errors import StepFailed
from respool.model.inventory import ARCHIVED, Rows
from respool.system.cyrus_server import MailboxDirectories
from respool.system.durable import flush_directory
from respool.targets.spool.live_files import message_directories, message_files, waiting_files


def homes_of(directories: MailboxDirectories, rows: Rows) -> Mapping[str, Path]:
    """Name of each message file → its directory, by the index records of a mailbox."""
    archive, data = directories.archive, directories.data
    is_archived = ((rows["system_flags"] & ARCHIVED) != 0).tolist()
    return {
        f"{uid}.": archive if archived and archive is not None else data
        for uid, archived in zip(rows["uid"].tolist(), is_archived, strict=True)
    }


def name_files(directories: MailboxDirectories, homes: Mapping[str, Path]) -> None:
    """Every copy gets the name of its message, durably.

    What an attempt that was cut off has left, and is none of ours now, goes. So the caller
    has seen that there are no others' message files. Done twice it is the same as once.

    Raises:
        StepFailed: a copy is not there.
        OSError: as the system says.
    """
    wanted: dict[Path, set[str]] = {}
    for name, home in homes.items():
        wanted.setdefault(home, set()).add(name)
    for directory in message_directories(directories):
        ours = wanted.get(directory, set())
        _name_in(directory, ours)
        flush_directory(directory)
        ours -= _files_in(directory)
    for directory, missing in wanted.items():
        if missing:
            raise StepFailed(
                f"the copy {min(missing)} of a message is not in {directory}",
                why="somebody removed it, or renamed the folder and back",
                hint="take the run back, and restore again",
                can_be_tried_again=False,
            )


def _name_in(directory: Path, ours: Container[str]) -> None:
    # By descriptor, and no paths made: there may be a million of them.
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for now, then in waiting_files(directory).items():
            if then in ours:
                os.rename(now, then, src_dir_fd=descriptor, dst_dir_fd=descriptor)
            else:
                os.unlink(now, dir_fd=descriptor)
        for name in message_files(directory):
            if name not in ours:
                os.unlink(name, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def _files_in(directory: Path) -> frozenset[str]:
    with os.scandir(directory) as entries:
        return frozenset(each.name for each in entries if each.is_file(follow_symlinks=False))


def forget_waiting(directories: MailboxDirectories) -> None:
    """Remove the copies that wait for their names in a mailbox; there may be none.

    Raises:
        OSError: as the system says.
    """
    for directory in message_directories(directories):
        for name in waiting_files(directory):
            (directory / name).unlink(missing_ok=True)
