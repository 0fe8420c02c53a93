"""Looks at the files of one registered mailbox of a live spool: listing, header, index."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

import numpy as np

from respool.backups.spool_layout import Partition
from respool.cyrus.header import MailboxHeader, parse_header
from respool.cyrus.index import parse_index, parse_index_header
from respool.cyrus.mailbox_records import MailboxRecord
from respool.cyrus.spool_paths import HEADER_FILE, INDEX_FILE, mailbox_directory, uuid_directory
from respool.errors import BackupFileMissing, FormatError
from respool.system.read_only import ReadOnlyTree
from respool.targets.spool.leftover_walk import LiveSpool, Spot, messages_in
from respool.targets.spool.leftovers import MailboxLook
from respool.targets.spool.live_files import UNFINISHED

_HEADER_LIMIT: Final = 1 << 20
_INDEX_HEAD: Final = 1 << 10


def spot_of(spool: LiveSpool, record: MailboxRecord) -> Spot | None:
    """Where a mailbox lies; None where this server has no such place."""
    if record.partition not in spool.partitions:
        return None
    if not record.is_under_uuid:
        return record.partition, mailbox_directory(record.name, spool.rules)
    if record.uniqueid is None or len(record.uniqueid) < 2:  # no directory is named by it
        return None
    return record.partition, uuid_directory(record.uniqueid)


def look_at(spool: LiveSpool, record: MailboxRecord, spot: Spot) -> MailboxLook:
    """How the files of a registered mailbox look: listed first, the index read after.

    Raises:
        BackupUnreadable, UnsafeBackupEntry: something there cannot be read.
    """
    partition = spool.partitions[spot[0]]
    files = messages_in(spool, spot)
    header_file = _file(spool, partition, spot[1], HEADER_FILE)
    index_file = _file(spool, partition, spot[1], INDEX_FILE)
    header = _header(spool.tree, header_file)
    count = _record_count(spool.tree, index_file)
    return MailboxLook(
        record=record,
        header=PurePosixPath("/") / header_file,
        has_header=header is not None,
        header_id=None if header is None else header.uniqueid,
        record_count=count,
        message_count=files,
        keyword_slots=_keyword_slots(spool.tree, index_file) if count and not header else 0,
        is_unfinished=_is_unfinished(spool.tree, partition, spot[1]),
    )


def _is_unfinished(tree: ReadOnlyTree, partition: Partition, directory: PurePosixPath) -> bool:
    return partition.data is not None and (
        tree.stat(partition.data / directory / UNFINISHED) is not None
    )


def _file(
    spool: LiveSpool, partition: Partition, directory: PurePosixPath, name: str
) -> PurePosixPath:
    """Where a mailbox has its file ``cyrus.<kind>``, by the server's configuration."""
    is_apart = name.removeprefix("cyrus.") in spool.has_meta
    root = partition.meta if is_apart and partition.meta is not None else partition.data
    return (root or PurePosixPath()) / directory / name


def _header(tree: ReadOnlyTree, file: PurePosixPath) -> MailboxHeader | None:
    try:
        return parse_header(tree.read(file, _HEADER_LIMIT))
    except (BackupFileMissing, FormatError):
        return None


def _record_count(tree: ReadOnlyTree, file: PurePosixPath) -> int | None:
    """How many records the index says it has; None where there is none that can be read."""
    try:
        return parse_index_header(tree.read(file, _INDEX_HEAD)).num_records
    except (BackupFileMissing, FormatError):
        return None


def _keyword_slots(tree: ReadOnlyTree, file: PurePosixPath) -> int:
    """How many slots of keywords an index uses: the number of the highest, from 1."""
    with tree.mapped(file) as octets:
        words = np.bitwise_or.reduce(parse_index(bytes(octets)).records["user_flags"], axis=0)
    return max(
        (32 * at + int(word).bit_length() for at, word in enumerate(words.tolist()) if word),
        default=0,
    )
