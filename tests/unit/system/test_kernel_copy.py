from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.system.kernel_copy import KernelCopy, Way
from tests.support.loop_file_systems import is_shared, loop_file_system

OCTETS = os.urandom(1 << 16)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Descriptors of a file with octets, and of an empty one."""
    yield from opened(tmp_path, tmp_path)


def opened(source: Path, target: Path) -> Iterator[tuple[int, int]]:
    (source / "source").write_bytes(OCTETS)
    first = os.open(source / "source", os.O_RDONLY)
    second = os.open(target / "target", os.O_RDWR | os.O_CREAT)
    yield first, second
    os.close(first)
    os.close(second)


@pytest.mark.parametrize("kind", ["xfs", "btrfs"])
def test_blocks_are_shared_where_the_file_system_can(
    kind: str, as_root: None, tmp_path: Path
) -> None:
    kernel = KernelCopy()
    with loop_file_system(kind, tmp_path) as place:
        for source, target in opened(place, place):
            assert kernel.is_copied(source, target, len(OCTETS))
            assert os.pread(target, 1 << 17, 0) == OCTETS
            os.fsync(target)
            assert is_shared(place / "target")
            assert os.fstat(source).st_ino != os.fstat(target).st_ino
    assert kernel.way is Way.SHARED


def test_a_copy_that_shares_blocks_is_not_changed_with_its_source(
    as_root: None, tmp_path: Path
) -> None:
    with loop_file_system("xfs", tmp_path) as place:
        for source, target in opened(place, place):
            assert KernelCopy().is_copied(source, target, len(OCTETS))
            (place / "source").write_bytes(b"others")
            assert os.pread(target, 1 << 17, 0) == OCTETS


def test_across_file_systems_the_next_way_is_taken_and_remembered(
    as_root: None, tmp_path: Path
) -> None:
    kernel = KernelCopy()
    with loop_file_system("xfs", tmp_path) as place:
        for source, target in opened(place, tmp_path):
            is_copied = kernel.is_copied(source, target, len(OCTETS))
            assert not is_copied or os.pread(target, 1 << 17, 0) == OCTETS
    assert kernel.way is not Way.SHARED


def test_the_kernel_copies_by_range(pair: tuple[int, int]) -> None:
    """
    No position moves: who reads and writes after a refusal begins at the beginning.
    """
    source, target = pair

    if not KernelCopy(Way.IN_KERNEL).is_copied(source, target, len(OCTETS)):
        pytest.skip("this file system does not copy by range")

    assert os.pread(target, 1 << 17, 0) == OCTETS
    assert os.lseek(source, 0, os.SEEK_CUR) == os.lseek(target, 0, os.SEEK_CUR) == 0


def test_a_file_that_ends_before_its_time_is_not_copied(pair: tuple[int, int]) -> None:
    assert not KernelCopy(Way.IN_KERNEL).is_copied(*pair, len(OCTETS) + 1)


def test_a_special_file_system_that_gives_nothing_is_not_believed(pair: tuple[int, int]) -> None:
    """
    /proc has files of size 0 that do hold something.
    """
    source = os.open("/proc/self/status", os.O_RDONLY)

    assert not KernelCopy(Way.IN_KERNEL).is_copied(source, pair[1], 100)

    os.close(source)


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM])
def test_a_refusal_of_one_way_leads_to_the_next_for_good(
    number: int, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = KernelCopy()
    monkeypatch.setattr("respool.system.kernel_copy.fcntl.ioctl", raising(number))
    monkeypatch.setattr("respool.system.kernel_copy.os.copy_file_range", raising(number))

    assert not kernel.is_copied(*pair, len(OCTETS))
    assert kernel.way is Way.READ_AND_WRITTEN


def test_a_bad_sector_is_of_one_file_and_says_nothing_of_the_next(
    pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = KernelCopy(Way.IN_KERNEL)
    monkeypatch.setattr("respool.system.kernel_copy.os.copy_file_range", raising(errno.EIO))

    assert not kernel.is_copied(*pair, len(OCTETS))
    assert kernel.way is Way.IN_KERNEL


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_no_room_is_an_error_of_the_target(
    number: int, pair: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("respool.system.kernel_copy.os.copy_file_range", raising(number))

    with pytest.raises(OSError, match=os.strerror(number)):
        KernelCopy(Way.IN_KERNEL).is_copied(*pair, len(OCTETS))


def raising(number: int) -> object:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return refuse
