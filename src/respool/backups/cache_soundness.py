"""Whether the ``cyrus.cache`` of a mailbox is what its index says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.source import SourceMailbox, tree_at
from respool.cyrus.cache_head import cache_generation
from respool.cyrus.cache_records import WINDOW_OCTETS, count_damaged
from respool.cyrus.index import IndexHeader
from respool.cyrus.spool_paths import CACHE_FILE
from respool.errors import BackupError, BackupFileMissing, TruncatedFile
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import ARCHIVED, UNLINKED, Rows

_FIRST_WITH_CRC: Final = 12  # version of the index


def cache_findings(source: SourceMailbox, header: IndexHeader, records: Rows) -> Iterator[Finding]:
    """What is wrong with the cache of a mailbox, and with that of its archive.

    A cache of which no record speaks may be missing. Nothing here costs a message: all are
    notes. ``records`` are RECORD rows.
    """
    place = source.place
    cached = (records["system_flags"] & np.uint32(UNLINKED)) == 0
    cached &= records["cache_offset"] != 0
    in_archive = cached & ((records["system_flags"] & np.uint32(ARCHIVED)) != 0)
    if place.archive is None:
        in_archive[:] = False
    beside = tuple(each for each in (place.meta, place.data) if each is not None)
    if (cached & ~in_archive).any():
        yield from _of_one(source, beside, header, _Cached.of(records, cached & ~in_archive))
    if in_archive.any() and place.archive is not None:
        yield from _of_one(source, (place.archive,), header, _Cached.of(records, in_archive))


@dataclass(frozen=True, slots=True)
class _Cached:
    """Where the records of one cache stand, as the index has it."""

    offsets: NDArray[np.int64]
    crcs: NDArray[np.uint32]

    @classmethod
    def of(cls, records: Rows, mask: NDArray[np.bool_]) -> _Cached:
        return cls(records["cache_offset"][mask].astype(np.int64), records["cache_crc"][mask])

    def __len__(self) -> int:
        return len(self.offsets)


def _of_one(
    source: SourceMailbox,
    directories: tuple[PurePosixPath, ...],
    header: IndexHeader,
    records: _Cached,
) -> Iterator[Finding]:
    tree = tree_at(source.spool)
    for directory in directories:
        file = directory / CACHE_FILE
        try:
            with tree.open_file(file) as opened:
                yield from _of_file(opened, file, header, records)
        except BackupFileMissing:
            continue
        except (BackupError, OSError) as error:
            yield _note("cache-unreadable", f"it cannot be read: {error}", file)
        return
    if directories:
        text = f"there is none, the index speaks of {len(records)} records in it"
        yield _note("cache-missing", text, directories[0] / CACHE_FILE)


def _of_file(
    opened: BinaryIO, file: PurePosixPath, header: IndexHeader, records: _Cached
) -> Iterator[Finding]:
    """Read piece by piece, and not mapped: a file that shrinks must not end us."""
    descriptor = opened.fileno()
    size = os.fstat(descriptor).st_size
    try:
        generation = cache_generation(os.pread(descriptor, 4, 0))
    except TruncatedFile:
        yield _note("cache-records-damaged", "it has no octets", file, count=len(records))
        return
    if generation != header.generation:  # found when the mailbox was read
        return
    damaged = count_damaged(
        lambda at: os.pread(descriptor, WINDOW_OCTETS, at),
        size,
        records.offsets,
        records.crcs,
        has_crcs=header.minor >= _FIRST_WITH_CRC,
    )
    if damaged:
        text = f"{damaged} of {len(records)} records are not whole, or not what their CRC says"
        yield _note("cache-records-damaged", text, file, count=damaged)


def _note(code: str, text: str, file: PurePosixPath, *, count: int = 1) -> Finding:
    return Finding(
        severity=Severity.NOTE, code=code, subject=CACHE_FILE, text=text, file=file, count=count
    )
