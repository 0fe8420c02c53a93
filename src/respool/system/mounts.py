"""What is mounted where, as the kernel tells it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from respool.model.dataclasses import dataclass

_MOUNTS: Final = Path("/proc/self/mountinfo")
# Each directory has a link of every one below it. Source: Linux, ext4_mkdir (fs/ext4/namei.c),
# xfs_create (fs/xfs/xfs_inode.c), shmem_mkdir (mm/shmem.c); ext4 says 1 where there are too many.
_COUNTS_DIRECTORIES: Final = frozenset({"ext3", "ext4", "xfs", "tmpfs"})
# A log that was not replayed: names may be on disk whose count is not.
_WITHOUT_RECOVERY: Final = frozenset({"noload", "norecovery"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One file system as it is mounted; ``number`` is its major:minor.

    ``options`` are those of the file system itself, wherever it is mounted.
    """

    point: str
    kind: str
    source: str
    number: str
    options: frozenset[str] = frozenset()

    @property
    def counts_directories(self) -> bool:
        """Whether it says by its links how many directories are in one, and can be believed."""
        is_known = self.kind in _COUNTS_DIRECTORIES
        return is_known and not self.options & _WITHOUT_RECOVERY


def mount_of(place: Path) -> Mount | None:
    """The mount that ``place`` lies on: the longest that it is below, the last one of those."""
    real = os.path.realpath(place)
    found: Mount | None = None
    for mount in _mounts():
        if not Path(real).is_relative_to(mount.point):
            continue
        if found is None or len(mount.point) >= len(found.point):
            found = mount
    return found


def counts_directories(device: int) -> bool:
    """Whether a directory of a device (``st_dev``) has two links, and one for each below it.

    True only for kinds of which that is known, and which a journal keeps consistent, or that
    end with the machine; others may say two of any directory.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    found = [mount.counts_directories for mount in _mounts() if mount.number == number]
    return bool(found) and all(found)


def parse_mount(line: str) -> Mount | None:
    r"""One line of ``/proc/self/mountinfo``; None for a line that is none.

    Source: proc(5): ID, parent, major:minor, root, mount point, options, optional fields,
    ``-``, type, source, options; blanks are written as ``\040``.
    """
    before, dash, after = line.partition(" - ")
    first, last = before.split(" "), after.split(" ")
    if not dash or len(first) < 6 or len(last) < 2:
        return None
    return Mount(
        point=_plain(first[4]),
        kind=last[0],
        source=_plain(last[1]),
        number=first[2],
        options=frozenset(last[2].split(",")) if len(last) > 2 else frozenset(),
    )


def _mounts() -> Iterator[Mount]:
    """All of them, in the order of mounting; none where the kernel does not tell."""
    try:
        lines = _MOUNTS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        mount = parse_mount(line)
        if mount is not None:
            yield mount


def _plain(text: str) -> str:
    for written, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(written, character)
    return text
