"""What a file system still takes, and whether a user may make files in a directory of it."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Final

from respool.errors import ProgramFailed
from respool.model.rooms import FreeRoom
from respool.system.mounts import Mount, mount_of
from respool.system.ownership import Owner, user_name
from respool.system.programs import run_program

_TEST: Final = "/usr/bin/test"
# Source: linux/fs.h, FS_IOC_GETFLAGS and FS_IMMUTABLE_FL, on machines of 64 bits.
_GET_FLAGS: Final = 0x80086601
_IMMUTABLE: Final = 0x10


def free_room(
    directory: Path, owner: Owner | None = None, *, open_to_him: Container[Path] = ()
) -> FreeRoom:
    """What the file system of ``directory`` takes; of its nearest ancestor, where it is not there.

    With an ``owner`` it is also looked whether he may make files there; in ``open_to_him`` he
    may, as far as his rights go (`open_to`).
    """
    place = existing(directory)
    counts = os.statvfs(place)
    mount = mount_of(place)
    counts_inodes = counts.f_files > 0
    return FreeRoom(
        directory=str(directory),
        pool=_pool(mount) if mount else str(place.stat().st_dev),
        size_bytes=counts.f_bavail * counts.f_frsize,
        inodes=counts.f_favail if counts_inodes else None,
        total_bytes=counts.f_blocks * counts.f_frsize,
        total_inodes=counts.f_files if counts_inodes else None,
        block_bytes=counts.f_frsize,
        kind=mount.kind if mount else "",
        obstacle=None
        if owner is None
        else write_obstacle(place, owner, is_open=place in open_to_him),
    )


def existing(directory: Path) -> Path:
    """``directory``, or the nearest above it that is there."""
    while not directory.exists():
        directory = directory.parent
    return directory


def open_to(owner: Owner, directories: Iterable[Path]) -> frozenset[Path]:
    """``directories``, or those above them that are there, if ``owner`` may write to all of them.

    Asked at once, since a program is run for it; none where he may not write to one, or where
    it could not be asked.
    """
    places = frozenset(map(existing, directories))
    return places if places and _may_write(owner, *sorted(places)) else frozenset()


def write_obstacle(directory: Path, owner: Owner, *, is_open: bool = False) -> str | None:
    """Why ``owner`` cannot make files in ``directory``, which is there; None where he can.

    The kernel is asked as that user, so that lists of access rights count, too; not once more
    where it was, and ``is_open``.
    """
    if os.statvfs(directory).f_flag & os.ST_RDONLY:
        return f"{directory} is on a file system that is mounted read-only"
    if _is_immutable(directory):
        return f"{directory} is immutable (chattr -i {directory})"
    if not (is_open or _may_write(owner, directory)):
        return f"the user {user_name(owner)} may not write into {directory}"
    return None


def _may_write(owner: Owner, *directories: Path) -> bool:
    """Whether he may write into each of them."""
    if os.geteuid() != 0 or owner.uid == 0:
        return all(os.access(each, os.W_OK | os.X_OK) for each in directories)
    asked = [word for each in directories for word in ("-a", *_test_of(each))]
    try:
        command = (_TEST, *asked[1:])
        return run_program(command, owner=owner, timeout_seconds=30.0).status == 0
    except ProgramFailed:
        return True  # who cannot be asked says nothing against it


def _test_of(directory: Path) -> tuple[str, ...]:
    return ("-w", str(directory), "-a", "-x", str(directory))


def _is_immutable(directory: Path) -> bool:
    try:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        (flags,) = struct.unpack("l", fcntl.ioctl(fd, _GET_FLAGS, struct.pack("l", 0)))
    except OSError:  # a file system without such flags
        return False
    finally:
        os.close(fd)
    return bool(flags & _IMMUTABLE)


def _pool(mount: Mount) -> str:
    """All datasets of a ZFS pool share its room; all subvolumes of a btrfs have one number."""
    return mount.source.partition("/")[0] if mount.kind == "zfs" else mount.number
