"""The messages of a plan, read from the backup once more, and what was lost of them meanwhile."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Final

from respool.backups.presence import Missed, Presence, system_number
from respool.backups.source import SourceMailbox, message_fd, tree_at
from respool.backups.stub_messages import open_joined
from respool.errors import BackupError, FormatError, StepFailed
from respool.model.dataclasses import dataclass
from respool.model.inventory import IN_ARCHIVE, IN_DATA, MailboxPlace
from respool.model.messages import PartitionName
from respool.model.names import MailboxName
from respool.plain_words import without_numbers
from respool.planning.source_place import SourcePlace
from respool.planning.step import PlannedMessage
from respool.system.message_files import Reader, SourceDiffers
from respool.system.read_only import ReadOnlyTree

_HELD_OCTETS: Final = 1 << 20
_PIECE_OCTETS: Final = 1 << 20


def source_mailbox(place: SourcePlace, label: str) -> SourceMailbox:
    """The backup's mailbox again, from what a plan keeps of it; ``label`` names it in errors."""
    return SourceMailbox(
        name=MailboxName(domain=None, parts=(label.replace("/", "."),)),
        spool=place.spool,
        place=MailboxPlace(
            partition=PartitionName(place.partition),
            data=place.data,
            meta=place.meta,
            archive=place.archive,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedMessage:
    """A message whose octets were read once, and are those of the plan.

    ``read`` gives them from the start, up to so many a call, none at the end. ``has_nul``:
    there is a NUL octet among them, which not everything that takes mail can take.
    """

    guid: str
    size_bytes: int
    has_nul: bool
    read: Reader


@dataclass(slots=True, kw_only=True)
class PlannedMessages:
    """A group of messages of one mailbox of a backup, opened one after the other.

    ``lost`` are those that could not be read, with the reason, by UID as text.
    """

    place: SourcePlace
    label: str
    messages: Sequence[PlannedMessage]
    source: SourceMailbox = field(init=False)
    lost: dict[str, str] = field(default_factory=dict)
    _missed: list[Missed] = field(default_factory=list)
    _tree: ReadOnlyTree | None = None

    def __post_init__(self) -> None:
        self.source = source_mailbox(self.place, self.label)

    def descriptor(self, message: PlannedMessage) -> int:
        """A descriptor of its file, which the caller closes. Of a joined one it is a stub.

        Raises:
            BackupError: it cannot be opened.
        """
        if self._tree is None:
            self._tree = tree_at(self.source.spool)
        return message_fd(self.source, message.uid, _place_of(message), self._tree)

    @contextmanager
    def reading(self, message: PlannedMessage) -> Iterator[Reader]:
        """Its octets, unchecked: those of its file, or what the stub there stands for.

        Raises:
            BackupError: what is wrong with the backup.
            SourceDiffers: an archived message is damaged; either may come while it is read.
        """
        if message.is_joined:
            stores = self.place.stores
            try:
                with open_joined(self.source, message.uid, _place_of(message), stores) as whole:
                    yield whole.read
            except FormatError as error:
                raise SourceDiffers("hsm-body-damaged", error.what) from error
            return
        descriptor = self.descriptor(message)
        try:
            yield _read_of(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def checked(self, message: PlannedMessage) -> Iterator[CheckedMessage]:
        """Its octets once they were found to be those of the plan; a small one is held.

        A long one is read a second time by the caller, who hashes it if it must not change.

        Raises:
            BackupError, SourceDiffers: as `reading`, or the octets are others.
        """
        with self.reading(message) as read:
            found, held = _examined(read, message.size_bytes)
        _check(message, found.guid, found.size_bytes)
        if held is not None:
            yield CheckedMessage(
                guid=found.guid,
                size_bytes=found.size_bytes,
                has_nul=found.has_nul,
                read=io.BytesIO(held).read,
            )
            return
        with self.reading(message) as again:
            yield replace(found, read=again)

    def lose(self, message: PlannedMessage, error: BackupError | SourceDiffers) -> None:
        """Note that a message could not be read, and why.

        Raises:
            StepFailed: the whole backup is gone, and not this message.
        """
        self.lost[str(message.uid)] = f"{error.code}: {error}"
        if isinstance(error, SourceDiffers) and error.code != "file-unreadable":
            return  # what is damaged is lost by itself
        place = self.source.place
        missed = Missed(
            uid=message.uid,
            directory=place.archive if message.is_archived else place.data,
            number=system_number(error),
            stores=self.place.stores if message.is_joined else (),
        )
        self._missed.append(missed)
        if Presence.is_of_all(missed):
            self.check_presence()

    def check_presence(self) -> None:
        """See that what could not be read is lost by itself, and not with all of the backup.

        Raises:
            StepFailed: the backup is gone, or is going.
        """
        if not self._missed:
            return
        # Joined messages have the GUID of what was joined, index or not.
        has_index = any(each.guid is not None and not each.is_joined for each in self.messages)
        presence = Presence(source=self.source, has_index=has_index)
        why = presence.why_gone(self._missed, len(self.messages) - len(self.lost))
        if why is not None:
            raise StepFailed(
                f"the backup of {self.label} is going away while it is read",
                why=why,
                hint="stop what removes it and bring it back to its place; what was copied stays",
            )


def _read_of(descriptor: int) -> Reader:
    def read(size: int) -> bytes:
        try:
            return os.read(descriptor, size)
        except OSError as error:
            raise SourceDiffers("file-unreadable", without_numbers(str(error))) from error

    return read


def _examined(read: Reader, expected: int) -> tuple[CheckedMessage, bytes | None]:
    """What was read, and the octets if they are few; of too many not all."""
    digest = hashlib.sha1(usedforsecurity=False)
    held: list[bytes] | None = [] if expected <= _HELD_OCTETS else None
    size_bytes = 0
    has_nul = False
    while size_bytes <= expected:
        asked = min(expected + 1 - size_bytes, _PIECE_OCTETS)  # one more: the end is seen at once
        piece = read(asked)
        digest.update(piece)
        size_bytes += len(piece)
        has_nul = has_nul or b"\0" in piece
        if held is not None:
            held.append(piece)
        if not piece or (size_bytes == expected and len(piece) < asked):
            break
    found = CheckedMessage(
        guid=digest.hexdigest(), size_bytes=size_bytes, has_nul=has_nul, read=read
    )
    return found, None if held is None else b"".join(held)


def _check(message: PlannedMessage, guid: str, size_bytes: int) -> None:
    if size_bytes != message.size_bytes:
        text = f"the file does not have the {message.size_bytes} octets of its record"
        raise SourceDiffers("size-differs", text)
    if message.guid is not None and guid != message.guid:
        raise SourceDiffers("guid-differs", f"the file's octets are {guid}")


def _place_of(message: PlannedMessage) -> int:
    return IN_ARCHIVE if message.is_archived else IN_DATA
