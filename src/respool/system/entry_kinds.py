"""What an entry of a directory is, links not followed."""

from __future__ import annotations

import stat
from enum import StrEnum


class EntryKind(StrEnum):
    """What a directory entry is, by its own type, links not followed."""

    FILE = "file"
    DIRECTORY = "directory"
    LINK = "link"
    PIPE = "pipe"
    SOCKET = "socket"
    DEVICE = "device"


def kind_of(mode: int) -> EntryKind:
    """What a mode says of its owner."""
    if stat.S_ISREG(mode):  # nearly all
        return EntryKind.FILE
    match stat.S_IFMT(mode):
        case stat.S_IFDIR:
            return EntryKind.DIRECTORY
        case stat.S_IFLNK:
            return EntryKind.LINK
        case stat.S_IFIFO:
            return EntryKind.PIPE
        case stat.S_IFSOCK:
            return EntryKind.SOCKET
        case _:
            return EntryKind.DEVICE
