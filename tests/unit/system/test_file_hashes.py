from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path, PurePosixPath

import pytest

from respool.errors import BackupFileMissing
from respool.system.file_hashes import (
    CHANGED,
    GONE,
    NO_FILE,
    NUMBERS,
    READ,
    FileHashes,
    _Reader,
    hash_numbered,
)
from respool.system.link_table import LinkTable
from respool.system.read_only import ReadOnlyTree


def hashed(root: Path, *numbers: int, links: LinkTable | None = None) -> FileHashes:
    return hash_numbered(ReadOnlyTree(root), PurePosixPath("d"), numbers, links or LinkTable(8))


def states(found: FileHashes) -> list[int]:
    return found.numbers.tolist()[3::NUMBERS]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "d").mkdir()
    return tmp_path


@pytest.mark.parametrize("size", [0, 1, 4096, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_a_file_is_read_whole(place: Path, size: int) -> None:
    octets = os.urandom(size)
    (place / "d" / "7.").write_bytes(octets)
    os.utime(place / "d" / "7.", (1_500_000_000, 1_500_000_000))

    found = hashed(place, 7)

    assert found.numbers.tolist() == [7, size, 1_500_000_000, READ]
    assert bytes(found.digests) == hashlib.sha1(octets).digest()
    assert (found.files, found.octets) == (1, size)


def test_a_file_with_two_names_is_read_once(place: Path) -> None:
    (place / "d" / "1.").write_bytes(b"octets")
    os.link(place / "d" / "1.", place / "d" / "2.")

    found = hashed(place, 1, 2)

    assert found.digests[:20] == found.digests[20:] == hashlib.sha1(b"octets").digest()
    assert (found.files, found.octets) == (1, 6)


def test_what_is_no_file_any_more_is_not_read_and_does_not_wait(place: Path) -> None:
    os.mkfifo(place / "d" / "1.")
    (place / "d" / "2.").symlink_to("/etc/passwd")
    (place / "d" / "3.").mkdir()

    found = hashed(place, 1, 2, 3, 4)

    assert states(found) == [NO_FILE, NO_FILE, NO_FILE, GONE]
    assert not any(found.digests)
    assert len(found.digests) == 80


def test_a_file_that_may_not_be_read_has_the_reason_as_its_state(place: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (place / "d" / "1.").write_bytes(b"octets")
    (place / "d" / "1.").chmod(0)

    assert states(hashed(place, 1)) == [errno.EACCES]


@pytest.mark.parametrize("expected", [3, 20])
def test_a_file_that_grows_or_shrinks_is_read_to_an_end(place: Path, expected: int) -> None:
    (place / "d" / "1.").write_bytes(b"ten octets")
    reader = _Reader(lambda _name: 0, LinkTable(8))

    with (place / "d" / "1.").open("rb") as file:
        size, digest = reader._digest(file.fileno(), expected)

    assert (size, digest) == (10, hashlib.sha1(b"ten octets").digest())
    assert CHANGED not in {READ, GONE, NO_FILE}


def test_access_times_stay_as_they_are(place: Path) -> None:
    file = place / "d" / "1."
    file.write_bytes(b"octets")
    os.utime(file, (1_000_000_000, 1_500_000_000))

    hashed(place, 1)

    assert file.stat().st_atime == 1_000_000_000


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BackupFileMissing):
        hashed(tmp_path, 1)
