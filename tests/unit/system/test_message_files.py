from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from respool.cyrus.spool_paths import is_like_message_file, uid_of_file
from respool.system.durable import TEMPORARY_PREFIX
from respool.system.message_files import CopiedFile, NewFile, SourceDiffers, copy_message
from respool.system.ownership import Owner

OCTETS = b"Subject: x\r\n\r\n\x00\xff bare\n" * 3
GUID = hashlib.sha1(OCTETS).hexdigest()
OWNER = Owner(uid=65534, gid=65534)


def wanted(**changes: object) -> NewFile:
    usual: dict[str, object] = {
        "name": "7.",
        "mtime_seconds": 1_000_000_000,
        "owner": OWNER,
        "guid": GUID,
        "size_bytes": len(OCTETS),
    }
    return NewFile(**{**usual, **changes})  # type: ignore[arg-type]


@pytest.fixture
def target(tmp_path: Path) -> Iterator[int]:
    """A descriptor of ``tmp_path``."""
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def copied(octets: bytes, target: int, **changes: object) -> CopiedFile:
    """Copy a file of these octets."""
    source = os.memfd_create("source")
    try:
        os.write(source, octets)
        os.lseek(source, 0, os.SEEK_SET)
        return copy_message(partial(os.read, source), wanted(**changes), target)
    finally:
        os.close(source)


def test_octets_time_and_mode_are_those_of_a_message_of_the_server(
    tmp_path: Path, target: int
) -> None:
    assert copied(OCTETS, target) == CopiedFile(guid=GUID, size_bytes=len(OCTETS))

    found = (tmp_path / "7.").stat()
    assert (tmp_path / "7.").read_bytes() == OCTETS
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert found.st_mtime_ns == 1_000_000_000 * 10**9
    assert names(tmp_path) == ["7."]


def test_the_owner_is_set_by_root(as_root: None, tmp_path: Path, target: int) -> None:
    copied(OCTETS, target)

    found = (tmp_path / "7.").stat()
    assert (found.st_uid, found.st_gid) == (OWNER.uid, OWNER.gid)


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_files_of_every_size_are_copied_whole(tmp_path: Path, target: int, size: int) -> None:
    octets = bytes(size)

    found = copied(octets, target, guid=None, size_bytes=size)

    assert (tmp_path / "7.").read_bytes() == octets
    assert found.guid == hashlib.sha1(octets).hexdigest()


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
    tmp_path: Path, target: int, octets: bytes, changes: dict[str, object], code: str
) -> None:
    with pytest.raises(SourceDiffers) as caught:
        copied(octets, target, **changes)

    assert caught.value.code == code
    assert names(tmp_path) == []


def test_a_source_that_cannot_be_read_leaves_nothing(tmp_path: Path, target: int) -> None:
    """(The first page of a process is as unreadable as a bad sector.)"""
    source = os.open("/proc/self/mem", os.O_RDONLY)

    with pytest.raises(SourceDiffers, match="Input/output error") as caught:
        copy_message(partial(os.read, source), wanted(), target)

    os.close(source)
    assert caught.value.code == "file-unreadable"
    assert names(tmp_path) == []


def test_a_target_that_cannot_be_written_is_an_error_of_the_target(
    tmp_path: Path, target: int
) -> None:
    (tmp_path / "7.").mkdir()

    with pytest.raises(IsADirectoryError):
        copied(OCTETS, target)

    assert names(tmp_path) == ["7."]


def test_a_copy_that_differs_leaves_the_one_that_was_there(tmp_path: Path, target: int) -> None:
    copied(OCTETS, target)

    with pytest.raises(SourceDiffers):
        copied(b"other", target)

    assert (tmp_path / "7.").read_bytes() == OCTETS


def test_copied_twice_is_the_same_as_once(tmp_path: Path, target: int) -> None:
    (tmp_path / f"{TEMPORARY_PREFIX}7.").write_bytes(b"left by a killed process" * 100)

    copied(OCTETS, target)
    copied(OCTETS, target)

    assert names(tmp_path) == ["7."]
    assert (tmp_path / "7.").read_bytes() == OCTETS


def test_a_link_in_place_of_the_temporary_file_is_refused(tmp_path: Path, target: int) -> None:
    other = tmp_path.with_name("other")
    other.write_bytes(b"other")
    (tmp_path / f"{TEMPORARY_PREFIX}7.").symlink_to(other)

    with pytest.raises(OSError, match="symbolic links"):
        copied(OCTETS, target)

    assert other.read_bytes() == b"other"


def test_a_temporary_file_is_never_taken_for_a_message() -> None:
    """``reconstruct`` may run at any moment, on whatever a killed process left."""
    name = f"{TEMPORARY_PREFIX}{wanted().name}"

    assert uid_of_file(name) is None
    assert not is_like_message_file(name)
