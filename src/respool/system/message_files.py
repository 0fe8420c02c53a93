"""Copying one message file into a live spool; what is hashed is what stands in the copy."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final, TypeAlias, TypeVar

from respool.model.dataclasses import dataclass
from respool.plain_words import without_numbers
from respool.system.kernel_copy import KernelCopy, Way
from respool.system.ownership import Ownership, is_root

_PIECE_OCTETS: Final = 1 << 20
_NEW: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

_T = TypeVar("_T")

Reader: TypeAlias = Callable[[int], bytes]  # up to so many octets, none at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedFile:
    """What was put there: its SHA-1 in hex and its size.

    Where that was asked for its SHA-256, too, and its first octets.
    """

    guid: str
    size_bytes: int
    sha256: str | None = None
    start: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A message file to be made: its name, time and owner, and what its octets must be.

    ``guid`` None: the backup does not know it. ``ownership`` None: it is ours alone, as far
    as its file system keeps that.
    """

    name: str
    mtime_seconds: int
    ownership: Ownership | None
    guid: str | None
    size_bytes: int


class SourceDiffers(Exception):
    """The octets are not those that the index knows, or cannot be read; nothing was put there."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class SourceChanged(SourceDiffers):
    """Somebody wrote to the source while it was read; nothing was put there."""

    def __init__(self, text: str) -> None:
        super().__init__("changed-while-copied", text)


class MessageCopier:
    """Copies message files into directories of one file system, one after the other.

    Each copy is a new inode that shares its blocks with the backup at most, never its
    name. It gets the time, owner and mode that the server would have given it, and is in
    the page cache when a call returns; the caller flushes a whole group at once.
    ``has_sha256``: that is told of each, too, and so are its first ``start_octets``.
    """

    def __init__(
        self,
        kernel: KernelCopy | None = None,
        *,
        has_sha256: bool = False,
        start_octets: int = 0,
    ) -> None:
        self._kernel = kernel or KernelCopy()
        self._has_sha256 = has_sha256
        self._start_octets = start_octets
        self._room = memoryview(bytearray(_PIECE_OCTETS))

    def copy(self, source: int, wanted: NewFile, directory: int) -> CopiedFile:
        """Copy a file, by its descriptor; ``directory`` is one, too.

        Raises:
            SourceChanged: it was written to meanwhile, and is not what it should be.
            SourceDiffers: the octets are not those of the index, or cannot be read.
            OSError: the target, as the system says.
            After any of these nothing stands there under that name.
        """
        before = os.fstat(source)
        if self._kernel.is_slower_for(before.st_size) and before.st_size == wanted.size_bytes:
            return self._copy_small(source, before, wanted, directory)

        def fill(target: int) -> CopiedFile:
            with _watched(source, before, wanted):
                copied = self._copied(source, target, before.st_size, wanted)
                _check(copied, wanted)
            return copied

        return _made(wanted, directory, fill)

    def _copy_small(
        self, source: int, before: os.stat_result, wanted: NewFile, directory: int
    ) -> CopiedFile:
        """Read at once, hash, and write just these octets: nothing is made of wrong ones."""
        try:
            octets = _read_at_once(source, wanted.size_bytes)
            copied = self._told(octets)
            _check(copied, wanted)
        except SourceDiffers as error:
            _check_as_before(source, before, error)
            raise
        _check_unchanged(source, before, wanted)
        _made(wanted, directory, lambda target: _write(target, octets))
        return copied

    def _told(self, octets: bytes) -> CopiedFile:
        return CopiedFile(
            guid=hashlib.sha1(octets, usedforsecurity=False).hexdigest(),
            size_bytes=len(octets),
            sha256=hashlib.sha256(octets).hexdigest() if self._has_sha256 else None,
            start=octets[: self._start_octets],
        )

    def write(self, source: Reader, wanted: NewFile, directory: int) -> CopiedFile:
        """Write a message that is no file as it is: what ``source`` gives.

        Raises:
            SourceDiffers, OSError: as `copy`.
            Whatever else ``source`` raises; nothing was put there.
        """

        def fill(target: int) -> CopiedFile:
            copied = self._poured(source, target, wanted.size_bytes)
            _check(copied, wanted)
            return copied

        return _made(wanted, directory, fill)

    def _copied(self, source: int, target: int, size_bytes: int, wanted: NewFile) -> CopiedFile:
        """By the kernel, if the size is right; else as far as it takes to tell what is wrong."""
        is_by_kernel = not self._has_sha256 or size_bytes > _PIECE_OCTETS or self._may_share
        if (
            size_bytes == wanted.size_bytes
            and is_by_kernel
            and self._kernel.is_copied(source, target, size_bytes)
        ):
            # A copy that shares a block that cannot be read is as unreadable as its source.
            with contextlib.suppress(OSError):
                return self._as_it_stands(target, size_bytes)
        os.ftruncate(target, 0)
        return self._poured(partial(os.read, source), target, wanted.size_bytes)

    @property
    def _may_share(self) -> bool:
        """Whether copies can share blocks with their source, as far as is known.

        Where they cannot, a small file that is hashed twice is read into memory once.
        """
        return self._kernel.way is Way.SHARED

    def _digests(self) -> _Digests:
        return _Digests(has_sha256=self._has_sha256, start_octets=self._start_octets)

    def _as_it_stands(self, target: int, expected_octets: int) -> CopiedFile:
        digests = self._digests()
        size_bytes = 0
        while size_bytes <= expected_octets:
            asked = min(expected_octets + 1 - size_bytes, _PIECE_OCTETS)
            count = os.preadv(target, [self._room[:asked]], size_bytes)
            digests.update(self._room[:count])
            size_bytes += count
            if count == 0 or (size_bytes == expected_octets and count < asked):
                break
        return digests.of(size_bytes)

    def _poured(self, source: Reader, descriptor: int, expected_octets: int) -> CopiedFile:
        digests = self._digests()
        size_bytes = 0
        wanted = expected_octets + 1  # one more than there should be: the end is seen at once
        while wanted > 0 and (piece := _read(source, min(wanted, _PIECE_OCTETS))):
            digests.update(piece)
            _write(descriptor, piece)
            size_bytes += len(piece)
            wanted -= len(piece)
        return digests.of(size_bytes)


class _Digests:
    """What is told of octets as they go by."""

    __slots__ = ("_sha1", "_sha256", "_start", "_start_octets")

    def __init__(self, *, has_sha256: bool, start_octets: int = 0) -> None:
        self._start = b""
        self._start_octets = start_octets
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._sha256 = hashlib.sha256() if has_sha256 else None

    def update(self, octets: bytes | memoryview) -> None:
        self._sha1.update(octets)
        if self._sha256 is not None:
            self._sha256.update(octets)
        if len(self._start) < self._start_octets:
            self._start += octets[: self._start_octets - len(self._start)]

    def of(self, size_bytes: int) -> CopiedFile:
        return CopiedFile(
            guid=self._sha1.hexdigest(),
            size_bytes=size_bytes,
            sha256=None if self._sha256 is None else self._sha256.hexdigest(),
            start=self._start,
        )


def digests_of(descriptor: int) -> CopiedFile:
    """SHA-1, SHA-256 and size of a file, from where its descriptor stands.

    Raises:
        OSError: it cannot be read.
    """
    digests = _Digests(has_sha256=True)
    size_bytes = 0
    # A call that may give more than a message has would make room for all of it each time.
    piece_octets = min(os.fstat(descriptor).st_size + 1, _PIECE_OCTETS)
    while piece := os.read(descriptor, piece_octets):
        digests.update(piece)
        size_bytes += len(piece)
    return digests.of(size_bytes)


def _made(wanted: NewFile, directory: int, fill: Callable[[int], _T]) -> _T:
    """What ``fill`` gives of a new file's descriptor; the file is removed again if that fails.

    Whatever stood there is replaced, not written to: it may be another's, under two names.
    """
    try:
        descriptor = os.open(wanted.name, _NEW, 0o600, dir_fd=directory)
    except FileExistsError:
        os.unlink(wanted.name, dir_fd=directory)
        descriptor = os.open(wanted.name, _NEW, 0o600, dir_fd=directory)
    try:
        try:
            filled = fill(descriptor)
            _give(descriptor, wanted.ownership)
            os.utime(descriptor, (wanted.mtime_seconds, wanted.mtime_seconds))
        finally:
            os.close(descriptor)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(wanted.name, dir_fd=directory)
        raise
    return filled


def _give(descriptor: int, ownership: Ownership | None) -> None:
    """Whose the file is; one that stays ours was made with the right mode."""
    if ownership is None:
        return
    if is_root():
        os.fchown(descriptor, ownership.owner.uid, ownership.owner.gid)
    os.fchmod(descriptor, ownership.file_mode)


@contextmanager
def _watched(source: int, before: os.stat_result, wanted: NewFile) -> Iterator[None]:
    """Tell what differs from what was written to while the block read it."""
    try:
        yield
    except SourceDiffers as error:
        _check_as_before(source, before, error)
        raise
    _check_unchanged(source, before, wanted)


def _check_as_before(source: int, before: os.stat_result, error: SourceDiffers) -> None:
    """Tell that it was written to, where that is so, instead of what was found."""
    if not _is_as_before(source, before):
        raise SourceChanged(f"it was written to while it was read; {error}") from error


def _check_unchanged(source: int, before: os.stat_result, wanted: NewFile) -> None:
    """Octets that are as planned are right, but a file of another size is not theirs."""
    if not _is_as_before(source, before, by_time=wanted.guid is None):
        raise SourceChanged("it was written to while it was read")


def _is_as_before(source: int, before: os.stat_result, *, by_time: bool = True) -> bool:
    try:
        now = os.fstat(source)
    except OSError:
        return True  # what reading said of it says more
    if now.st_size != before.st_size:
        return False
    if not by_time:
        return True
    return (now.st_mtime_ns, now.st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


def _check(copied: CopiedFile, wanted: NewFile) -> None:
    if wanted.guid is not None and copied.guid != wanted.guid:
        raise SourceDiffers("guid-differs", f"the file's octets are {copied.guid}")
    if copied.size_bytes != wanted.size_bytes:
        text = f"the file has {copied.size_bytes} octets, its record {wanted.size_bytes}"
        raise SourceDiffers("size-differs", text)


def _write(descriptor: int, piece: bytes) -> None:
    written = os.write(descriptor, piece)
    while written < len(piece):
        written += os.write(descriptor, memoryview(piece)[written:])


def _read_at_once(source: int, size_bytes: int) -> bytes:
    """All of a file, if it has so many octets; one more, if it has more."""
    try:
        octets = os.read(source, size_bytes + 1)
        while len(octets) < size_bytes and (piece := os.read(source, _PIECE_OCTETS)):
            octets += piece
    except OSError as error:
        raise _unreadable(error) from error
    return octets


def _read(source: Reader, size: int) -> bytes:
    try:
        return source(size)
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> SourceDiffers:
    return SourceDiffers("file-unreadable", without_numbers(str(error)))
