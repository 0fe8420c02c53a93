"""Copying groups of message files into a new mailbox's directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from respool.backups.source import SourceMailbox, message_fd
from respool.errors import BackupError, StepFailed
from respool.model.inventory import IN_ARCHIVE, IN_DATA, MailboxPlace
from respool.model.messages import PartitionName
from respool.model.names import MailboxName
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.cyrus_server import MailboxDirectories
from respool.system.durable import flush_file_system, make_directory
from respool.system.message_files import CopiedFile, NewFile, SourceDiffers, copy_message
from respool.system.ownership import Owner
from respool.targets.spool.steps import CopyMessages, SourcePlace

_DIRECTORY_MODE = 0o700


def source_mailbox(place: SourcePlace, lane: str) -> SourceMailbox:
    """The backup's mailbox again, from what a plan keeps of it."""
    return SourceMailbox(
        name=MailboxName(domain=None, parts=(lane.replace("/", "."),)),
        spool=place.spool,
        place=MailboxPlace(
            partition=PartitionName(place.partition),
            data=place.data,
            meta=place.meta,
            archive=place.archive,
        ),
    )


def copy(step: CopyMessages, directories: MailboxDirectories, owner: Owner) -> Note:
    """Copy the group, flush once, and say what the backup itself had lost.

    Done again it replaces each file by the same octets.

    The note has ``lost`` (uid → what was wrong with the backup's file) and ``guids``
    (uid → SHA-1, for messages whose index did not know it).

    Raises:
        StepFailed: the target cannot be written; files already copied stay and count.
    """
    source = source_mailbox(step.source, step.lane)
    lost: dict[str, str] = {}
    guids: dict[str, str] = {}
    try:
        make_directory(directories.data, mode=_DIRECTORY_MODE, owner=owner)
        with _directory(directories.data) as descriptor:
            # One by one: files made in one directory by several threads wait for each other.
            for message in step.messages:
                try:
                    copied = _copied(source, message, descriptor, owner)
                except (BackupError, SourceDiffers) as error:
                    lost[str(message.uid)] = f"{error.code}: {error}"
                    continue
                if message.guid is None:
                    guids[str(message.uid)] = copied.guid
        flush_file_system(directories.data)
    except OSError as error:
        raise _cannot_write(directories.data, error) from error
    return {"copied": len(step.messages) - len(lost), "lost": lost, "guids": guids}


@contextmanager
def _directory(directory: Path) -> Iterator[int]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _copied(
    source: SourceMailbox, message: PlannedMessage, descriptor: int, owner: Owner
) -> CopiedFile:
    wanted = NewFile(
        name=f"{message.uid}.",
        mtime_seconds=message.internaldate,
        owner=owner,
        guid=message.guid,
        size_bytes=message.size_bytes,
    )
    place = IN_ARCHIVE if message.is_archived else IN_DATA
    opened = message_fd(source, message.uid, place)
    try:
        return copy_message(opened, wanted, descriptor)
    finally:
        os.close(opened)


def _cannot_write(directory: Path, error: OSError) -> StepFailed:
    return StepFailed(
        f"{directory} cannot be written",
        why=str(error),
        hint="make room or mend the disk; what was copied so far stays in the new folder",
    )
