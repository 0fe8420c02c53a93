"""Writing groups of messages as files of their own: into a Maildir, or a directory.

A message is written beside its place first, a Maildir's in ``tmp``; once the whole group is on
disk each gets its name. Whoever looks sees whole messages only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import field
from pathlib import Path

from respool.backups.planned_messages import PlannedMessages
from respool.errors import BackupError
from respool.exports.written import WrittenMessage
from respool.model.dataclasses import dataclass
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.durable import flush_file_system_of
from respool.system.message_files import (
    CopiedFile,
    MessageCopier,
    NewFile,
    SourceChanged,
    SourceDiffers,
    digests_of,
)
from respool.targets.export.folder_of_files import FolderOfFiles
from respool.targets.export.group import cannot_write, messages_of, receipt_of
from respool.targets.export.page_blocks import PageBlock, ShownFolder, block_of
from respool.targets.export.shown_fields import START_OCTETS, ShownFields, shown_fields
from respool.targets.export.steps import WriteMessages


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A group to be written. ``may_be_there``: it was begun before, and some may have names.

    ``shown``: how the pages name its folder; None where nothing is to be made for these.
    """

    step: WriteMessages
    may_be_there: bool
    shown: ShownFolder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What was written of a group: ``names`` are those to come, by those that wait.

    ``block`` is what the pages say of it.
    """

    note: Note
    names: Mapping[str, str]
    block: PageBlock | None = None


def write(task: Task, new_copier: Callable[[], MessageCopier]) -> Waiting:
    """Write a group beside its place, one file a message; the caller flushes and names them.

    Done again it replaces each file by the same octets; what got another name meanwhile is
    left as it is.

    Raises:
        StepFailed: the target cannot be written, or the backup is not there any more; what
            was written stays, some of it under names that no program takes for mail.
    """
    step, folder = task.step, FolderOfFiles.of(task.step)
    try:
        with folder.opened() as (beside, inside):
            renamed = folder.names_now(step.messages) if task.may_be_there else {}
            source, copier = messages_of(step), new_copier()
            group = _Group(source=source, folder=folder, copier=copier, beside=beside)
            for message in step.messages:
                if message.uid not in renamed:
                    group.take(message)
                else:
                    group.keep(message, renamed[message.uid], inside)
            source.check_presence()
    except OSError as error:
        raise cannot_write(folder.directory, error) from error
    block = None
    if task.shown is not None:
        block = block_of(task.shown, step, source.lost, group.written)
    return Waiting(note=receipt_of(source, group.written, {}), names=group.names, block=block)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenGroup:
    """A group whose files wait for the disk, and then for their names.

    Its directories are open until then: ``beside`` where they wait, ``inside`` where they go.
    """

    note: Note
    directory: Path
    beside: int
    inside: int
    names: Mapping[str, str]
    stack: ExitStack

    @classmethod
    def of(cls, step: WriteMessages, waiting: Waiting) -> WrittenGroup:
        """What waits of a step.

        Raises:
            StepFailed: its directories cannot be opened.
        """
        folder = FolderOfFiles.of(step)
        with ExitStack() as stack:
            try:
                beside, inside = stack.enter_context(folder.opened())
            except OSError as error:
                raise cannot_write(folder.directory, error) from error
            return cls(
                note=waiting.note,
                directory=folder.directory,
                beside=beside,
                inside=inside,
                names=waiting.names,
                stack=stack.pop_all(),
            )

    def close(self) -> None:
        """Let go of the directories; twice is the same as once."""
        self.stack.close()


def flush(groups: Sequence[WrittenGroup]) -> None:
    """Make the octets of the groups last, give every file its name, and make that last.

    Raises:
        StepFailed: some of it may not be on disk.
    """
    flushed: set[int] = set()
    named: dict[Path, int] = {}
    for group in groups:
        try:
            device = os.fstat(group.beside).st_dev
            if device not in flushed:
                flush_file_system_of(group.beside)
            flushed.add(device)
        except OSError as error:
            raise cannot_write(group.directory, error) from error
    for group in groups:
        try:
            for temporary, name in group.names.items():
                os.rename(temporary, name, src_dir_fd=group.beside, dst_dir_fd=group.inside)
        except OSError as error:
            raise cannot_write(group.directory, error) from error
        named[group.directory] = group.inside
    for directory, inside in named.items():
        try:
            os.fsync(inside)
        except OSError as error:
            raise cannot_write(directory, error) from error


@dataclass(slots=True, kw_only=True)
class _Group:
    source: PlannedMessages
    folder: FolderOfFiles
    copier: MessageCopier
    beside: int
    written: list[WrittenMessage] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # those to come, by those that wait

    def take(self, message: PlannedMessage) -> None:
        """Write one message, or note why not. What was written to meanwhile is read once more."""
        temporary = self.folder.temporary(message)
        try:
            try:
                copied = self._copied(message, temporary)
            except SourceChanged:
                copied = self._copied(message, temporary)
        except (BackupError, SourceDiffers) as error:
            self.source.lose(message, error)
            return
        fields = shown_fields(copied.start)
        name = self.names[temporary] = self.folder.name(message, fields.subject, temporary)
        self._note(message, copied, name, fields)

    def keep(self, message: PlannedMessage, name: str, inside: int) -> None:
        """Take a message that stands there from a run that was cut off, if it is whole.

        One that a mail reader has given other flags meanwhile is not written a second time.
        """
        try:
            with self.source.checked(message) as checked:
                fields = shown_fields(checked.read(START_OCTETS))
        except (BackupError, SourceDiffers) as error:
            self.source.lose(message, error)
            return
        if name == self.folder.name(message, fields.subject):
            self.take(message)
            return
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)
        try:
            found = digests_of(descriptor)
        finally:
            os.close(descriptor)
        if found.guid != checked.guid:
            self.take(message)
            return
        self._note(message, found, name, fields)

    def _note(
        self, message: PlannedMessage, copied: CopiedFile, name: str, fields: ShownFields
    ) -> None:
        self.written.append(
            WrittenMessage(
                uid=message.uid,
                guid=copied.guid,
                sha256=copied.sha256 or "",
                file=f"{self.folder.place}/{name}",
                subject=fields.subject,
                sender=fields.sender,
                recipients=fields.recipients,
            )
        )

    def _copied(self, message: PlannedMessage, temporary: str) -> CopiedFile:
        wanted = NewFile(
            name=temporary,
            mtime_seconds=message.internaldate,
            ownership=None,
            guid=message.guid,
            size_bytes=message.size_bytes,
        )
        if message.is_joined:
            with self.source.reading(message) as read:
                return self.copier.write(read, wanted, self.beside)
        descriptor = self.source.descriptor(message)
        try:
            return self.copier.copy(descriptor, wanted, self.beside)
        finally:
            os.close(descriptor)
