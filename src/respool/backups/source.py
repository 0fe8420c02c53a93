"""One mailbox in a backup: where it lies, what it holds, and its message files to read."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import field
from functools import lru_cache
from pathlib import PurePosixPath
from typing import BinaryIO, Final, TypeVar

import numpy as np

from respool.backups.listing import Listing
from respool.cyrus.cache_head import cache_generation
from respool.cyrus.header import MailboxHeader, parse_header
from respool.cyrus.index import Index, parse_index
from respool.cyrus.index_counts import IndexCounts, count_index
from respool.cyrus.index_lookup import IndexLookup
from respool.cyrus.mailbox import MailboxFiles, as_files, join_mailbox
from respool.cyrus.mailbox_findings import OddEntry
from respool.cyrus.spool_paths import (
    CACHE_FILE,
    EXPUNGE_FILE,
    HEADER_FILE,
    INDEX_FILE,
)
from respool.errors import BackupError, BackupFileMissing, FormatError, MessageNotInMailbox
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import (
    IN_ARCHIVE,
    IN_DATA,
    NOWHERE,
    RECORD,
    MailboxPlace,
    Rows,
    StoredMailbox,
)
from respool.model.names import MailboxName
from respool.system.live_tree import live_at
from respool.system.read_only import EntryKind, ReadOnlyTree

_HEADER_LIMIT: Final = 1 << 20
_NANOSECONDS: Final = 1_000_000_000
_OPEN_TREES: Final = 8
_MAILDIR: Final = "cur"
_T = TypeVar("_T")


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


def open_tree(place: PurePosixPath) -> ReadOnlyTree:
    """The tree of a part, opened anew: of a spool, or of an export as if it were one.

    It may be the live server, too (`live_place`).

    Raises:
        BackupFileMissing, BackupUnreadable.
        ServerNotFound, NotPermitted, FormatError: a live server's configuration.
    """
    live = live_at(place)
    if live is not None:
        return live
    if not _may_be_export(place):
        return ReadOnlyTree(place)
    from respool.backups.export_places import export_at  # noqa: PLC0415 - of exports alone

    return export_at(place) or ReadOnlyTree(place)


def _may_be_export(place: PurePosixPath) -> bool:
    """False for what has directories alone, and none that a Maildir has: a spool, mostly.

    An export has its manifest, a message file or an mbox file at its top, or is a Maildir.
    """
    try:
        names = [*ReadOnlyTree(place).names()]
    except BackupFileMissing:
        return _is_in_directory(place)  # one in a single file
    return any(
        not is_directory or name.startswith(".") or name == _MAILDIR
        for name, is_directory in names
    )


def _is_in_directory(place: PurePosixPath) -> bool:
    try:
        return ReadOnlyTree(place.parent).stat(place.name) is not None
    except BackupFileMissing:
        return False


@lru_cache(maxsize=_OPEN_TREES)
def tree_at(place: PurePosixPath) -> ReadOnlyTree:
    """The tree of a part, opened once; a few are kept open; errors as `open_tree`."""
    return open_tree(place)


def forget_trees() -> None:
    """What is open may be of a file system that is gone: the next look begins at the path."""
    tree_at.cache_clear()


def read_mailbox(source: SourceMailbox, columns: np.dtype[np.void] = RECORD) -> StoredMailbox:
    """All that a mailbox holds but its messages. Damage becomes findings.

    Its records have ``columns``: all of RECORD, or COUNTED, or RESTORED.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    findings = list(source.findings)
    place = source.place
    data = list_directory(source, place.data, IN_DATA, findings)
    archive = list_directory(source, place.archive, IN_ARCHIVE, findings)
    meta = list_meta(source, data, findings)
    files = files_of(source, meta, data, archive, findings)
    del meta, data, archive  # a million files take room
    return join_mailbox(source.name, place, files, columns)


def list_meta(source: SourceMailbox, data: Listing, findings: list[Finding]) -> Listing:
    """The directory of the cyrus.* files: often ``data`` itself."""
    place = source.place
    if place.meta == place.data:
        return data
    return list_directory(source, place.meta, NOWHERE, findings)


def files_of(
    source: SourceMailbox,
    meta: Listing,
    data: Listing,
    archive: Listing,
    findings: list[Finding],
) -> MailboxFiles:
    """What lies in the directories of a mailbox, which were listed already.

    ``findings`` are what was found until here; what is found here is added.
    """
    tree = tree_at(source.spool)
    found = _Search(listings=(meta, data), findings=findings)
    distinct = {id(each): each for each in (meta, data, archive)}.values()
    return MailboxFiles(
        header=found.first(HEADER_FILE, lambda file: tree.read(file, _HEADER_LIMIT)),
        index=found.first(INDEX_FILE, tree.octets_of),
        expunge=found.first(EXPUNGE_FILE, tree.octets_of),
        messages=_together(data.rows(), archive.rows()),
        odd_entries=tuple(
            OddEntry(file_name=name, kind=kind, directory=directory)
            for name, kind, directory in sorted(meta.odd | data.odd | archive.odd)
        ),
        odd_count=sum(each.odd_count for each in distinct),
        index_time=_index_time(meta, data),
        findings=tuple(findings),
        directories=found.directories,
        cache_generations=_cache_generations(tree, (meta, data, archive)),
    )


