"""Copying groups of message files into a mailbox's directory, under names that are not theirs.

A message gets its name when the index is written (`naming_files`). Until then nothing that
the server, or an administrator's ``reconstruct``, could take for a message is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import field
from pathlib import Path
from typing import Final

from respool.backups.planned_messages import PlannedMessages
from respool.errors import BackupError, StepFailed
from respool.model.dataclasses import dataclass
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.cyrus_server import MailboxDirectories
from respool.system.durable import TEMPORARY_PREFIX, flush_file_system_of, make_directory
from respool.system.message_files import (
    CopiedFile,
    MessageCopier,
    NewFile,
    SourceChanged,
    SourceDiffers,
)
from respool.system.ownership import Ownership
from respool.targets.spool.steps import CopyMessages

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a lane's files go, and whose they are there."""

    directories: MailboxDirectories
    ownership: Ownership

    def directory(self, *, is_archived: bool) -> Path:
        """Where a message goes, of the archive or not."""
        archive = self.directories.archive
        return archive if is_archived and archive is not None else self.directories.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A group to be copied, and where it goes."""

    step: CopyMessages
    destination: Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied of a group, and into which directories."""

    note: Note
    directories: tuple[Path, ...]


def copy(task: Task, new_copier: Callable[[], MessageCopier] = MessageCopier) -> Copied:
    """Copy the group, and say what the backup itself had lost; the caller flushes.

    Done again it replaces each file by the same octets.

    The note has ``lost`` (uid → what was wrong with the backup's file) and ``guids``
    (uid → SHA-1, for messages whose index did not know it).

    Raises:
        StepFailed: the target cannot be written, or the backup is not there any more;
            files already copied wait, unseen.
    """
    step = task.step
    with closing(_Places(task.destination, new_copier)) as places:
        group = _Group(step=step, places=places)
        # One by one: files made in one directory by several threads wait for each other.
        for message in step.messages:
            group.take(message)
        group.source.check_presence()
        used = places.opened_so_far()
    copied = len(step.messages) - len(group.source.lost)
    note = {"copied": copied, "lost": group.source.lost, "guids": group.guids}
    return Copied(note=note, directories=used)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedGroup:
    """A group that was copied. Its directories are open until it is flushed."""

    note: Note
    open_directories: Mapping[Path, int]
    stack: ExitStack

    @classmethod
    def of(cls, copied: Copied) -> CopiedGroup:
        """What waits for its flush.

        Raises:
            StepFailed: its directories cannot be opened.
        """
        with ExitStack() as stack:
            opened: dict[Path, int] = {}
            for directory in copied.directories:
                opened[directory] = _open(directory)
                stack.callback(os.close, opened[directory])
            return cls(note=copied.note, open_directories=opened, stack=stack.pop_all())

    def close(self) -> None:
        """Let go of the directories; twice is the same as once."""
        self.stack.close()


def flush(groups: Iterable[CopiedGroup]) -> None:
    """Make the groups last: one flush for each file system that they went to.

    Raises:
        StepFailed: they may not be on disk.
    """
    flushed: set[int] = set()
    for group in groups:
        for directory, descriptor in group.open_directories.items():
            try:
                device = os.fstat(descriptor).st_dev
                if device not in flushed:
                    flush_file_system_of(descriptor)
            except OSError as error:
                raise _cannot_write(directory, error) from error
            flushed.add(device)


@dataclass(slots=True, kw_only=True)
class _Group:
    """A group under way: where it is read from, and what was learnt."""

    step: CopyMessages
    places: _Places
    source: PlannedMessages = field(init=False)
    guids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        step = self.step
        self.source = PlannedMessages(place=step.source, label=step.lane, messages=step.messages)

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
            self.source.lose(message, error)
            return
        if message.guid is None:
            self.guids[str(message.uid)] = copied.guid

    def _copied(self, message: PlannedMessage) -> CopiedFile:
        place = self.places.opened(is_archived=message.is_archived and self.step.keeps_archive)
        copier, directory = place.copier, place.descriptor
        wanted = NewFile(
            name=f"{TEMPORARY_PREFIX}{message.uid}.",
            mtime_seconds=message.internaldate,
            ownership=self.places.ownership,
            guid=message.guid,
            size_bytes=message.size_bytes,
        )
        try:
            if message.is_joined:
                with self.source.reading(message) as read:
                    return copier.write(read, wanted, directory)
            source = self.source.descriptor(message)
            try:
                return copier.copy(source, wanted, directory)
            finally:
                os.close(source)
        except OSError as error:
            raise _cannot_write(place.directory, error) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """One of the directories that a group goes to, open, and who copies into it."""

    directory: Path
    descriptor: int
    copier: MessageCopier


class _Places:
    """The directories that a group goes to, made and opened as they are needed."""

    def __init__(self, destination: Destination, new_copier: Callable[[], MessageCopier]) -> None:
        self.ownership = destination.ownership
        self._destination = destination
        self._new_copier = new_copier
        self._of_kind: dict[bool, _Place] = {}  # archived or not: a path as a key is slow
        self._open: dict[Path, _Place] = {}

    def opened(self, *, is_archived: bool) -> _Place:
        """Where a message goes, of the archive or not."""
        found = self._of_kind.get(is_archived)
        if found is None:
            directory = self._destination.directory(is_archived=is_archived)
            found = self._open.get(directory) or self._opened_anew(directory)
            self._of_kind[is_archived] = self._open[directory] = found
        return found

    def _opened_anew(self, directory: Path) -> _Place:
        mode, owner = self.ownership.directory_mode, self.ownership.owner
        try:
            make_directory(directory, mode=mode, owner=owner)
        except OSError as error:
            raise _cannot_write(directory, error) from error
        copier = self._new_copier()
        return _Place(directory=directory, descriptor=_open(directory), copier=copier)

    def opened_so_far(self) -> tuple[Path, ...]:
        """Those that something was copied into."""
        return tuple(self._open)

    def close(self) -> None:
        """Let go of all; twice is the same as once."""
        self._of_kind.clear()
        while self._open:
            os.close(self._open.popitem()[1].descriptor)


def _open(directory: Path) -> int:
    try:
        return os.open(directory, _DIRECTORY)
    except OSError as error:
        raise _cannot_write(directory, error) from error


def _cannot_write(directory: Path, error: OSError) -> StepFailed:
    return StepFailed(
        f"{directory} cannot be written",
        why=str(error),
        hint="make room or mend the disk; what was copied so far stays",
    )
