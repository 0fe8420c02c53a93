"""Copying groups of message files into a new mailbox's directory."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from respool.backups.source import SourceMailbox, message_fd
from respool.backups.stub_messages import open_joined
from respool.errors import BackupError, FormatError, StepFailed
from respool.model.hsm import StorePlace
from respool.model.inventory import IN_ARCHIVE, IN_DATA, MailboxPlace
from respool.model.messages import PartitionName
from respool.model.names import MailboxName
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.cyrus_server import MailboxDirectories
from respool.system.durable import flush_file_system, make_directory
from respool.system.message_files import NewFile, Reader, SourceDiffers, copy_message
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a lane's files go. ``prefix`` stands before their names until all are there."""

    directories: MailboxDirectories
    prefix: str = ""

    def directory(self, *, is_archived: bool) -> Path:
        """Where a message goes, of the archive or not."""
        archive = self.directories.archive
        return archive if is_archived and archive is not None else self.directories.data


def copy(step: CopyMessages, destination: Destination, owner: Owner) -> Note:
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
    with ExitStack() as stack:
        directories = _Directories(destination, owner, stack)
        # One by one: files made in one directory by several threads wait for each other.
        for message in step.messages:
            is_archived = message.is_archived and step.keeps_archive
            place, descriptor = directories.opened(is_archived=is_archived)
            try:
                with _opened(source, message, step.source.stores) as read:
                    wanted = _new_file(message, destination, owner)
                    copied = copy_message(read, wanted, descriptor)
            except (BackupError, SourceDiffers) as error:
                lost[str(message.uid)] = f"{error.code}: {error}"
                continue
            except OSError as error:
                raise _cannot_write(place, error) from error
            if message.guid is None:
                guids[str(message.uid)] = copied.guid
        directories.flush()
    return {"copied": len(step.messages) - len(lost), "lost": lost, "guids": guids}


class _Directories:
    """The directories that a group goes to, made and opened as they are needed."""

    def __init__(self, destination: Destination, owner: Owner, stack: ExitStack) -> None:
        self._destination = destination
        self._owner = owner
        self._stack = stack
        self._open: dict[Path, int] = {}

    def opened(self, *, is_archived: bool) -> tuple[Path, int]:
        """One of them, with a descriptor."""
        directory = self._destination.directory(is_archived=is_archived)
        if directory not in self._open:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                make_directory(directory, mode=_DIRECTORY_MODE, owner=self._owner)
                self._open[directory] = os.open(directory, flags)
            except OSError as error:
                raise _cannot_write(directory, error) from error
            self._stack.callback(os.close, self._open[directory])
        return directory, self._open[directory]

    def flush(self) -> None:
        """Make what was copied last."""
        for directory in self._open:
            try:
                flush_file_system(directory)
            except OSError as error:
                raise _cannot_write(directory, error) from error


def _new_file(message: PlannedMessage, destination: Destination, owner: Owner) -> NewFile:
    return NewFile(
        name=f"{destination.prefix}{message.uid}.",
        mtime_seconds=message.internaldate,
        owner=owner,
        guid=message.guid,
        size_bytes=message.size_bytes,
    )


@contextmanager
def _opened(
    source: SourceMailbox, message: PlannedMessage, stores: Sequence[StorePlace]
) -> Iterator[Reader]:
    """A message's octets to read: those of its file, or what its file stands for.

    Raises:
        BackupError: what is wrong with the backup.
        SourceDiffers: an archived message is damaged.
    """
    place = IN_ARCHIVE if message.is_archived else IN_DATA
    if message.is_joined:
        try:
            with open_joined(source, message.uid, place, stores) as whole:
                yield whole.read
        except FormatError as error:
            raise SourceDiffers("hsm-body-damaged", error.what) from error
        return
    opened = message_fd(source, message.uid, place)
    try:
        yield partial(os.read, opened)
    finally:
        os.close(opened)


def _cannot_write(directory: Path, error: OSError) -> StepFailed:
    return StepFailed(
        f"{directory} cannot be written",
        why=str(error),
        hint="make room or mend the disk; what was copied so far stays in the new folder",
    )
