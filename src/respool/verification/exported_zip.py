"""Reading a zip back, member by member, by the directory at its end; nothing of it is held."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from respool.errors import FormatError
from respool.exports.zip_records import (
    CENTRAL_OCTETS,
    END_OCTETS,
    LOCAL_OCTETS,
    STORED,
    Directory,
    Member,
    central_lengths,
    octets_at,
    parse_central,
    parse_end,
)
from respool.model.dataclasses import dataclass
from respool.system.read_only import ReadOnlyTree

if TYPE_CHECKING:
    from typing_extensions import Buffer

_PIECE_OCTETS: Final = 1 << 20
_DIRECTORY_PIECE: Final = 256 << 10
_RAW: Final = -15


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipReading:
    """A zip that is open."""

    descriptor: int
    directory: Directory

    def members(self, offset: int, count: int) -> Iterator[Member]:
        """``count`` records of its directory, from the one at ``offset`` of the file on.

        Raises:
            FormatError: no record stands there.
        """
        held, at = b"", offset
        for _ in range(count):
            held, at = self._more(held, at, CENTRAL_OCTETS)
            size = CENTRAL_OCTETS + central_lengths(held[:CENTRAL_OCTETS])
            held, at = self._more(held, at, size)
            yield parse_central(held[:size])
            held = held[size:]

    def _more(self, held: bytes, at: int, wanted: int) -> tuple[bytes, int]:
        while len(held) < wanted:
            piece = os.pread(self.descriptor, max(_DIRECTORY_PIECE, wanted), at)
            if not piece:
                raise FormatError("the zip's directory is cut", offset=at)
            held, at = held + piece, at + len(piece)
        return held, at

    def pieces(self, member: Member) -> Iterator[bytes]:
        """The octets of a member, no more of them at once than a MiB.

        Raises:
            FormatError: it is not there, or was altered.
        """
        at = octets_at(os.pread(self.descriptor, LOCAL_OCTETS, member.offset), member.offset)
        crc = size_bytes = 0
        pieces = self._stored(at, member.stored_bytes)
        for piece in pieces if member.method == STORED else _inflated(pieces):
            crc, size_bytes = zlib.crc32(piece, crc), size_bytes + len(piece)
            yield piece
        if (crc, size_bytes) != (member.crc, member.size_bytes):
            raise FormatError(f"{member.name} is not what the zip's directory says")

    def _stored(self, at: int, left: int) -> Iterator[bytes]:
        while left:
            piece = os.pread(self.descriptor, min(left, _PIECE_OCTETS), at)
            if not piece:
                raise FormatError("the zip is cut", offset=at)
            yield piece
            at, left = at + len(piece), left - len(piece)


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(_RAW)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                yield decompressor.decompress(rest, _PIECE_OCTETS)
                rest = decompressor.unconsumed_tail
        yield decompressor.flush()
    except zlib.error as error:
        raise FormatError(f"a member of the zip is damaged: {error}") from error


class MemberStream(io.RawIOBase):
    """A member as a file to read from."""

    def __init__(self, zip_file: ZipReading, member: Member) -> None:
        super().__init__()
        self._pieces = zip_file.pieces(member)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        """Octets of one piece; errors as `ZipReading.pieces`."""
        room = memoryview(buffer).cast("B")
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        octets, self._rest = self._rest[: len(room)], self._rest[len(room) :]
        room[: len(octets)] = octets
        return len(octets)


@contextmanager
def opened_zip(path: str) -> Iterator[ZipReading]:
    """The zip at ``path``.

    Raises:
        BackupError, FormatError, OSError: it is not there, or no zip that is whole.
    """
    whole = PurePosixPath(path)
    with ReadOnlyTree(whole.parent).open_file(whole.name) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        tail = os.pread(file.fileno(), END_OCTETS, max(0, size_bytes - END_OCTETS))
        yield ZipReading(descriptor=file.fileno(), directory=parse_end(tail, size_bytes))
