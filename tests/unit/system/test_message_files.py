from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.cyrus.spool_paths import is_like_message_file, uid_of_file
from respool.system.durable import TEMPORARY_PREFIX
from respool.system.kernel_copy import KernelCopy, Way
from respool.system.message_files import (
    CopiedFile,
    MessageCopier,
    NewFile,
    SourceChanged,
    SourceDiffers,
)
from respool.system.ownership import Owner, Ownership

OCTETS = b"Subject: x\r\n\r\n\x00\xff bare\n" * 3
GUID = hashlib.sha1(OCTETS).hexdigest()
OWNERSHIP = Ownership(owner=Owner(uid=65534, gid=65534), file_mode=0o640)
WAITING = f"{TEMPORARY_PREFIX}7."


def wanted(**changes: object) -> NewFile:
    usual: dict[str, object] = {
        "name": WAITING,
        "mtime_seconds": 1_000_000_000,
        "ownership": OWNERSHIP,
        "guid": GUID,
        "size_bytes": len(OCTETS),
    }
    return NewFile(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.fixture
def target(tmp_path: Path) -> Iterator[int]:
    """A descriptor of a directory."""
    (tmp_path / "target").mkdir()
    descriptor = os.open(tmp_path / "target", os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def names(target: int) -> list[str]:
    return sorted(os.listdir(target))


def octets_of(target: int, name: str = WAITING) -> bytes:
    descriptor = os.open(name, os.O_RDONLY, dir_fd=target)
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def status_of(target: int) -> os.stat_result:
    return os.stat(WAITING, dir_fd=target, follow_symlinks=False)


@pytest.fixture(params=Way, ids=lambda way: way.name)
def kernel(request: pytest.FixtureRequest) -> KernelCopy:
    """Beginning with each way: the file systems of tests need not know the first."""
    return KernelCopy(request.param)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A message file of a backup."""
    file = tmp_path / "source"
    file.write_bytes(OCTETS)
    return file


def copied(
    source: Path, target: int, kernel: KernelCopy | None = None, **changes: object
) -> CopiedFile:
    """Copy a file."""
    descriptor = os.open(source, os.O_RDONLY)
    try:
        return MessageCopier(kernel).copy(descriptor, wanted(**changes), target)
    finally:
        os.close(descriptor)


def test_octets_time_owner_and_mode_are_those_of_a_message_of_the_server(
    as_root: None, source: Path, target: int, kernel: KernelCopy
) -> None:
    assert copied(source, target, kernel) == CopiedFile(guid=GUID, size_bytes=len(OCTETS))

    found = status_of(target)
    assert octets_of(target) == OCTETS
    assert stat.S_IMODE(found.st_mode) == OWNERSHIP.file_mode
    assert found.st_mtime_ns == 1_000_000_000 * 10**9
    assert (found.st_uid, found.st_gid) == (65534, 65534)
    assert names(target) == [WAITING]


def test_a_copy_is_an_inode_of_its_own(source: Path, target: int, kernel: KernelCopy) -> None:
    """The backup's file is never shared by a second name, and nothing of it changes."""
    before = source.stat()

    copied(source, target, kernel)

    assert status_of(target).st_nlink == 1
    assert status_of(target).st_ino != before.st_ino
    assert (source.stat().st_ctime_ns, source.stat().st_nlink) == (before.st_ctime_ns, 1)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_files_of_every_size_are_copied_whole(
    source: Path, target: int, size: int, kernel: KernelCopy
) -> None:
    octets = bytes(range(256)) * (size // 256 + 1)
    source.write_bytes(octets[:size])

    found = copied(source, target, kernel, guid=None, size_bytes=size)

    assert octets_of(target) == octets[:size]
    assert found.guid == hashlib.sha1(octets[:size]).hexdigest()


def test_a_file_with_holes_is_copied_as_it_reads(
    source: Path, target: int, kernel: KernelCopy
) -> None:
    os.truncate(source, 1 << 20)

    found = copied(source, target, kernel, guid=None, size_bytes=1 << 20)

    assert found.guid == hashlib.sha1(OCTETS.ljust(1 << 20, b"\0")).hexdigest()
    assert octets_of(target) == OCTETS.ljust(1 << 20, b"\0")


@pytest.mark.parametrize(
    ("octets", "changes", "code"),
    [
        (OCTETS[:-1] + b"?", {}, "guid-differs"),
        (OCTETS[:-1], {}, "guid-differs"),
        (b"", {}, "guid-differs"),
        (OCTETS[:-1], {"guid": None}, "size-differs"),
        (OCTETS + b"x", {}, "guid-differs"),
        (OCTETS + b"x" * (2 << 20), {"guid": None}, "size-differs"),
        (OCTETS, {"size_bytes": len(OCTETS) + 1}, "size-differs"),
    ],
    ids=[
        "altered",
        "cut",
        "empty",
        "cut-and-guid-unknown",
        "longer",
        "longer-and-guid-unknown",
        "record-of-another-size",
    ],
)
def test_octets_that_are_not_those_of_the_index_leave_nothing(
    source: Path, target: int, octets: bytes, changes: dict[str, object], code: str
) -> None:
    source.write_bytes(octets)

    with pytest.raises(SourceDiffers) as caught:
        copied(source, target, None, **changes)

    assert caught.value.code == code
    assert names(target) == []


def test_a_source_that_cannot_be_read_leaves_nothing(target: int) -> None:
    """(The first page of a process is as unreadable as a bad sector.)"""
    with pytest.raises(SourceDiffers, match="Input/output error") as caught:
        copied(Path("/proc/self/mem"), target)

    assert caught.value.code == "file-unreadable"
    assert isinstance(caught.value.__cause__, OSError)
    assert names(target) == []


class Meanwhile(KernelCopy):
    """Does something to the source before it is copied, the first time."""

    def __init__(self, source: Path, octets: bytes) -> None:
        super().__init__()
        self.left = [octets]
        self.file = source

    def is_copied(self, source: int, target: int, size_bytes: int) -> bool:
        """What the real one says, of what the file has then."""
        if self.left:
            self.file.write_bytes(self.left.pop())
        return super().is_copied(source, target, size_bytes)


class MeanwhileAtOnce(Meanwhile):
    """The same, of a file that is so small that it is read at once."""

    def is_slower_for(self, _size_bytes: int) -> bool:
        """Always: no file comes to the kernel."""
        if self.left:
            self.file.write_bytes(self.left.pop())
        return True


@pytest.mark.parametrize("kind", [Meanwhile, MeanwhileAtOnce])
@pytest.mark.parametrize("guid", [GUID, None])
@pytest.mark.parametrize("now", [OCTETS[:9], OCTETS + b"x" * 9, OCTETS[::-1]])
def test_a_source_that_is_written_to_meanwhile_is_told_from_a_damaged_one(
    source: Path, target: int, guid: str | None, now: bytes, kind: type[Meanwhile]
) -> None:
    with pytest.raises(SourceChanged, match="written to while it was read") as caught:
        copied(source, target, kind(source, now), guid=guid)

    assert caught.value.code == "changed-while-copied"
    assert names(target) == []


def test_a_source_that_was_written_to_and_is_right_is_right(source: Path, target: int) -> None:
    copied(source, target, Meanwhile(source, OCTETS))

    assert octets_of(target) == OCTETS


def test_a_message_that_is_no_file_is_written_as_it_comes(target: int) -> None:
    """
    Octet by octet, here: a short piece is no end.
    """
    stream = io.BytesIO(OCTETS)

    found = MessageCopier().write(lambda _: stream.read(1), wanted(), target)

    assert found == CopiedFile(guid=GUID, size_bytes=len(OCTETS))
    assert octets_of(target) == OCTETS


def test_a_target_that_cannot_be_written_is_an_error_of_the_target(
    source: Path, target: int
) -> None:
    os.mkdir(WAITING, dir_fd=target)

    with pytest.raises(IsADirectoryError):
        copied(source, target)

    assert names(target) == [WAITING]


def test_copied_twice_is_the_same_as_once(source: Path, target: int) -> None:
    copied(source, target)
    copied(source, target)

    assert names(target) == [WAITING]
    assert octets_of(target) == OCTETS


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_another_s_file_under_the_name_of_a_copy_is_not_written_to(
    source: Path, target: int, tmp_path: Path, link: object
) -> None:
    """
    The server's user owns the directory: he can put a second name of any file there.
    """
    other = tmp_path / "other"
    other.write_bytes(b"other")
    assert callable(link)
    link(other, tmp_path / "target" / WAITING)
    before = other.stat()

    copied(source, target)

    assert other.read_bytes() == b"other"
    assert (other.stat().st_uid, other.stat().st_mode) == (before.st_uid, before.st_mode)
    assert octets_of(target) == OCTETS


def test_a_temporary_file_is_never_taken_for_a_message() -> None:
    """``reconstruct`` may run at any moment, on whatever a killed process left."""
    assert uid_of_file(WAITING) is None
    assert not is_like_message_file(WAITING)


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("size", [0, 5, 3 << 20])
def test_a_copy_tells_its_sha256_where_that_is_asked_for(
    tmp_path: Path, way: Way, size: int
) -> None:
    octets = b"x" * size
    (tmp_path / "s").write_bytes(octets)
    wanted = NewFile(name="t", mtime_seconds=1, ownership=None, guid=None, size_bytes=size)
    directory, source = os.open(tmp_path, os.O_RDONLY), os.open(tmp_path / "s", os.O_RDONLY)
    copied = MessageCopier(KernelCopy(way), has_sha256=True).copy(source, wanted, directory)
    os.close(directory)
    os.close(source)

    assert (tmp_path / "t").read_bytes() == octets
    assert copied.sha256 == hashlib.sha256(octets).hexdigest()
    assert (tmp_path / "t").stat().st_mode & 0o777 == 0o600