def _together(these: Rows, others: Rows) -> Rows:
    if not len(these) or not len(others):
        return these if len(these) else others
    if these.dtype != others.dtype:
        these, others = as_files(these), as_files(others)
    return np.concatenate([these, others])


def read_index(source: SourceMailbox, columns: np.dtype[np.void] = RECORD) -> Index | None:
    """The mailbox's index alone, without a look at its message files; None if unreadable.

    ``columns`` are those that its records have: all of RECORD, or those of COUNTED.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    tree = tree_at(source.spool)
    for directory in (source.place.meta, source.place.data):
        if directory is not None:
            with suppress(BackupFileMissing, FormatError):
                return parse_index(tree.octets_of(directory / INDEX_FILE), columns)
    return None


def look_up_index(source: SourceMailbox) -> IndexLookup | None:
    """The mailbox's index, to ask for some of its records; None if unreadable.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    tree = tree_at(source.spool)
    for directory in (source.place.meta, source.place.data):
        if directory is not None:
            with suppress(BackupFileMissing, FormatError):
                return IndexLookup.of(tree.octets_of(directory / INDEX_FILE))
    return None


def count_messages(source: SourceMailbox) -> IndexCounts | None:
    """The counts of the mailbox's index, however large it is; None if unreadable.

    Message files are not looked at, so what is counted may not all be there.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    tree = tree_at(source.spool)
    for directory in (source.place.meta, source.place.data):
        if directory is not None:
            with suppress(BackupFileMissing, FormatError):
                return count_index(tree.octets_of(directory / INDEX_FILE))
    return None


def read_header(source: SourceMailbox) -> MailboxHeader | None:
    """The mailbox's header alone; None if it is missing or unreadable.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    tree = tree_at(source.spool)
    for directory in (source.place.meta, source.place.data):
        if directory is not None:
            with suppress(BackupError, FormatError):
                return parse_header(tree.read(directory / HEADER_FILE, _HEADER_LIMIT))
    return None


def open_message(source: SourceMailbox, uid: int, place: int) -> BinaryIO:
    """A message file, to read from; ``place`` is IN_DATA or IN_ARCHIVE.

    Raises:
        MessageNotInMailbox, BackupFileMissing, UnsafeBackupEntry, BackupUnreadable.
    """
    return os.fdopen(message_fd(source, uid, place), "rb", buffering=0)


def message_fd(
    source: SourceMailbox, uid: int, place: int, tree: ReadOnlyTree | None = None
) -> int:
    """A descriptor of a message file, which the caller closes; errors as `open_message`.

    ``tree`` is that of its part, for whoever opens many.
    """
    directory = source.place.archive if place == IN_ARCHIVE else source.place.data
    if directory is None:
        raise MessageNotInMailbox(f"no file of message {uid} in {source.name.display}")
    return (tree or tree_at(source.spool)).fd_in(directory, f"{uid}.")


def list_directory(
    source: SourceMailbox, directory: PurePosixPath | None, place: int, findings: list[Finding]
) -> Listing:
    """What lies in one directory of a mailbox; nothing where there is none."""
    listing = Listing(place, directory)
    if directory is not None:
        try:
            for entry in tree_at(source.spool).scan(directory):
                listing.add(entry)
        except BackupFileMissing:
            return listing
        except BackupError as error:
            findings.append(unreadable(str(directory), directory, error))
    return listing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """Finds the cyrus.* files of a mailbox: a server may keep only some in meta.

    ``listings`` are of meta and data. Where a file was found is put into ``directories``.
    """

    listings: tuple[Listing, Listing]
    findings: list[Finding]
    directories: dict[str, PurePosixPath] = field(default_factory=dict)

    def first(self, file_name: str, opened: Callable[[PurePosixPath], _T]) -> _T | None:
        """What ``opened`` gives of the file in meta, else in data; None if there is none."""
        for listing in self.listings:
            entry = listing.files.get(file_name)
            directory = listing.directory
            if directory is None or entry is None or entry.kind is not EntryKind.FILE:
                continue
            self.directories.setdefault(file_name, directory)
            try:
                found = opened(directory / file_name)
            except BackupError as error:
                self.findings.append(unreadable(file_name, directory / file_name, error))
                continue
            self.directories[file_name] = directory
            return found
        return None


def _cache_generations(
    tree: ReadOnlyTree, listings: tuple[Listing, ...]
) -> dict[PurePosixPath, int]:
    """What each cache that can be read begins with."""
    generations = {}
    for listing in listings:
        if listing.directory is not None and CACHE_FILE in listing.files:
            file = listing.directory / CACHE_FILE
            with suppress(BackupError, FormatError, OSError), tree.open_file(file) as opened:
                generations[file] = cache_generation(opened.read(4))
    return generations


def _index_time(meta: Listing, data: Listing) -> int | None:
    entry = meta.files.get(INDEX_FILE) or data.files.get(INDEX_FILE)
    return None if entry is None else entry.mtime_ns // _NANOSECONDS


def unreadable(subject: str, file: PurePosixPath, error: BackupError) -> Finding:
    """A finding for a file or directory of a mailbox that cannot be read."""
    why = f": {error.why}" if error.why else ""
    return Finding(
        severity=Severity.LOSS,
        code="file-unreadable",
        subject=subject,
        text=f"{error.what}{why}",
        file=file,
    )
