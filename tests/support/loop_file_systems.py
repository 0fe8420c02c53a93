"""Small file systems of other kinds than the one that tests live on, on a loop device."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_OCTETS = 400 << 20  # mkfs.xfs makes none below 300 MiB; the file is sparse
_MAKE = {"xfs": ("mkfs.xfs", "-q", "-m", "reflink=1"), "btrfs": ("mkfs.btrfs", "-q")}
_FIEMAP = 0xC020660B
_SHARED = 0x2000
_HEAD = struct.Struct("=QQLLLL")
_EXTENT = struct.Struct("=QQQ2QL3L")
_MOST = 16


@contextmanager
def loop_file_system(kind: str, place: Path) -> Iterator[Path]:
    """A fresh file system, mounted below ``place``; skips where there can be none."""
    program, *words = _MAKE[kind]
    found = shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin")
    if found is None:
        pytest.skip(f"needs {program}")
    image, mounted = place / f"{kind}.img", place / kind
    with image.open("wb") as file:
        file.truncate(_OCTETS)
    subprocess.run([found, *words, str(image)], check=True, capture_output=True)
    mounted.mkdir()
    done = subprocess.run(
        ["mount", "-o", "loop", str(image), str(mounted)], check=False, capture_output=True
    )
    if done.returncode != 0:
        pytest.skip(f"needs the right to mount {kind}")
    try:
        mounted.chmod(0o755)
        yield mounted
    finally:
        subprocess.run(["umount", "-l", str(mounted)], check=True)
        image.unlink()


def is_shared(file: Path) -> bool:
    """Whether the blocks of ``file`` are those of another, too.

    Source: Documentation/filesystems/fiemap.rst.
    """
    asked = bytearray(_HEAD.pack(0, (1 << 64) - 1, 1, 0, _MOST, 0) + bytes(_MOST * _EXTENT.size))
    descriptor = os.open(file, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, _FIEMAP, asked)
    finally:
        os.close(descriptor)
    count = _HEAD.unpack_from(asked)[3]
    flags = [_EXTENT.unpack_from(asked, _HEAD.size + n * _EXTENT.size)[5] for n in range(count)]
    return bool(flags) and all(flag & _SHARED for flag in flags)
