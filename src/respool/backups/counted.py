"""A mailbox read for its counts: where files are very many, by their names alone.

To ask a million files for their sizes takes ten times as long as to list them, and on a
disk that has to look for each far longer.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from respool.backups.listing import KEPT_FILES, Listing
from respool.backups.source import (
    SourceMailbox,
    files_of,
    list_meta,
    read_mailbox,
    tree_at,
    unreadable,
)
from respool.cyrus.mailbox import join_files, join_mailbox
from respool.cyrus.spool_paths import uids_of_files
from respool.errors import BackupError, BackupFileMissing
from respool.model.findings import Finding, Severity
from respool.model.inventory import COUNTED, IN_ARCHIVE, IN_DATA, NOWHERE, StoredMailbox
from respool.system.read_only import EntryKind, ReadOnlyTree

COMPARED_FILES: Final = 50_000


def read_for_counts(source: SourceMailbox, most: int = COMPARED_FILES) -> StoredMailbox:
    """As `read_mailbox`, but of a directory with more than ``most`` message files no sizes.

    Then a finding says so: files of another size than their records' are not found, and
    records have the columns of COUNTED alone. Without an index, whose records have sizes,
    all files are asked for theirs.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    place = source.place
    data = _listed(source, place.data, IN_DATA, most)
    archive = _listed(source, place.archive, IN_ARCHIVE, most)
    if data is None or archive is None:
        return read_mailbox(source)
    unsized = len(data.unsized) + len(archive.unsized)
    findings = list(source.findings)
    meta = list_meta(source, data, findings)
    files = files_of(source, meta, data, archive, findings)
    del meta, data, archive  # a million files take room
    if not unsized:
        return join_mailbox(source.name, place, files)
    mailbox = join_mailbox(source.name, place, files, COUNTED)
    if not mailbox.has_index:
        return read_mailbox(source)
    text = f"{unsized:,} message files: only their names were looked at, not their sizes"
    said = Finding(
        severity=Severity.NOTE,
        code="message-files-not-compared",
        subject="message files",
        text=text,
        file=place.data or place.archive,
    )
    return replace(mailbox, findings=(*mailbox.findings, said))


def read_names_alone(source: SourceMailbox) -> StoredMailbox:
    """`read_for_counts` without the size of any message file, however few there are."""
    return read_for_counts(source, 0)


def read_by_names(source: SourceMailbox, columns: np.dtype[np.void]) -> StoredMailbox:
    """As `read_mailbox`, but of no message file its size; records have ``columns`` alone.

    Without an index all files are asked for theirs. Findings are those about the mailbox, not
    about single messages.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    place = source.place
    data = _listed(source, place.data, IN_DATA, most=-1)
    archive = _listed(source, place.archive, IN_ARCHIVE, most=-1)
    if data is None or archive is None:
        return read_mailbox(source)
    findings = list(source.findings)
    meta = list_meta(source, data, findings)
    files = files_of(source, meta, data, archive, findings)
    del meta, data, archive
    mailbox = join_files(source.name, place, files, columns)
    return mailbox if mailbox.has_index else read_mailbox(source)


def read_without_files(source: SourceMailbox, columns: np.dtype[np.void]) -> StoredMailbox:
    """As `read_mailbox`, but without a look at its message files: no record has any.

    Records have ``columns`` alone, in which no file is told of. Findings are those about the
    mailbox, but for entries of its directories.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    place = source.place
    findings = list(source.findings)
    data = Listing(IN_DATA, place.data)
    meta = data if place.meta == place.data else Listing(NOWHERE, place.meta)
    tree = tree_at(source.spool)
    for listing in {id(each): each for each in (meta, data)}.values():
        directory = listing.directory
        if directory is not None:
            try:
                _add_sized(listing, tree, directory, sorted(KEPT_FILES))
            except BackupError as error:
                findings.append(unreadable(str(directory), directory, error))
    files = files_of(source, meta, data, Listing(IN_ARCHIVE, None), findings)
    return join_files(source.name, place, files, columns)


def _listed(
    source: SourceMailbox, directory: PurePosixPath | None, place: int, most: int
) -> Listing | None:
    """A directory by names, and what is no message file in full; None if it cannot be read."""
    listing = Listing(place, directory)
    if directory is None:
        return listing
    tree = tree_at(source.spool)
    try:
        names = tree.all_names(directory)
        found = [uids_of_files(text) for text in names.files]
        others = [name for _, each in found for name in each]
        for name, kind in names.others:
            if kind is EntryKind.DIRECTORY:
                listing.subdirectories.append(name)
            else:
                others.append(name)
        _add_sized(listing, tree, directory, others)
        uids = np.concatenate([np.zeros(0, dtype=np.uint32), *(each for each, _ in found)])
        if len(uids) > most:
            listing.unsized = np.sort(uids)
        else:
            _add_sized(listing, tree, directory, [f"{uid}." for uid in uids.tolist()])
    except BackupFileMissing:
        return listing
    except BackupError:
        return None
    return listing


def _add_sized(
    listing: Listing, tree: ReadOnlyTree, directory: PurePosixPath, names: list[str]
) -> None:
    for name in names:
        entry = tree.stat(directory / name)
        if entry is not None:
            listing.add(entry)
