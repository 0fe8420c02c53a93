"""Copying one message file into a live spool, hashed on the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from respool.system.durable import TEMPORARY_PREFIX
from respool.system.ownership import Owner, is_root

_PIECE_OCTETS = 1 << 20

Reader: TypeAlias = Callable[[int], bytes]  # up to so many octets, none at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFile:
    """What was put there: its SHA-1 in hex and its size."""

    guid: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A message file to be made: its name, time and owner, and what its octets must be.

    ``guid`` None: the backup does not know it.
    """

    name: str
    mtime_seconds: int
    owner: Owner
    guid: str | None
    size_bytes: int


class SourceDiffers(Exception):
    """The octets are not those that the index knows, or cannot be read; nothing was put there."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def copy_message(source: Reader, wanted: NewFile, directory_descriptor: int) -> CopiedFile:
    """Copy what ``source`` gives into a directory: temporary name, then rename.

    The copy gets the time, owner and mode that the server would have given it. It is
    in the page cache when this returns; the caller flushes a whole group at once.

    Raises:
        SourceDiffers: the octets are not those of the index; nothing was put there.
        OSError: the target, as the system says; nothing was put there.
        Whatever else ``source`` raises; nothing was put there.
    """
    temporary = f"{TEMPORARY_PREFIX}{wanted.name}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600, dir_fd=directory_descriptor)
    try:
        try:
            copied = _pour(source, descriptor, wanted.size_bytes)
            _check(copied, wanted)
            if is_root():
                os.fchown(descriptor, wanted.owner.uid, wanted.owner.gid)
            os.utime(descriptor, (wanted.mtime_seconds, wanted.mtime_seconds))
        finally:
            os.close(descriptor)
        os.rename(
            temporary,
            wanted.name,
            src_dir_fd=directory_descriptor,
            dst_dir_fd=directory_descriptor,
        )
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory_descriptor)
        raise
    return copied


def _check(copied: CopiedFile, wanted: NewFile) -> None:
    if wanted.guid is not None and copied.guid != wanted.guid:
        raise SourceDiffers("guid-differs", f"the file's octets are {copied.guid}")
    if copied.size_bytes != wanted.size_bytes:
        text = f"the file has {copied.size_bytes} octets, its record {wanted.size_bytes}"
        raise SourceDiffers("size-differs", text)


def _pour(source: Reader, descriptor: int, expected_octets: int) -> CopiedFile:
    digest = hashlib.sha1(usedforsecurity=False)
    size_bytes = 0
    wanted = expected_octets + 1  # one more than there should be: then the end is seen at once
    while wanted > 0 and (piece := _read(source, min(wanted, _PIECE_OCTETS))):
        digest.update(piece)
        _write(descriptor, piece)
        size_bytes += len(piece)
        wanted -= len(piece)
        if size_bytes == expected_octets and len(piece) < _PIECE_OCTETS:
            break
    return CopiedFile(guid=digest.hexdigest(), size_bytes=size_bytes)


def _write(descriptor: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(source: Reader, size: int) -> bytes:
    try:
        return source(size)
    except OSError as error:
        raise SourceDiffers("file-unreadable", str(error)) from error
