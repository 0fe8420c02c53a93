"""What BlueMind 3.5 archived: streams that iq80's first SnappyOutputStream wrote.

Seven octets ``snappy`` NUL, then blocks: one octet 0 (stored) or 1 (compressed), two octets
of length, four of the masked CRC-32C of the plain octets, then that many octets. Numbers
are big-endian. This is not Snappy's standard framing; each compressed block is raw Snappy.

Source: org.iq80.snappy 0.2 and 0.3, SnappyOutputStream.java and SnappyInputStream.java, as
BlueMind's SnappyStore.java uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, TypeAlias

from respool.bluemind.crc32c import masked_crc32c
from respool.errors import FormatError, LibraryMissing, TruncatedFile

if TYPE_CHECKING:
    from types import ModuleType

STREAM_HEADER: Final = b"snappy\0"
BLOCK_HEADER_OCTETS: Final = 7
LONGEST_BLOCK: Final = 32768  # MAX_BLOCK_SIZE, of plain octets as of stored ones
STORED: Final = 0
COMPRESSED: Final = 1

Read: TypeAlias = Callable[[int], bytes]


def plain_pieces(read: Read) -> Iterator[bytes]:
    """What a stream holds, block by block, none empty and none longer than LONGEST_BLOCK.

    ``read`` gives up to as many octets as it is asked for, and none at the end. Another
    stream header between two blocks is passed over, as iq80's reader does. Nothing tells
    where a stream ends: one that is cut between two blocks cannot be told from a whole one.

    Raises:
        FormatError: another format, a block that is none, or whose CRC differs.
        TruncatedFile: it ends within a block.
        LibraryMissing: a block is compressed, and the library for that is not installed.
    """
    offset = BLOCK_HEADER_OCTETS
    first = _exactly(read, BLOCK_HEADER_OCTETS, 0, "a stream header")
    if first != STREAM_HEADER:
        raise FormatError(
            "not a stream of BlueMind's archive",
            expected=repr(STREAM_HEADER),
            found=repr(first),
        )
    while header := _upto(read, BLOCK_HEADER_OCTETS):
        if header == STREAM_HEADER:
            offset += BLOCK_HEADER_OCTETS
            continue
        if len(header) < BLOCK_HEADER_OCTETS:
            raise _cut(offset, "a block header", len(header))
        length = int.from_bytes(header[1:3], "big")
        if header[0] not in {STORED, COMPRESSED} or not 0 < length <= LONGEST_BLOCK:
            raise FormatError(
                "no block of BlueMind's archive",
                offset=offset,
                found=header[:3].hex(" "),
                expected=f"00 or 01 and a length of 1 to {LONGEST_BLOCK}",
            )
        octets = _exactly(read, length, offset + BLOCK_HEADER_OCTETS, "a block")
        piece = octets if header[0] == STORED else _decompressed(octets, offset)
        _check(piece, int.from_bytes(header[3:7], "big"), offset)
        if piece:
            yield piece
        offset += BLOCK_HEADER_OCTETS + length


def _check(piece: bytes, stated: int, offset: int) -> None:
    found = masked_crc32c(piece)
    if found != stated:
        raise FormatError(
            "a block of BlueMind's archive is damaged: its CRC differs",
            offset=offset,
            expected=f"{stated:08x}",
            found=f"{found:08x}",
        )


def _decompressed(octets: bytes, offset: int) -> bytes:
    """The plain octets of one raw block; its own length is looked at before room is made."""
    library = _library()
    try:
        length = int(library.snappy.decompress_raw_len(octets))
        if length <= LONGEST_BLOCK:
            return bytes(library.snappy.decompress_raw(octets))
    except library.DecompressionError as error:
        raise FormatError(
            "a block of BlueMind's archive is damaged",
            offset=offset,
            expected="raw Snappy",
            found=str(error),
        ) from error
    raise FormatError(
        "a block of BlueMind's archive is too long",
        offset=offset,
        expected=f"at most {LONGEST_BLOCK}",
        found=str(length),
    )


def _library() -> ModuleType:
    """The only importer of cramjam, which the extra ``hsm`` installs.

    Raises:
        LibraryMissing: it is not installed.
    """
    try:
        import cramjam  # noqa: PLC0415 - an extra: nothing else needs it
    except ImportError as error:
        raise LibraryMissing(
            "mail that BlueMind archived is compressed, and the library that reads it is missing",
            why=str(error),
            hint="pip install 'respool[hsm]'",
        ) from error
    library: ModuleType = cramjam
    return library


def _upto(read: Read, length: int) -> bytes:
    """``length`` octets, or fewer at the end only."""
    pieces: list[bytes] = []
    missing = length
    while missing and (piece := read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _exactly(read: Read, length: int, offset: int, what: str) -> bytes:
    octets = _upto(read, length)
    if len(octets) < length:
        raise _cut(offset, what, len(octets), length)
    return octets


def _cut(offset: int, what: str, found: int, wanted: int = BLOCK_HEADER_OCTETS) -> TruncatedFile:
    return TruncatedFile(
        "a stream of BlueMind's archive is cut",
        offset=offset,
        expected=f"{what} of {wanted} octets",
        found=str(found),
    )
