"""Copying groups of message files into a mailbox's directory, under names that are not theirs.

A message gets its name when the index is written (`naming_files`). Until then nothing that
the server, or an administrator's ``reconstruct``, could take for a message is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from respool.backups.presence import Missed, Presence, system_number
from respool.backups.source import SourceMailbox, message_fd
from respool.backups.stub_messages import open_joined
from respool.errors import BackupError, FormatError, StepFailed
from respool.model.inventory import IN_ARCHIVE, IN_DATA, MailboxPlace
from respool.model.messages import PartitionName
from respool.model.names import MailboxName
from respool.planning.source_place import SourcePlace
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.cyrus_server import MailboxDirectories
from respool.system.durable import TEMPORARY_PREFIX, flush_file_system, make_directory
from respool.system.message_files import (
    CopiedFile,
    MessageCopier,
    NewFile,
    Reader,
    SourceChanged,
    SourceDiffers,
)
from respool.system.ownership import Ownership
from respool.targets.spool.steps import CopyMessages


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
    """Where a lane's files go, and whose they are there."""

    directories: MailboxDirectories
    ownership: Ownership

    def directory(self, *, is_archived: bool) -> Path:
        """Where a message goes, of the archive or not."""
        archive = self.directories.archive
        return archive if is_archived and archive is not None else self.directories.data


def copy(
    step: CopyMessages,
    destination: Destination,
    new_copier: Callable[[], MessageCopier] = MessageCopier,
) -> Note:
    """Copy the group, flush once, and say what the backup itself had lost.

    Done again it replaces each file by the same octets.

    The note has ``lost`` (uid → what was wrong with the backup's file) and ``guids``
    (uid → SHA-1, for messages whose index did not know it).

    Raises:
        StepFailed: the target cannot be written, or the backup is not there any more;
            files already copied wait, unseen.
    """
    with ExitStack() as stack:
        group = _Group(
            step=step,
            open_directories=_Directories(destination, stack),
            new_copier=new_copier,
        )
        # One by one: files made in one directory by several threads wait for each other.
        for message in step.messages:
            group.take(message)
        group.check_presence()
        group.open_directories.flush()
    copied = len(step.messages) - len(group.lost)
    return {"copied": copied, "lost": group.lost, "guids": group.guids}


@dataclass(slots=True, kw_only=True)
class _Group:
    """A group under way: what was lost, what was learnt, and what could not be read."""

    step: CopyMessages
    open_directories: _Directories
    new_copier: Callable[[], MessageCopier]
    source: SourceMailbox = field(init=False)
    lost: dict[str, str] = field(default_factory=dict)
    guids: dict[str, str] = field(default_factory=dict)
    missed: list[Missed] = field(default_factory=list)
    _copiers: dict[Path, MessageCopier] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.source = source_mailbox(self.step.source, self.step.lane)

    def take(self, message: PlannedMessage) -> None:
        """Copy one message, or note why not. What was written to meanwhile is read once more.

        Raises:
            StepFailed: the target cannot be written, or the backup is gone altogether.
        """
        try:
            try:
                copied = self._copied(message)
            except SourceChanged:
                copied = self._copied(message)
        except (BackupError, SourceDiffers) as error:
            self.lost[str(message.uid)] = f"{error.code}: {error}"
            self._note_missed(message, error)
            return
        if message.guid is None:
            self.guids[str(message.uid)] = copied.guid

    def check_presence(self) -> None:
        """See that what could not be read is lost by itself, and not with all of the backup.

        Raises:
            StepFailed: the backup is gone, or is going.
        """
        if not self.missed:
            return
        # Joined messages have the GUID of what was joined, index or not.
        has_index = any(m.guid is not None and not m.is_joined for m in self.step.messages)
        presence = Presence(source=self.source, has_index=has_index)
        why = presence.why_gone(self.missed, len(self.step.messages) - len(self.lost))
        if why is not None:
            raise StepFailed(
                f"the backup of {self.step.lane} is going away while it is read",
                why=why,
                hint="stop what removes it and bring it back to its place; what was copied stays",
            )

    def _copied(self, message: PlannedMessage) -> CopiedFile:
        is_archived = message.is_archived and self.step.keeps_archive
        place, directory = self.open_directories.opened(is_archived=is_archived)
        copier = self._copiers.get(place) or self._copiers.setdefault(place, self.new_copier())
        wanted = NewFile(
            name=f"{TEMPORARY_PREFIX}{message.uid}.",
            mtime_seconds=message.internaldate,
            ownership=self.open_directories.ownership,
            guid=message.guid,
            size_bytes=message.size_bytes,
        )
        try:
            if message.is_joined:
                with self._joined(message) as read:
                    return copier.write(read, wanted, directory)
            source = message_fd(self.source, message.uid, _place_of(message))
            try:
                return copier.copy(source, wanted, directory)
            finally:
                os.close(source)
        except OSError as error:
            raise _cannot_write(place, error) from error

    @contextmanager
    def _joined(self, message: PlannedMessage) -> Iterator[Reader]:
        """What the stub in a message's file stands for, to read.

        Raises:
            BackupError: what is wrong with the backup.
            SourceDiffers: an archived message is damaged.
        """
        stores = self.step.source.stores
        try:
            with open_joined(self.source, message.uid, _place_of(message), stores) as whole:
                yield whole.read
        except FormatError as error:
            raise SourceDiffers("hsm-body-damaged", error.what) from error

    def _note_missed(self, message: PlannedMessage, error: BackupError | SourceDiffers) -> None:
        """Remember what was not there, or gave nothing; what is damaged is lost by itself."""
        if isinstance(error, SourceDiffers) and error.code != "file-unreadable":
            return
        place = self.source.place
        missed = Missed(
            uid=message.uid,
            directory=place.archive if message.is_archived else place.data,
            number=system_number(error),
            stores=self.step.source.stores if message.is_joined else (),
        )
        self.missed.append(missed)
        if Presence.is_of_all(missed):
            self.check_presence()


class _Directories:
    """The directories that a group goes to, made and opened as they are needed."""

    def __init__(self, destination: Destination, stack: ExitStack) -> None:
        self.ownership = destination.ownership
        self._destination = destination
        self._stack = stack
        self._open: dict[Path, int] = {}

    def opened(self, *, is_archived: bool) -> tuple[Path, int]:
        """One of them, with a descriptor."""
        directory = self._destination.directory(is_archived=is_archived)
        if directory not in self._open:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            mode, owner = self.ownership.directory_mode, self.ownership.owner
            try:
                make_directory(directory, mode=mode, owner=owner)
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


def _place_of(message: PlannedMessage) -> int:
    return IN_ARCHIVE if message.is_archived else IN_DATA


def _cannot_write(directory: Path, error: OSError) -> StepFailed:
    return StepFailed(
        f"{directory} cannot be written",
        why=str(error),
        hint="make room or mend the disk; what was copied so far stays",
    )
