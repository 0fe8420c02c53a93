"""One directory of message files, listed and read once: what lies in it, and its SHA-1s."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from dataclasses import field
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.listing import Listing
from respool.backups.source import SourceMailbox, tree_at
from respool.cyrus.spool_paths import uid_of_file
from respool.errors import BackupError, BackupFileMissing
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import FILE, Rows
from respool.system.file_hashes import (
    CHANGED,
    DIGEST_OCTETS,
    GONE,
    NO_FILE,
    NUMBERS,
    READ,
    FileHashes,
    hash_numbered,
)
from respool.system.link_table import LinkTable
from respool.system.read_only import EntryKind

SLICE_FILES: Final = 2048  # that one process reads at a time
HASHED: Final = np.dtype([("uid", "u4"), ("digest", f"V{DIGEST_OCTETS}")])


@dataclass(slots=True)
class HashedDirectory:
    """A directory as listed, the files that were read, and the UIDs still to be read.

    ``listing`` has no numbers of message files before `complete`.
    """

    listing: Listing
    hashes: FileHashes = field(default_factory=FileHashes)
    rest: array[int] = field(default_factory=lambda: array("q"))

    def slices(self) -> Iterator[array[int]]:
        """What is still to be read, in pieces."""
        for start in range(0, len(self.rest), SLICE_FILES):
            yield self.rest[start : start + SLICE_FILES]

    def complete(self) -> Rows:
        """HASHED rows of the files that were read whole, by UID; the listing is filled.

        A file that is gone or no file any more is not in the listing. Of the hashes those stay
        that are told of as findings: both of a million files take room.
        """
        columns = np.frombuffer(self.hashes.numbers, dtype=np.int64).reshape(-1, NUMBERS)
        digests = np.frombuffer(self.hashes.digests, dtype=f"V{DIGEST_OCTETS}")
        order = np.argsort(columns[:, 0].astype(np.uint32), kind="stable")
        states = columns[:, 3]
        is_there, is_read = (states != GONE) & (states != NO_FILE), states == READ
        there, read = order[is_there[order]], order[is_read[order]]
        del order
        files: Rows = np.zeros(len(there), dtype=FILE)
        for at, name in enumerate(("uid", "size", "mtime")):
            _fill(files[name], columns[:, at], there)
        files["place"] = self.listing.place
        self.listing.numbers, self.listing.read = array("q"), files
        rows: Rows = np.zeros(len(read), dtype=HASHED)
        _fill(rows["uid"], columns[:, 0], read)
        self.hashes.numbers = array("q", columns[~is_read].tobytes())
        del columns, states, there
        _fill(rows["digest"], digests, read)
        self.hashes.digests = bytearray()
        return rows

    def findings(self) -> Iterator[Finding]:
        """What happened to files while they were read, lazily."""
        columns = np.frombuffer(self.hashes.numbers, dtype=np.int64).reshape(-1, NUMBERS)
        for uid, size, _, state in columns[columns[:, 3] != READ].tolist():
            yield _finding(self.listing.directory, uid, size, state)


def _fill(column: NDArray[Any], values: NDArray[Any], at: NDArray[np.int64]) -> None:
    """Some at a time: without a second column of all of them."""
    for start in range(0, len(at), SLICE_FILES):
        part = slice(start, start + SLICE_FILES)
        column[part] = values[at[part]]


def hash_directory(
    source: SourceMailbox, directory: PurePosixPath | None, place: int, links: LinkTable
) -> tuple[HashedDirectory, tuple[Finding, ...]]:
    """A directory of a mailbox, of which the first SLICE_FILES are read.

    They are read in the order of their inodes, which is that of the disk, nearly.
    """
    hashed = HashedDirectory(Listing(place, directory))
    if directory is None:
        return hashed, ()
    tree = tree_at(source.spool)
    uids, inodes = array("q"), array("Q")
    try:
        for name, kind, inode in tree.kinds(directory):
            uid = uid_of_file(name) if kind is EntryKind.FILE else None
            if uid is not None:
                uids.append(uid)
                inodes.append(inode)
            elif kind is EntryKind.DIRECTORY:
                hashed.listing.subdirectories.append(name)
            else:
                entry = tree.stat(directory / name)
                if entry is not None:
                    hashed.listing.add(entry)
        ordered = np.array(uids, dtype=np.int64)[np.argsort(_numbers(inodes), kind="stable")]
        uids = array("q", ordered.tobytes())
        hashed.rest = uids[SLICE_FILES:]
        hashed.hashes = hash_numbered(tree, directory, uids[:SLICE_FILES], links)
    except BackupFileMissing:
        return hashed, ()
    except BackupError as error:
        return hashed, (_unreadable(directory, error),)
    return hashed, ()


def hash_slice(
    spool: PurePosixPath, directory: PurePosixPath, uids: array[int], links: LinkTable
) -> FileHashes:
    """Some more files of a directory; where that has vanished, so have they."""
    try:
        return hash_numbered(tree_at(spool), directory, uids, links)
    except BackupError:
        numbers = array("q", [each for uid in uids for each in (uid, 0, 0, GONE)])
        return FileHashes(numbers=numbers, digests=bytearray(DIGEST_OCTETS * len(uids)))


def _numbers(inodes: array[int]) -> NDArray[np.uint64]:
    return np.array(inodes, dtype=np.uint64)


def _finding(directory: PurePosixPath | None, uid: int, size: int, state: int) -> Finding:
    code, text = "changed-while-checked", "it was there when its folder was listed, and is gone"
    if state == CHANGED:
        text = f"it changed while it was read: {size} octets were there"
    elif state == NO_FILE:
        code, text = "unsafe-entry", "it was a file when its folder was listed, and is none now"
    elif state != GONE:
        code, text = "file-unreadable", f"it cannot be read: {os.strerror(state).lower()}"
    return Finding(
        severity=Severity.LOSS,
        code=code,
        subject=f"message {uid}",
        text=text,
        uid=uid,
        file=None if directory is None else directory / f"{uid}.",
    )


def _unreadable(directory: PurePosixPath, error: BackupError) -> Finding:
    why = f": {error.why}" if error.why else ""
    return Finding(
        severity=Severity.LOSS,
        code="file-unreadable",
        subject=str(directory),
        text=f"{error.what}{why}",
        file=directory,
    )
