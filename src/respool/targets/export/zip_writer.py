"""Adding members to a zip that is being written, and the directory at its end.

Small members are packed by several threads and written in order; a long one goes through in
pieces, and its header is set right once its size is known.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from respool.exports.zip_records import DEFLATED, STORED, Member, local_header
from respool.model.dataclasses import dataclass
from respool.system.appended_file import AppendedFile

PIECE_OCTETS: Final = 1 << 20
_RAW: Final = -15  # zlib: a bare stream
_MAYBE_LARGE: Final = 0xF0000000  # so long that it may need more than 32 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedOctets:
    """The octets of a small member, as they stand in the zip."""

    octets: bytes
    method: int
    crc: int
    size_bytes: int


def packed(octets: bytes) -> PackedOctets:
    """Deflated, or as they are where that is shorter."""
    compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, DEFLATED, _RAW)
    small = compressor.compress(octets) + compressor.flush()
    is_smaller = len(small) < len(octets)
    return PackedOctets(
        octets=small if is_smaller else octets,
        method=DEFLATED if is_smaller else STORED,
        crc=zlib.crc32(octets),
        size_bytes=len(octets),
    )


def add_packed(zip_file: AppendedFile, name: str, modified_at: int, data: PackedOctets) -> Member:
    """Write a small member."""
    member = Member(
        name=name,
        modified_at=modified_at,
        method=data.method,
        crc=data.crc,
        stored_bytes=len(data.octets),
        size_bytes=data.size_bytes,
        offset=zip_file.position,
    )
    zip_file.write(local_header(member, is_large=False) + data.octets)
    return member


def add_directory(zip_file: AppendedFile, name: str, modified_at: int) -> Member:
    """Write the member of a folder; its name gets a ``/``."""
    empty = PackedOctets(octets=b"", method=STORED, crc=0, size_bytes=0)
    return add_packed(zip_file, f"{name}/", modified_at, empty)


def add_stream(
    zip_file: AppendedFile,
    name: str,
    modified_at: int,
    pieces: Iterable[bytes],
    *,
    expected_octets: int = 0,
) -> Member:
    """Write a member of any length, piece by piece.

    ``expected_octets``: how long it will be, about, if that is known.
    """
    is_large = expected_octets >= _MAYBE_LARGE
    member = Member(
        name=name,
        modified_at=modified_at,
        method=DEFLATED,
        crc=0,
        stored_bytes=0,
        size_bytes=0,
        offset=zip_file.position,
    )
    zip_file.write(local_header(member, is_large=is_large))
    begun = zip_file.position
    compressor = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, DEFLATED, _RAW)
    crc = size_bytes = 0
    for piece in pieces:
        crc, size_bytes = zlib.crc32(piece, crc), size_bytes + len(piece)
        zip_file.write(compressor.compress(piece))
    zip_file.write(compressor.flush())
    member = replace(
        member, crc=crc, size_bytes=size_bytes, stored_bytes=zip_file.position - begun
    )
    zip_file.patch(member.offset, local_header(member, is_large=is_large))
    return member


class HashedPieces:
    """Pieces of a message as they go by: its digests, and how it begins."""

    def __init__(self, read: Callable[[int], bytes], start_octets: int) -> None:
        self._read = read
        self._start_octets = start_octets
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256()
        self.start = b""

    def __iter__(self) -> Iterator[bytes]:
        """Each of them, once."""
        for piece in iter(partial(self._read, PIECE_OCTETS), b""):
            self._sha1.update(piece)
            self._sha256.update(piece)
            self.start = self.start or piece[: self._start_octets]
            yield piece

    @property
    def guid(self) -> str:
        """SHA-1 of those that went by, in hex."""
        return self._sha1.hexdigest()

    @property
    def sha256(self) -> str:
        """SHA-256 of them, in hex."""
        return self._sha256.hexdigest()
