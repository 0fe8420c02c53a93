"""Writing groups of messages as members of a zip."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Final

from respool.backups.planned_messages import PlannedMessages
from respool.errors import BackupError
from respool.exports.safe_names import message_name
from respool.exports.written import WrittenMessage
from respool.exports.zip_records import Member
from respool.model.dataclasses import dataclass
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.appended_file import AppendedFile, cut_back
from respool.system.message_files import SourceChanged, SourceDiffers
from respool.system.starting import Threads
from respool.system.workers import core_count
from respool.targets.export.group import cannot_write, messages_of, receipt_of
from respool.targets.export.shown_fields import START_OCTETS, ShownFields, shown_fields
from respool.targets.export.steps import WriteFolder, WriteMessages
from respool.targets.export.surveyor import part_of_zip
from respool.targets.export.zip_writer import (
    PIECE_OCTETS,
    HashedPieces,
    PackedOctets,
    add_directory,
    add_packed,
    add_stream,
    packed,
)

_AHEAD: Final = 4  # small messages that wait for each thread: 4 MiB at most


def zip_size(path: str) -> int:
    """How long the zip is now that is being written; 0 where it is not there."""
    try:
        return part_of_zip(Path(path)).stat().st_size
    except FileNotFoundError:
        return 0


def write_zip_folder(step: WriteFolder, start: int) -> Note:
    """Write the members of a folder, and of those above it that have none yet.

    Raises:
        StepFailed: the zip cannot be written.
    """
    file = part_of_zip(Path(step.path))
    try:
        with AppendedFile(file, start) as zip_file:
            members = [
                add_directory(zip_file, each, step.modified_at) for each in step.directories
            ]
            zip_file.flush()
            return {"offsets": [each.offset for each in members], "end": zip_file.position}
    except OSError as error:
        cut_back(file, start)
        raise cannot_write(file, error) from error


def write_zip(step: WriteMessages, start: int) -> Note:
    """Write a group behind the first ``start`` octets. Done again it writes the same.

    Raises:
        StepFailed: the zip cannot be written, or the backup is not there any more; it ends
            where it did before, unless the disk refuses that, too.
    """
    file = part_of_zip(Path(step.path))
    source = messages_of(step)
    try:
        with AppendedFile(file, start) as zip_file:
            written = list(_Members(step=step, source=source, zip_file=zip_file).all())
            source.check_presence()
            zip_file.flush()
            more = {"end": zip_file.position}
    except OSError as error:
        cut_back(file, start)
        raise cannot_write(file, error) from error
    return receipt_of(source, written, more)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Small:
    data: PackedOctets
    guid: str
    sha256: str
    fields: ShownFields


@dataclass(frozen=True, slots=True, kw_only=True)
class _Members:
    step: WriteMessages
    source: PlannedMessages
    zip_file: AppendedFile

    def all(self) -> Iterator[WrittenMessage]:
        """Write every message that can be read, in order."""
        threads = core_count()
        with Threads(threads) as pool:
            waiting: deque[tuple[PlannedMessage, Future[_Small]]] = deque()
            for message in self.step.messages:
                if message.size_bytes > PIECE_OCTETS:
                    yield from self._written(waiting, 0)
                    yield from self._long(message)
                else:
                    waiting.append((message, pool.submit(self._packed, message)))
                    yield from self._written(waiting, _AHEAD * threads)
            yield from self._written(waiting, 0)

    def _packed(self, message: PlannedMessage) -> _Small:
        with self.source.checked(message) as checked:
            octets = b"".join(iter(partial(checked.read, PIECE_OCTETS), b""))
        return _Small(
            data=packed(octets),
            guid=checked.guid,
            sha256=hashlib.sha256(octets).hexdigest(),
            fields=shown_fields(octets[:START_OCTETS]),
        )

    def _written(
        self, waiting: deque[tuple[PlannedMessage, Future[_Small]]], most: int
    ) -> Iterator[WrittenMessage]:
        """Those that are ready, until no more than ``most`` wait."""
        while len(waiting) > most:
            message, future = waiting.popleft()
            try:
                small = future.result()
            except (BackupError, SourceDiffers) as error:
                self.source.lose(message, error)
                continue
            name = self._name(message, small.fields)
            member = add_packed(self.zip_file, name, message.internaldate, small.data)
            yield _note(message, member, small.guid, small.sha256, small.fields)

    def _long(self, message: PlannedMessage) -> Iterator[WrittenMessage]:
        """One in pieces; what was written to meanwhile is read once more."""
        position = self.zip_file.position
        for write in (self._streamed, partial(self._streamed, is_last=True)):
            try:
                written = write(message)
            except (BackupError, SourceDiffers) as error:
                self.zip_file.rewind(position)
                self.source.lose(message, error)
                return
            if written is not None:
                yield written
                return
            self.zip_file.rewind(position)

    def _streamed(
        self, message: PlannedMessage, *, is_last: bool = False
    ) -> WrittenMessage | None:
        with self.source.reading(message) as read:
            fields = shown_fields(read(START_OCTETS))
        with self.source.checked(message) as checked:
            pieces = HashedPieces(checked.read, START_OCTETS)
            member = add_stream(
                self.zip_file,
                self._name(message, fields),
                message.internaldate,
                pieces,
                expected_octets=message.size_bytes,
            )
            if pieces.guid == checked.guid:
                return _note(message, member, pieces.guid, pieces.sha256, fields)
        if is_last:
            raise SourceChanged("it was written to while it was read")
        return None

    def _name(self, message: PlannedMessage, fields: ShownFields) -> str:
        name = message_name(message.internaldate, fields.subject, message.uid)
        return f"{self.step.lane}/{name}"


def _note(
    message: PlannedMessage, member: Member, guid: str, sha256: str, fields: ShownFields
) -> WrittenMessage:
    return WrittenMessage(
        uid=message.uid,
        guid=guid,
        sha256=sha256,
        file=member.name,
        subject=fields.subject,
        sender=fields.sender,
        recipients=fields.recipients,
        offset=member.offset,
        length=member.stored_bytes,
        crc=member.crc,
        method=member.method,
    )


def members_of(step: WriteMessages, written: Sequence[WrittenMessage]) -> Iterator[Member]:
    """The members of a group again, of what its receipt has."""
    planned = {message.uid: message for message in step.messages}
    for each in written:
        message = planned[each.uid]
        yield Member(
            name=each.file,
            modified_at=message.internaldate,
            method=each.method,
            crc=each.crc,
            stored_bytes=each.length,
            size_bytes=message.size_bytes,
            offset=each.offset,
        )
