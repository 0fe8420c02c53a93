"""Message files in the directories of a live mailbox, and those of an unfinished restore.

While a mailbox is filled in place, our copies wait under names of ours; before they get
their own names, a file beside them lists these. So whatever cuts a run off, it is known
which files no index speaks of are ours.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from respool.cyrus.spool_paths import is_like_message_file, uid_of_file
from respool.system.cyrus_server import MailboxDirectories
from respool.system.durable import TEMPORARY_PREFIX, write_durably

UNFINISHED = f"{TEMPORARY_PREFIX}filling"


def message_directories(directories: MailboxDirectories) -> Iterator[Path]:
    """The directories that can hold messages of a mailbox, those that are there."""
    for directory in (directories.data, directories.archive):
        if directory is not None and directory.is_dir():
            yield directory


def message_files(directory: Path) -> frozenset[str]:
    """Names of what is, or looks like, a message file."""
    return frozenset(filter(is_like_message_file, _names_in(directory)))


def waiting_files(directory: Path) -> Mapping[str, str]:
    """Name that each of our copies has while it waits → name of its message file."""
    names = {each: each.removeprefix(TEMPORARY_PREFIX) for each in _names_in(directory)}
    return {now: then for now, then in names.items() if now != then and uid_of_file(then)}


def unfinished_files(directories: MailboxDirectories) -> frozenset[str]:
    """Names of message files that a restore was giving when it was cut off."""
    try:
        listed = (directories.data / UNFINISHED).read_text("ascii", "replace")
    except OSError:
        return frozenset()
    return frozenset(name for name in listed.split() if uid_of_file(name))


def note_unfinished(directories: MailboxDirectories, names: Iterable[str]) -> None:
    """List ``names`` durably, before any file gets one of them."""
    write_durably(directories.data / UNFINISHED, " ".join(sorted(names)).encode("ascii"))


def forget_unfinished(directories: MailboxDirectories) -> None:
    """Every listed file is in the index by now, or gone."""
    with contextlib.suppress(FileNotFoundError):
        (directories.data / UNFINISHED).unlink()


def foreign_files(directories: MailboxDirectories) -> frozenset[str]:
    """Message files that no unfinished restore of ours has put there."""
    found: set[str] = set()
    for directory in message_directories(directories):
        found |= message_files(directory)
    return frozenset(found - unfinished_files(directories))


def _names_in(directory: Path) -> list[str]:
    with os.scandir(directory) as entries:
        return [each.name for each in entries]
