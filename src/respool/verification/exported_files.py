"""Reading a folder of an export back, in each of its forms."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from datetime import datetime
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import Final, NamedTuple, Protocol, TypeAlias

from respool.errors import BackupFileMissing, FormatError
from respool.exports import maildir_names
from respool.exports.manifest_head import ExportForm
from respool.exports.mboxrd import SEPARATOR, Unquoting, parse_separator_line
from respool.exports.written import WrittenMessage
from respool.exports.zip_records import Member
from respool.model.dataclasses import dataclass
from respool.model.messages import at_utc
from respool.planning.proof import ProveExport
from respool.planning.step import PlannedMessage
from respool.system.entry_kinds import EntryKind
from respool.system.read_only import ReadOnlyTree
from respool.verification.exported_zip import ZipReading, opened_zip

_PIECE_OCTETS: Final = 1 << 20
_ROOM_OCTETS: Final = 256 << 10
_LINE_OCTETS: Final = 200
_AFTER: Final = (b"\n", b"\n\n")  # what stands between two messages of an mbox file

Group: TypeAlias = Sequence[tuple[PlannedMessage, WrittenMessage]]


class FoundMessage(NamedTuple):
    """A message as it stands there. ``flags`` None: the form has none of its own."""

    guid: str
    sha256: str
    size_bytes: int
    seconds: int
    flags: frozenset[str] | None = None

    @property
    def internaldate(self) -> datetime:
        """Its date."""
        return at_utc(self.seconds)


class Reading(Protocol):
    """One folder of an export that is open."""

    def read(self, group: Group) -> Iterator[FoundMessage | None]:
        """Each message of a group, in order; None for one that is not there."""

    def count(self) -> int:
        """How many messages are there."""


@contextmanager
def opened_folder(step: ProveExport, members: Sequence[Member] = ()) -> Iterator[Reading]:
    """The lane's folder; ``members`` are those of a zip that are asked for.

    Raises:
        BackupError, FormatError, OSError: it is not there.
    """
    match step.form:
        case ExportForm.ZIP:
            with opened_zip(step.path) as zip_file:
                yield _ZipFolder(zip_file, members)
        case ExportForm.MBOX:
            with ReadOnlyTree(step.path).open_file(step.lane) as file:
                yield _MboxFolder(file.fileno())
        case ExportForm.MAILDIR:
            yield _MaildirFolder(ReadOnlyTree(step.path), PurePosixPath(step.lane))
        case ExportForm.EML:
            yield _EmlFolder(ReadOnlyTree(step.path), PurePosixPath(step.lane))


def found_in(
    pieces: Iterable[bytes | memoryview], seconds: float, flags: frozenset[str] | None = None
) -> FoundMessage:
    """What octets that go by are."""
    sha1, sha256, size_bytes = hashlib.sha1(usedforsecurity=False), hashlib.sha256(), 0
    for piece in pieces:
        sha1.update(piece)
        sha256.update(piece)
        size_bytes += len(piece)
    return FoundMessage(sha1.hexdigest(), sha256.hexdigest(), size_bytes, int(seconds // 1), flags)


def _pieces_of(descriptor: int, expected: int, room: memoryview) -> Iterator[memoryview]:
    """All octets of a file, each piece in the same room: its end is seen by a short one."""
    size_bytes, rooms = 0, [room]
    while count := os.readv(descriptor, rooms):
        yield room[:count]
        size_bytes += count
        if count < len(room) and size_bytes >= expected:
            return


@dataclass(frozen=True, slots=True)
class _EmlFolder:
    tree: ReadOnlyTree
    place: PurePosixPath
    room: memoryview = field(default_factory=lambda: memoryview(bytearray(_ROOM_OCTETS)))

    def read(self, group: Group) -> Iterator[FoundMessage | None]:
        for _, written in group:
            yield self.at(self.place, _name(written.file), None)

    def count(self) -> int:
        return _files_in(self.tree, self.place)

    def at(
        self, place: PurePosixPath, name: str, flags: frozenset[str] | None
    ) -> FoundMessage | None:
        try:
            descriptor = self.tree.fd_in(place, name)
        except BackupFileMissing:
            return None
        try:
            status = os.fstat(descriptor)
            pieces = _pieces_of(descriptor, status.st_size, self.room)
            return found_in(pieces, status.st_mtime_ns // 10**9, flags)
        finally:
            os.close(descriptor)


class _MaildirFolder(_EmlFolder):
    """Names are looked up; one with other flags is found by what its name has besides."""

    def read(self, group: Group) -> Iterator[FoundMessage | None]:
        keywords, cur = self._keywords(), self.place / "cur"
        names = [_name(written.file) for _, written in group]
        gone: dict[str, tuple[PurePosixPath, str]] | None = None
        for name in names:
            found = self._at(cur, name, keywords)
            if found is None:
                if gone is None:
                    gone = self._elsewhere({_base(each) for each in names})
                place, other = gone.get(_base(name), (cur, name))
                found = self._at(place, other, keywords)
            yield found

    def count(self) -> int:
        return sum(_files_in(self.tree, self.place / each) for each in ("cur", "new"))

    def _at(self, place: PurePosixPath, name: str, keywords: Sequence[str]) -> FoundMessage | None:
        return self.at(place, name, maildir_names.parse_info(name, keywords))

    def _keywords(self) -> tuple[str, ...]:
        with suppress(BackupFileMissing):
            octets = self.tree.read(self.place / maildir_names.KEYWORDS_FILE, _PIECE_OCTETS)
            return maildir_names.parse_keywords(octets.decode("utf-8", "surrogateescape"))
        return ()

    def _elsewhere(self, bases: set[str]) -> dict[str, tuple[PurePosixPath, str]]:
        return {
            _base(name): (self.place / below, name)
            for below in ("cur", "new")
            for name, is_directory in self.tree.names(self.place / below)
            if not is_directory and _base(name) in bases
        }


def _name(file: str) -> str:
    return file.rpartition("/")[2]


def _base(name: str) -> str:
    return name.partition(":")[0]


def _files_in(tree: ReadOnlyTree, place: PurePosixPath) -> int:
    return sum(kind is EntryKind.FILE for _, kind, _ in tree.kinds(place))


@dataclass(frozen=True, slots=True)
class _MboxFolder:
    descriptor: int

    def read(self, group: Group) -> Iterator[FoundMessage | None]:
        for message, written in group:
            yield self._at(message, written)

    def _at(self, message: PlannedMessage, written: WrittenMessage) -> FoundMessage | None:
        start = os.pread(self.descriptor, min(_LINE_OCTETS, written.length), written.offset)
        line = start[: start.find(b"\n") + 1]
        seconds = parse_separator_line(line)
        if seconds is None:
            return None
        return found_in(self._message(written, len(line), message.size_bytes), seconds)

    def _message(self, written: WrittenMessage, begin: int, size_bytes: int) -> Iterator[bytes]:
        """Its octets as they were; where more stands there than belongs between two, all."""
        left, last = size_bytes, b""
        for piece in self._unquoted(written.offset + begin, written.length - begin):
            if left:
                yield piece[:left]
            last += piece[left:]
            left = max(0, left - len(piece))
            if len(last) > len(_AFTER[1]):
                yield last
                last = b""
        if last not in _AFTER:
            yield last

    def _unquoted(self, at: int, left: int) -> Iterator[bytes]:
        unquoting = Unquoting()
        while left and (piece := os.pread(self.descriptor, min(left, _PIECE_OCTETS), at)):
            yield unquoting.take(piece)
            at, left = at + len(piece), left - len(piece)
        yield unquoting.end()

    def count(self) -> int:
        """By the lines between messages: no other line begins so."""
        count, at, before = 0, 0, b"\n"
        while piece := os.pread(self.descriptor, _PIECE_OCTETS, at):
            count += (before + piece).count(b"\n" + SEPARATOR)
            before, at = (before + piece)[-len(SEPARATOR) :], at + len(piece)
        return count


@dataclass(frozen=True, slots=True)
class _ZipFolder:
    zip_file: ZipReading
    members: Sequence[Member]

    def read(self, group: Group) -> Iterator[FoundMessage | None]:
        for (message, written), member in zip_longest(group, self.members[: len(group)]):
            yield None if member is None else self._at(member, message, written)

    def _at(
        self, member: Member, message: PlannedMessage, written: WrittenMessage
    ) -> FoundMessage | None:
        if member.name != written.file:
            return None
        try:
            return found_in(self.zip_file.pieces(member), member.modified_at)
        except FormatError:
            return FoundMessage("damaged", "", message.size_bytes, member.modified_at)

    def count(self) -> int:
        return len(self.members)
