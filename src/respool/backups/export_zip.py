"""Messages of an export that are members of a zip file, found through its directory.

The directory is held as two columns: of a million members the names alone would take more room
than is worth it. A name is found by its hash, then compared with what the zip itself says.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.export_source import Kept, Stood, Where
from respool.backups.known_names import KnownNames
from respool.errors import BackupFileMissing, BackupUnreadable, FormatError
from respool.exports.manifest import MANIFEST_FILE
from respool.exports.zip_records import (
    CENTRAL_OCTETS,
    DEFLATED,
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
from respool.system.file_octets import FileOctets
from respool.system.unlinked_file import unlinked_file

_PAGES: Final = frozenset({"index.html", MANIFEST_FILE})
_NANOSECONDS: Final = 1_000_000_000
_PIECE_OCTETS: Final = 1 << 18
_DIRECTORY_PIECE: Final = 1 << 19
_MOST_RECORD: Final = 1 << 18  # three fields of 16 bits
_USUAL_RECORD: Final = 512
_HASH_OCTETS: Final = 4
_KEY_OCTETS: Final = 16
_RAW: Final = -15  # zlib's word for a deflated member, which has no header


class ZipFiles:
    """The members of a zip file by their names.

    Raises:
        FormatError: it is no zip, or its directory is damaged.
        BackupUnreadable: the disk does not give it.
    """

    def __init__(self, octets: FileOctets) -> None:
        self._octets = octets
        self._directory = parse_end(octets[max(0, len(octets) - END_OCTETS) :], len(octets))
        self._key = os.urandom(_KEY_OCTETS)
        self._hashes, self._places = _columns(octets, self._directory, self._key)

    def member(self, name: str) -> Member | None:
        """The member of a name; None where there is none.

        Raises:
            FormatError: the directory is damaged there.
        """
        wanted = _hash(name, self._key)
        at = int(np.searchsorted(self._hashes, np.uint32(wanted)))
        while at < len(self._hashes) and int(self._hashes[at]) == wanted:
            member = self._at(self._directory.offset + int(self._places[at]))
            if member.name == name:
                return member
            at += 1
        return None

    def members(self) -> Iterator[Member]:
        """All of them, in the order of the directory.

        Raises:
            FormatError: the directory is damaged.
        """
        for _, record in _records(self._octets, self._directory):
            yield parse_central(record)

    def _at(self, start: int) -> Member:
        record = self._octets[start : start + _USUAL_RECORD]
        length = CENTRAL_OCTETS + central_lengths(record[:CENTRAL_OCTETS])
        if length > len(record):
            record = self._octets[start : start + length]
        return parse_central(record[:length])

    def pieces(self, member: Member) -> Iterator[bytes]:
        """The octets of a member, no more than it says that it has.

        Raises:
            FormatError: they are damaged, or of a method that nothing here reads.
        """
        local = self._octets[member.offset : member.offset + LOCAL_OCTETS]
        at = octets_at(local, member.offset)
        stored = self._stored(at, at + member.stored_bytes)
        if member.method == STORED:
            yield from stored
        elif member.method == DEFLATED:
            yield from _inflated(stored, member.size_bytes)
        else:
            raise FormatError(f"a member of a zip packed by method {member.method}")

    def _stored(self, at: int, end: int) -> Iterator[bytes]:
        if end > len(self._octets):
            raise FormatError("a member reaches beyond the end of the zip", offset=at)
        for start in range(at, end, _PIECE_OCTETS):
            yield self._octets[start : min(start + _PIECE_OCTETS, end)]


class ZipStore:
    """Messages in a zip; see `MessageStore`."""

    def __init__(self, files: ZipFiles) -> None:
        self._files = files

    def stat(self, where: Where) -> Stood | None:
        """What the directory says of it."""
        try:
            member = self._files.member(where.file)
        except FormatError:
            return None
        if member is None:
            return None
        return Stood(size_bytes=member.size_bytes, mtime_ns=member.modified_at * _NANOSECONDS)

    def open(self, where: Where) -> int:
        """The message, unpacked into a file without a name."""
        try:
            member = self._files.member(where.file)
            if member is None:
                raise BackupFileMissing(f'there is no "{where.file}" in the zip')
            return unlinked_file(self._files.pieces(member))
        except FormatError as error:
            what = f'"{where.file}" cannot be taken out of the zip'
            raise BackupUnreadable(what, why=error.what) from error

    def kept(self, where: Where) -> Kept:
        """The date that the directory says."""
        stood = self.stat(where)
        return Kept() if stood is None else Kept(internaldate=stood.mtime_ns // _NANOSECONDS)

    def name_of(self, where: Where) -> str:
        """The name of its file."""
        return where.file

    def others(self, known: KnownNames) -> Iterator[str]:
        """Members that are no directories, nor pages of the export."""
        for member in self._files.members():
            is_directory = member.name.endswith("/")
            if not is_directory and member.name not in _PAGES and member.name not in known:
                yield member.name


def _columns(
    octets: FileOctets, directory: Directory, key: bytes
) -> tuple[NDArray[np.uint32], NDArray[Any]]:
    """Hashes of all names, ascending, and where in the directory the record of each stands.

    Each by itself, and not as fields of rows: a search in a field copies all of it first.
    Of a million names some hundred share a hash of 32 bits, and no zip can be made in which
    many do: the ``key`` is another one each time.
    """
    count = _most(directory)
    hashes = np.zeros(count, dtype=np.uint32)
    places = np.zeros(count, dtype=np.min_scalar_type(directory.size_bytes))
    for number, (at, record) in enumerate(_records(octets, directory)):
        hashes[number] = _hash(parse_central(record).name, key)
        places[number] = at
    order = np.argsort(hashes, kind="stable")
    return hashes[order], places[order]


def _records(octets: FileOctets, directory: Directory) -> Iterator[tuple[int, bytes]]:
    """Each record of the directory, and where in it it stands."""
    held, held_at, at = b"", 0, 0
    for _ in range(_most(directory)):
        held_end = held_at + len(held)
        if at + _MOST_RECORD > held_end and held_end < directory.size_bytes:
            end = min(at + _DIRECTORY_PIECE, directory.size_bytes)
            held, held_at = octets[directory.offset + at : directory.offset + end], at
        start = at - held_at
        length = CENTRAL_OCTETS + central_lengths(held[start : start + CENTRAL_OCTETS])
        yield at, held[start : start + length]
        at += length


def _most(directory: Directory) -> int:
    """As many members as it says, but no more than there is room for."""
    return min(directory.members, directory.size_bytes // CENTRAL_OCTETS)


def _hash(name: str, key: bytes) -> int:
    octets = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(octets, digest_size=_HASH_OCTETS, key=key).digest())


def _inflated(stored: Iterator[bytes], size_bytes: int) -> Iterator[bytes]:
    left = size_bytes
    unpacking = zlib.decompressobj(_RAW)
    try:
        for piece in stored:
            rest = piece
            while rest and not unpacking.eof:
                message = unpacking.decompress(rest, _PIECE_OCTETS)
                rest = unpacking.unconsumed_tail
                left -= len(message)
                if left < 0:
                    raise FormatError("a member of a zip is larger than it says")
                yield message
        yield unpacking.flush()[: max(left, 0)]
    except zlib.error as error:
        raise FormatError(f"a member of a zip is damaged: {error}") from error
