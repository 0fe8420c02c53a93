"""Writing groups of messages as files of their own: into a Maildir, or a directory.

A message is written beside its place first, a Maildir's in ``tmp``; once the whole group is on
disk each gets its name. Whoever looks sees whole messages only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from respool.backups.planned_messages import PlannedMessages
from respool.errors import BackupError
from respool.exports import maildir_names, safe_names
from respool.exports.manifest_head import ExportForm
from respool.exports.written import WrittenMessage
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.durable import TEMPORARY_PREFIX, flush_file_system_of
from respool.system.message_files import (
    CopiedFile,
    MessageCopier,
    NewFile,
    Reader,
    SourceChanged,
    SourceDiffers,
    digests_of,
)
from respool.targets.export.group import cannot_write, messages_of, receipt_of
from respool.targets.export.shown_fields import START_OCTETS, ShownFields, shown_fields
from respool.targets.export.steps import WriteMessages

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def write_files(step: WriteMessages, copier: MessageCopier, *, may_be_there: bool) -> Note:
    """Write a group, one file a message, flush it, and give each its name.

    As `write_unflushed`, but that its note is true on disk, too.
    """
    group = write_unflushed(step, copier, may_be_there=may_be_there)
    try:
        flush([group])
    finally:
        group.close()
    return group.note


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

    def close(self) -> None:
        """Let go of the directories; twice is the same as once."""
        self.stack.close()


def write_unflushed(
    step: WriteMessages, copier: MessageCopier, *, may_be_there: bool
) -> WrittenGroup:
    """Write a group beside its place, one file a message; the caller flushes.

    Done again it replaces each file by the same octets; what got another name meanwhile is
    left as it is. ``may_be_there``: the step was begun before, and may have named some.

    Raises:
        StepFailed: the target cannot be written, or the backup is not there any more; what
            was written stays, some of it under names that no program takes for mail.
    """
    folder = FolderOfFiles.of(step)
    with ExitStack() as stack:
        try:
            beside, inside = stack.enter_context(folder.opened())
            renamed = folder.names_now(step.messages) if may_be_there else {}
            group = _Group(
                step=step, source=messages_of(step), folder=folder, copier=copier, beside=beside
            )
            for message in step.messages:
                if message.uid not in renamed:
                    group.take(message)
                else:
                    group.keep(message, renamed[message.uid], inside)
            group.source.check_presence()
        except OSError as error:
            raise cannot_write(folder.directory, error) from error
        return WrittenGroup(
            note=receipt_of(group.source, group.written, {}),
            directory=folder.directory,
            beside=beside,
            inside=inside,
            names=group.names,
            stack=stack.pop_all(),
        )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderOfFiles:
    """A folder whose messages are files; ``place`` is where these stand in the export."""

    directory: Path
    place: str
    form: ExportForm
    modified_at: int
    keywords: tuple[str, ...]

    @classmethod
    def of(cls, step: WriteMessages) -> FolderOfFiles:
        """The folder of a step."""
        place = step.lane
        if step.form is ExportForm.MAILDIR:
            place = "cur" if step.lane == "." else f"{step.lane}/cur"
        return cls(
            directory=Path(step.path) / place,
            place=place,
            form=step.form,
            modified_at=step.modified_at,
            keywords=step.keywords,
        )

    @property
    def beside(self) -> Path:
        """Where files wait for their names."""
        if self.form is ExportForm.MAILDIR:
            return self.directory.with_name("tmp")
        return self.directory

    @contextmanager
    def opened(self) -> Iterator[tuple[int, int]]:
        """Descriptors of both directories.

        Raises:
            OSError: one is not there.
        """
        with self.opened_inside() as inside:
            beside = os.open(self.beside, _DIRECTORY)
            try:
                yield beside, inside
            finally:
                os.close(beside)

    @contextmanager
    def opened_inside(self) -> Iterator[int]:
        """A descriptor of the directory with the messages.

        Raises:
            OSError: it is not there.
        """
        inside = os.open(self.directory, _DIRECTORY)
        try:
            yield inside
        finally:
            os.close(inside)

    def temporary(self, message: PlannedMessage) -> str:
        """The name under which a message waits."""
        if self.form is ExportForm.MAILDIR:
            return self._base(message)
        return f"{TEMPORARY_PREFIX}{message.uid}."

    def name(self, message: PlannedMessage, subject: str) -> str:
        """The name that a message gets."""
        if self.form is ExportForm.MAILDIR:
            info = maildir_names.render_info(message.flags, self.keywords)
            return f"{self._base(message)}{info}"
        return safe_names.message_name(message.internaldate, subject, message.uid)

    def uid_of(self, name: str) -> int | None:
        """Whose name it is."""
        if self.form is ExportForm.MAILDIR:
            return maildir_names.uid_of(name)
        return safe_names.uid_of(name)

    def names_now(self, messages: tuple[PlannedMessage, ...]) -> dict[int, str]:
        """The names that stand there for ``messages``, whoever gave them; one each."""
        wanted = {message.uid for message in messages}
        with os.scandir(self.directory) as entries:
            return {
                uid: entry.name
                for entry in entries
                if (uid := self.uid_of(entry.name)) in wanted and uid is not None
            }

    def _base(self, message: PlannedMessage) -> str:
        return maildir_names.message_base(self.modified_at, message.uid, message.size_bytes)


@dataclass(slots=True, kw_only=True)
class _Group:
    step: WriteMessages
    source: PlannedMessages
    folder: FolderOfFiles
    copier: MessageCopier
    beside: int
    written: list[WrittenMessage] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # those to come, by those that wait

    def take(self, message: PlannedMessage) -> None:
        """Write one message, or note why not. What was written to meanwhile is read once more."""
        try:
            try:
                copied, fields = self._copied(message)
            except SourceChanged:
                copied, fields = self._copied(message)
        except (BackupError, SourceDiffers) as error:
            self.source.lose(message, error)
            return
        name = self.folder.name(message, fields.subject)
        self.names[self.folder.temporary(message)] = name
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

    def _copied(self, message: PlannedMessage) -> tuple[CopiedFile, ShownFields]:
        wanted = NewFile(
            name=self.folder.temporary(message),
            mtime_seconds=message.internaldate,
            ownership=None,
            guid=message.guid,
            size_bytes=message.size_bytes,
        )
        if message.is_joined:
            with self.source.reading(message) as read:
                start = _start_of(read)
                copied = self.copier.write(_from(start, read), wanted, self.beside)
                return copied, shown_fields(start)
        descriptor = self.source.descriptor(message)
        try:
            copied = self.copier.copy(descriptor, wanted, self.beside)
            return copied, shown_fields(_start_at(descriptor))
        finally:
            os.close(descriptor)


def _start_at(descriptor: int) -> bytes:
    try:
        return os.pread(descriptor, START_OCTETS, 0)
    except OSError as error:
        raise SourceDiffers("file-unreadable", str(error)) from error


def _start_of(read: Reader) -> bytes:
    start = b""
    while len(start) < START_OCTETS and (piece := read(START_OCTETS - len(start))):
        start += piece
    return start


def _from(start: bytes, read: Reader) -> Reader:
    rest = [start]

    def again(size: int) -> bytes:
        if not rest:
            return read(size)
        octets, left = rest[0][:size], rest.pop()[size:]
        if left:
            rest.append(left)
        return octets or read(size)

    return again
