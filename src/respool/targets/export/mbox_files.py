"""Writing groups of messages at the end of an mbox file, quoted as mboxrd has it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from respool.backups.planned_messages import CheckedMessage, PlannedMessages
from respool.errors import BackupError
from respool.exports.mboxrd import quoted_pieces, separator_line
from respool.exports.written import WrittenMessage
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.appended_file import AppendedFile, cut_back
from respool.system.message_files import SourceChanged, SourceDiffers
from respool.targets.export.group import cannot_write, messages_of, receipt_of
from respool.targets.export.shown_fields import START_OCTETS, shown_fields
from respool.targets.export.steps import WriteMessages

_PIECE_OCTETS: Final = 1 << 20


def mbox_size(step: WriteMessages) -> int:
    """How long the lane's file is now; 0 where it is not there."""
    try:
        return (Path(step.path) / step.lane).stat().st_size
    except FileNotFoundError:
        return 0


def write_mbox(step: WriteMessages, start: int) -> Note:
    """Write a group behind the first ``start`` octets of the lane's file.

    Done again it writes the same, in the same place. The receipt has the file's ``end`` and
    its time then, ``mtime_ns``.

    Raises:
        StepFailed: the file cannot be written, or the backup is not there any more; it ends
            where it did before, unless the disk refuses that, too.
    """
    file = Path(step.path) / step.lane
    source = messages_of(step)
    written = []
    try:
        with AppendedFile(file, start) as mbox:
            for message in step.messages:
                one = _taken(source, mbox, message, step.lane)
                if one is not None:
                    written.append(one)
            source.check_presence()
            more = {"mtime_ns": mbox.flush(), "end": mbox.position}
    except OSError as error:
        cut_back(file, start)
        raise cannot_write(file, error) from error
    return receipt_of(source, written, more)


def _taken(
    source: PlannedMessages, mbox: AppendedFile, message: PlannedMessage, lane: str
) -> WrittenMessage | None:
    position = mbox.position
    for is_last in (False, True):
        try:
            with source.checked(message) as checked:
                return _written(mbox, message, checked, lane)
        except SourceChanged as error:
            mbox.rewind(position)
            if is_last:
                source.lose(message, error)
        except (BackupError, SourceDiffers) as error:
            mbox.rewind(position)
            source.lose(message, error)
            return None
    return None


def _written(
    mbox: AppendedFile, message: PlannedMessage, checked: CheckedMessage, lane: str
) -> WrittenMessage:
    position = mbox.position
    digests = hashlib.sha1(usedforsecurity=False), hashlib.sha256()
    starts: list[bytes] = []

    def pieces() -> Iterator[bytes]:
        for piece in iter(partial(checked.read, _PIECE_OCTETS), b""):
            for each in digests:
                each.update(piece)
            if not starts:
                starts.append(piece[:START_OCTETS])
            yield piece

    mbox.write(separator_line(message.internaldate))
    for piece in quoted_pieces(pieces()):
        mbox.write(piece)
    if digests[0].hexdigest() != checked.guid:
        raise SourceChanged("it was written to while it was read")
    fields = shown_fields(b"".join(starts))
    return WrittenMessage(
        uid=message.uid,
        guid=checked.guid,
        sha256=digests[1].hexdigest(),
        file=lane,
        subject=fields.subject,
        sender=fields.sender,
        recipients=fields.recipients,
        offset=position,
        length=mbox.position - position,
    )
