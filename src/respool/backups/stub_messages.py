"""Stubs in a mailbox of a backup: which messages are some, and what they stand for, joined."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.hsm_store import body_fd
from respool.backups.source import SourceMailbox, message_fd
from respool.bluemind.snappy_stream import LONGEST_BLOCK, Read, plain_pieces
from respool.bluemind.stubs import START_OCTETS, Stub, is_stub_keyword, joined, parse_stub
from respool.errors import BackupError, BackupUnreadable, MessageNotInMailbox
from respool.model.dataclasses import dataclass
from respool.model.hsm import StorePlace
from respool.model.inventory import NOWHERE, Rows, StoredMailbox

if TYPE_CHECKING:
    from typing_extensions import Buffer

_FIRST_LOOK: Final = 4096  # most headers are shorter
_AT_ONCE: Final = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundStub:
    """A message of a mailbox that is a stub; ``place`` is IN_DATA or IN_ARCHIVE."""

    uid: int
    place: int
    stub: Stub


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What a joined message is: SHA-1 in octets, and size.

    ``may_be_cut``: its last block is full, so that nothing tells whether it is the last.
    """

    guid: bytes
    size_bytes: int
    may_be_cut: bool


class _JoinedFile(io.RawIOBase):
    """Pieces of octets as a file to read from, no more of them in memory than one."""

    def __init__(self, pieces: Iterable[bytes], descriptor: int) -> None:
        super().__init__()
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")
        self._descriptor = descriptor

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Octets of one piece; what making the pieces raises."""
        room = memoryview(buffer).cast("B")
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        octets, self._rest = self._rest[: len(room)], self._rest[len(room) :]
        room[: len(octets)] = octets
        return len(octets)

    def close(self) -> None:
        """Close the body that the pieces come from, too."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def stub_slots(mailbox: StoredMailbox) -> tuple[int, ...]:
    """The user-flag slots whose keyword marks stubs."""
    return tuple(
        slot
        for slot, keyword in enumerate(mailbox.keywords)
        if keyword is not None and is_stub_keyword(keyword)
    )


def marked_as_stubs(mailbox: StoredMailbox) -> NDArray[np.bool_]:
    """Mask of the records whose keyword says that they are stubs."""
    found = np.zeros(len(mailbox.records), dtype=np.bool_)
    for slot in stub_slots(mailbox):
        words = mailbox.records["user_flags"][:, slot // 32]
        found |= (words & np.uint32(1 << slot % 32)) != 0
    return found


def stubs_among(
    source: SourceMailbox, rows: Rows, candidates: NDArray[np.bool_]
) -> Iterator[FoundStub]:
    """Those of the ``candidates`` (a mask of ``rows``, RECORD or FILE) that are stubs by their
    header; each file is opened. There may be a million, of which a part is held at once.
    """
    for start in range(0, len(rows), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        places = rows["place"][part]
        there = candidates[part] & (places != NOWHERE)
        uids = rows["uid"][part][there].tolist()
        for uid, place in zip(uids, places[there].tolist(), strict=True):
            stub = stub_at(source, uid, place)
            if stub is not None:
                yield FoundStub(uid=uid, place=place, stub=stub)


def stub_at(source: SourceMailbox, uid: int, place: int) -> Stub | None:
    """The stub in a message file; None where it is none, or cannot be read."""
    try:
        descriptor = message_fd(source, uid, place)
    except BackupError:
        return None
    try:
        return parse_stub(_start(descriptor))
    except OSError:
        return None
    finally:
        os.close(descriptor)


def open_joined(
    source: SourceMailbox, uid: int, place: int, stores: Sequence[StorePlace]
) -> BinaryIO:
    """The message that a stub stands for, to read from; nothing is held but a block or two.

    Raises:
        MessageNotInMailbox: the file is not there, or no stub.
        BackupFileMissing, UnsafeBackupEntry, BackupUnreadable: its body cannot be opened.
        FormatError, LibraryMissing, BackupUnreadable: later, while it is read.
    """
    stub = stub_at(source, uid, place)
    if stub is None or stub.hsm_id is None:
        raise MessageNotInMailbox(f"message {uid} of {source.name.display} is no stub")
    descriptor = body_fd(stores, stub.hsm_id)
    raw = _JoinedFile(joined(stub, plain_pieces(_reading(descriptor))), descriptor)
    return io.BufferedReader(raw, LONGEST_BLOCK)


def examined(found: FoundStub, stores: Sequence[StorePlace]) -> Whole:
    """What a stub's message is, read once from end to end; errors as `open_joined`."""
    descriptor = body_fd(stores, found.stub.hsm_id or "")
    digest = hashlib.sha1(usedforsecurity=False)
    size_bytes = last = 0
    try:
        for piece in joined(found.stub, plain_pieces(_reading(descriptor))):
            digest.update(piece)
            size_bytes += len(piece)
            last = len(piece)
    finally:
        os.close(descriptor)
    return Whole(guid=digest.digest(), size_bytes=size_bytes, may_be_cut=last == LONGEST_BLOCK)


def _reading(descriptor: int) -> Read:
    def read(size: int) -> bytes:
        try:
            return os.read(descriptor, size)
        except OSError as error:
            raise BackupUnreadable("an archived message cannot be read", why=str(error)) from error

    return read


def _start(descriptor: int) -> bytes:
    """The header of a message file, or its first START_OCTETS."""
    start = os.read(descriptor, _FIRST_LOOK)
    if len(start) < _FIRST_LOOK or b"\n\r\n" in start or b"\n\n" in start:
        return start
    return start + os.read(descriptor, START_OCTETS - _FIRST_LOOK)
