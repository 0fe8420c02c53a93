"""Whose a file is: numbers, names, and who we are."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A user and a group, by number."""

    uid: int
    gid: int


def owner_of(path: Path) -> Owner:
    """Who owns ``path`` (links are not followed)."""
    status = path.lstat()
    return Owner(uid=status.st_uid, gid=status.st_gid)


def owner_named(user: str) -> Owner | None:
    """The user called ``user`` with his own group, or None."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        return None
    return Owner(uid=entry.pw_uid, gid=entry.pw_gid)


def user_name(owner: Owner) -> str:
    """What the system calls the user of ``owner``; its number where it has no name."""
    try:
        return pwd.getpwuid(owner.uid).pw_name
    except KeyError:
        return str(owner.uid)


def ourselves() -> Owner:
    """The user and group that we act as."""
    return Owner(uid=os.geteuid(), gid=os.getegid())


def is_root() -> bool:
    """Whether we may do everything here."""
    return os.geteuid() == 0


def may_act_as(owner: Owner) -> bool:
    """Whether we can write files that belong to ``owner``."""
    return is_root() or os.geteuid() == owner.uid


def is_private(directory: Path) -> bool:
    """Whether ``directory`` is a real one of ours that nobody else may enter."""
    status = directory.lstat()
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    )
