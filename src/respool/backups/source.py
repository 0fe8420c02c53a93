"""One mailbox in a backup: where it lies, what it holds, and its message files to read."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import BinaryIO, Final

import numpy as np

from respool.cyrus.mailbox import MailboxFiles, OddEntry, join_mailbox
from respool.cyrus.spool_paths import (
    CACHE_FILE,
    HEADER_FILE,
    INDEX_FILE,
    is_like_message_file,
    uid_of_file,
)
from respool.errors import BackupError, BackupFileMissing, MessageNotInMailbox
from respool.model.findings import Finding, Severity
from respool.model.inventory import FILE, IN_ARCHIVE, IN_DATA, MailboxPlace, StoredMailbox
from respool.model.names import MailboxName
from respool.system.read_only import Entry, EntryKind, ReadOnlyTree

_HEADER_LIMIT: Final = 1 << 20
_INDEX_LIMIT: Final = 1 << 32
_NANOSECONDS: Final = 1_000_000_000
_OPEN_TREES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMailbox:
    """One mailbox of a backup, found but not read.

    ``spool`` is the absolute place of the part; ``place`` has directories relative to it.
    Both as text are enough to make it again later.
    """

    name: MailboxName
    spool: PurePosixPath
    place: MailboxPlace
    part_id: int | None = None
    findings: tuple[Finding, ...] = field(default=())


@lru_cache(maxsize=_OPEN_TREES)
def tree_at(place: PurePosixPath) -> ReadOnlyTree:
    """The tree of a part, opened once; a few are kept open.

    Raises:
        BackupFileMissing, BackupUnreadable.
    """
    return ReadOnlyTree(place)


def read_mailbox(source: SourceMailbox) -> StoredMailbox:
    """All that a mailbox holds but its messages. Damage becomes findings.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    tree = tree_at(source.spool)
    place = source.place
    findings = list(source.findings)
    meta = _listing(tree, place.meta, findings)
    data = _listing(tree, place.data, findings) if place.data != place.meta else meta
    archive = _listing(tree, place.archive, findings)
    files = MailboxFiles(
        header=_octets(tree, place, HEADER_FILE, (meta, data), findings),
        index=_octets(tree, place, INDEX_FILE, (meta, data), findings),
        messages=_rows(((data, IN_DATA), (archive, IN_ARCHIVE))),
        odd_entries=_odd_entries((meta, data, archive)),
        index_time=_index_time(meta, data),
        findings=tuple(findings),
    )
    return join_mailbox(source.name, place, files)


def message_path(source: SourceMailbox, uid: int, place: int) -> PurePosixPath:
    """Path of a message file relative to the spool; ``place`` is IN_DATA or IN_ARCHIVE.

    Raises:
        MessageNotInMailbox: the mailbox has no such directory.
    """
    directory = source.place.archive if place == IN_ARCHIVE else source.place.data
    if directory is None:
        raise MessageNotInMailbox(f"no file of message {uid} in {source.name.display}")
    return directory / f"{uid}."


def open_message(source: SourceMailbox, uid: int, place: int) -> BinaryIO:
    """A message file, to read from.

    Raises:
        MessageNotInMailbox, BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
    """
    directory = source.place.archive if place == IN_ARCHIVE else source.place.data
    if directory is None:
        raise MessageNotInMailbox(f"no file of message {uid} in {source.name.display}")
    return tree_at(source.spool).open_in(directory, f"{uid}.")


@contextmanager
def mapped_cache(
    source: SourceMailbox, *, is_archived: bool = False
) -> Iterator[mmap.mmap | bytes | None]:
    """The mailbox's ``cyrus.cache`` as memory, or None. Let go of views before the end.

    Archived messages have theirs beside the archived files.
    """
    tree = tree_at(source.spool)
    place = source.place
    directories = (place.archive,) if is_archived else (place.meta, place.data)
    for directory in directories:
        entry = _cache_entry(tree, directory)
        if directory is not None and entry is not None:
            with tree.mapped(directory / CACHE_FILE) as octets:
                yield octets
            return
    yield None


def _cache_entry(tree: ReadOnlyTree, directory: PurePosixPath | None) -> Entry | None:
    if directory is None:
        return None
    try:
        entry = tree.stat(directory / CACHE_FILE)
    except BackupError:
        return None
    return entry if entry is not None and entry.kind is EntryKind.FILE else None


def _listing(
    tree: ReadOnlyTree, directory: PurePosixPath | None, findings: list[Finding]
) -> dict[str, Entry]:
    if directory is None:
        return {}
    try:
        return {entry.name: entry for entry in tree.scan(directory)}
    except BackupFileMissing:
        return {}
    except BackupError as error:
        findings.append(_unreadable(str(directory), error))
        return {}


def _octets(
    tree: ReadOnlyTree,
    place: MailboxPlace,
    file_name: str,
    listings: tuple[dict[str, Entry], dict[str, Entry]],
    findings: list[Finding],
) -> bytes | None:
    """A cyrus.* file of meta, else of data: a server may keep only some in meta."""
    limit = _HEADER_LIMIT if file_name == HEADER_FILE else _INDEX_LIMIT
    for directory, listing in zip((place.meta, place.data), listings, strict=True):
        entry = listing.get(file_name)
        if directory is None or entry is None or entry.kind is not EntryKind.FILE:
            continue
        try:
            return tree.read(directory / file_name, limit)
        except BackupError as error:
            findings.append(_unreadable(file_name, error))
    return None


def _rows(
    listings: tuple[tuple[dict[str, Entry], int], ...],
) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    rows = [
        (uid, entry.size_bytes, entry.mtime_ns // _NANOSECONDS, place)
        for listing, place in listings
        for entry in listing.values()
        if entry.kind is EntryKind.FILE and (uid := uid_of_file(entry.name)) is not None
    ]
    return np.array(rows, dtype=FILE)


def _odd_entries(listings: tuple[dict[str, Entry], ...]) -> tuple[OddEntry, ...]:
    found = {
        (entry.name, entry.kind.value)
        for listing in listings
        for entry in listing.values()
        if _is_odd(entry)
    }
    return tuple(OddEntry(file_name=name, kind=kind) for name, kind in sorted(found))


def _is_odd(entry: Entry) -> bool:
    if entry.kind is EntryKind.DIRECTORY:
        return False
    if entry.kind is not EntryKind.FILE:
        return True
    return is_like_message_file(entry.name) and uid_of_file(entry.name) is None


def _index_time(meta: dict[str, Entry], data: dict[str, Entry]) -> int | None:
    entry = meta.get(INDEX_FILE) or data.get(INDEX_FILE)
    return None if entry is None else entry.mtime_ns // _NANOSECONDS


def _unreadable(subject: str, error: BackupError) -> Finding:
    why = f": {error.why}" if error.why else ""
    return Finding(
        severity=Severity.LOSS,
        code="file-unreadable",
        subject=subject,
        text=f"{error.what}{why}",
    )
