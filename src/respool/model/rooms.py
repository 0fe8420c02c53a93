"""How much a file system still takes, as a value."""

from __future__ import annotations

from respool.model.dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRoom:
    """What a file system still takes, for those who are not root.

    ``pool`` is the same for all directories that share one room. ``kind`` is the kernel's
    name of the file system (``ext4``), "" where unknown. ``inodes`` and ``total_inodes`` are
    None where it does not count them. ``obstacle`` says why nothing can be written there.
    """

    directory: str
    pool: str
    size_bytes: int
    inodes: int | None
    total_bytes: int
    total_inodes: int | None
    block_bytes: int
    kind: str
    obstacle: str | None = None
