"""Copying one message file into a live spool, hashed on the way."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from typing import BinaryIO

from respool.system.durable import TEMPORARY_PREFIX
from respool.system.ownership import Owner, is_root

_PIECE_OCTETS = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFile:
    """What was put there: its SHA-1 in hex and its size."""

    guid: str
    size_bytes: int


class GuidDiffers(Exception):
    """The octets are not those that the index knows; nothing was put there."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


def copy_message(
    source: BinaryIO,
    name: str,
    *,
    directory_descriptor: int,
    mtime_seconds: int,
    owner: Owner,
    expected_guid: str | None,
) -> CopiedFile:
    """Copy ``source`` to ``name`` in a directory: temporary name, then rename.

    The copy gets the time, owner and mode that the server would have given it. It is
    in the page cache when this returns; the caller flushes a whole group at once.

    Raises:
        GuidDiffers: the octets do not have ``expected_guid``; nothing was put there.
        OSError: as the system says; nothing was put there.
    """
    temporary = f"{TEMPORARY_PREFIX}{name}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600, dir_fd=directory_descriptor)
    try:
        try:
            copied = _pour(source, descriptor)
            if expected_guid is not None and copied.guid != expected_guid:
                raise GuidDiffers(copied.guid)
            if is_root():
                os.fchown(descriptor, owner.uid, owner.gid)
            os.utime(descriptor, (mtime_seconds, mtime_seconds))
        finally:
            os.close(descriptor)
        os.rename(
            temporary, name, src_dir_fd=directory_descriptor, dst_dir_fd=directory_descriptor
        )
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=directory_descriptor)
        raise
    return copied


def _pour(source: BinaryIO, descriptor: int) -> CopiedFile:
    digest = hashlib.sha1(usedforsecurity=False)
    size_bytes = 0
    while piece := source.read(_PIECE_OCTETS):
        digest.update(piece)
        view = memoryview(piece)
        while view:
            view = view[os.write(descriptor, view) :]
        size_bytes += len(piece)
    return CopiedFile(guid=digest.hexdigest(), size_bytes=size_bytes)
