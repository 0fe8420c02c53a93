"""Whose a file is: numbers, names, and who we are."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from respool.model.dataclasses import dataclass

_UID_DIGITS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A user and a group, by number."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Whose new files and directories are to be, and who else may use them."""

    owner: Owner
    file_mode: int = 0o600
    directory_mode: int = 0o700


def ownership_like(file: Path, owner: Owner) -> Ownership:
    """As a file that ``owner``'s own programs made has it: group and mode by his umask.

    Whatever it is, nothing gets set-id or may be executed; whoever may read files may enter
    directories. Where it is missing or another's: of ``owner`` alone.
    """
    try:
        status = file.lstat()
    except OSError:
        return Ownership(owner=owner)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != owner.uid:
        return Ownership(owner=owner)
    mode = status.st_mode & 0o666 | 0o600
    return Ownership(
        owner=Owner(uid=owner.uid, gid=status.st_gid),
        file_mode=mode,
        directory_mode=mode | (mode & 0o444) >> 2,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who typed the command: his name and number, and whose rights he has."""

    name: str
    uid: int
    acts_as: str


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
    return _name_of(owner.uid) or str(owner.uid)


def ourselves() -> Owner:
    """The user and group that we act as."""
    return Owner(uid=os.geteuid(), gid=os.getegid())


def who_asks(environment: Mapping[str, str] | None = None) -> Asker:
    """Who typed the command: whoever sudo(8) was asked by, if we are root, else ourselves."""
    surroundings = os.environ if environment is None else environment
    uid, told = os.getuid(), None
    number = surroundings.get("SUDO_UID", "")
    if uid == 0 and number.isascii() and number.isdigit() and len(number) <= _UID_DIGITS:
        uid, told = int(number), surroundings.get("SUDO_USER")
    known = _name_of(uid)
    acts_as = _name_of(os.geteuid()) or str(os.geteuid())
    return Asker(name=known or told or str(uid), uid=uid, acts_as=acts_as)


def _name_of(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, OverflowError):
        return None


def is_root() -> bool:
    """Whether we may do everything here."""
    return os.geteuid() == 0


def may_act_as(owner: Owner) -> bool:
    """Whether we can write files that belong to ``owner``."""
    return is_root() or os.geteuid() == owner.uid


def is_for_us_alone(file: Path) -> bool:
    """Whether ``file`` is one of ours, or root's, that nobody else may read or write.

    Raises:
        OSError: it is not there.
    """
    status = file.stat()
    return (
        stat.S_ISREG(status.st_mode)
        and status.st_uid in {os.geteuid(), 0}
        and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    )


def is_private(directory: Path) -> bool:
    """Whether ``directory`` is a real one of ours that nobody else may enter."""
    status = directory.lstat()
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    )
