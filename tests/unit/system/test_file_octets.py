from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import pytest

from respool.errors import BackupFileMissing, BackupUnreadable, UnsafeBackupEntry
from respool.system.read_only import ReadOnlyTree


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "cyrus.index"
    place.write_bytes(bytes(range(100)))
    return place


def test_parts_of_a_file_are_read_as_they_are_asked_for(file: Path) -> None:
    octets = ReadOnlyTree(PurePosixPath(file.parent)).octets_of(file.name)

    assert len(octets) == 100
    assert octets[10:12] == b"\x0a\x0b"
    assert octets[98:200] == b"\x62\x63"
    assert octets[7:7] == octets[9:8] == octets[200:300] == b""


def test_a_file_is_closed_when_nobody_has_its_octets(file: Path) -> None:
    octets = ReadOnlyTree(PurePosixPath(file.parent)).octets_of(file.name)
    descriptor = octets._descriptor

    del octets

    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_file_that_becomes_shorter_is_refused_and_kills_nobody(file: Path) -> None:
    octets = ReadOnlyTree(PurePosixPath(file.parent)).octets_of(file.name)
    os.truncate(file, 50)

    assert octets[0:50] == bytes(range(50))
    with pytest.raises(BackupUnreadable, match="cannot be read"):
        octets[40:60]


def test_a_file_that_the_system_cannot_read_is_refused(tmp_path: Path) -> None:
    octets = ReadOnlyTree(PurePosixPath("/proc/self")).octets_of("mem")
    octets._size = 4096

    with pytest.raises(BackupUnreadable, match="cannot be read"):
        octets[0:10]


def test_what_is_no_file_is_not_opened(file: Path) -> None:
    (file.parent / "link").symlink_to(file)
    tree = ReadOnlyTree(PurePosixPath(file.parent))

    with pytest.raises(UnsafeBackupEntry):
        tree.octets_of("link")
    with pytest.raises(BackupFileMissing):
        tree.octets_of("nothing")
