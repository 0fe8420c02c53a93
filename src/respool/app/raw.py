"""All that a mailbox's files say, under the names that the server's own source gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Final

from respool.backups.source import SourceMailbox, read_header, read_index, tree_at
from respool.cyrus.header import MailboxHeader
from respool.cyrus.index import Index
from respool.cyrus.raw_index import raw_header, raw_records
from respool.cyrus.spool_paths import uid_of_file
from respool.errors import BackupError, FormatError
from respool.model.dataclasses import dataclass
from respool.model.internal_flags import index_option_names, internal_flag_names
from respool.model.inventory import Rows, StoredMailbox
from respool.model.json_text import as_utc_text
from respool.model.many_findings import SINGLE_LIMIT
from respool.model.rows import internal_flag_counts
from respool.system.read_only import Entry, EntryKind

Raw = Mapping[str, object]

_NANOSECONDS: Final = 1_000_000_000
_IDS: Final = ("cid", "basecid")  # numbers that are only ever written in hexadecimal
_DIRECTORIES: Final = ("data", "meta", "archive")


@dataclass(slots=True)
class Directory:
    """What lies in a directory of a mailbox: message files counted, all else by name."""

    count: int = 0
    size_bytes: int = 0
    others: list[Entry] = field(default_factory=list)


def raw_mailbox(source: SourceMailbox, mailbox: StoredMailbox) -> Raw:
    """The shape of ``raw`` in ``show --raw``; null for a file that is missing or unreadable.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    index, header = read_index(source), read_header(source)
    directories = dict(_directories(source))
    return {
        "spool": str(source.spool),
        "part": source.part_id,
        "directories": {name: _text(getattr(source.place, name)) for name in _DIRECTORIES},
        "files": [each for name, found in directories.items() for each in _others(name, found)],
        "message_files": {
            name: {"count": found.count, "size_bytes": found.size_bytes}
            for name, found in directories.items()
            if name != "meta"
        },
        "internal_flags": dict(internal_flag_counts(mailbox.records)),
        "index": None if index is None else _index(index),
        "header": None if header is None else _header(header),
    }


def raw_messages(records: Rows, version: int) -> Iterator[Raw]:
    """For each of ``records``, the shape of ``raw`` in ``ls --raw``."""
    for row, fields in zip(records, _fields(records, version), strict=False):
        yield {
            **{name: f"{value:016x}" if name in _IDS else value for name, value in fields.items()},
            "internal_flags": list(internal_flag_names(int(row["system_flags"]))),
        }


def _fields(records: Rows, version: int) -> Iterator[Raw]:
    """Nothing more where records are of several versions, as files of a rescue can be."""
    try:
        yield from raw_records(records, version)
    except (FormatError, OverflowError):
        return


def _index(index: Index) -> Raw:
    return {
        **raw_header(index.header),
        "options_by_name": list(index_option_names(index.header.options)),
    }


def _header(header: MailboxHeader) -> Raw:
    return {
        "form": header.form,
        "quota_root": header.quota_root,
        "uniqueid": header.uniqueid,
        "internal_name": header.internal_name,
        "mailbox_type": header.mailbox_type,
        "keywords": list(header.keywords),
        "acl": dict(header.acl),
    }


def _directories(source: SourceMailbox) -> Iterator[tuple[str, Directory]]:
    """Each directory once, under the first of its names; one that cannot be read is empty."""
    known = set()
    for name in _DIRECTORIES:
        place = getattr(source.place, name)
        if place is not None and place not in known:
            known.add(place)
            yield name, _directory(source, place)


def _directory(source: SourceMailbox, place: PurePosixPath) -> Directory:
    found = Directory()
    with suppress(BackupError):  # reading the mailbox has told of it
        for entry in tree_at(source.spool).scan(place):
            if uid_of_file(entry.name) is not None:
                found.count += 1
                found.size_bytes += entry.size_bytes
            elif entry.kind is not EntryKind.DIRECTORY and len(found.others) < SINGLE_LIMIT:
                found.others.append(entry)
    return found


def _others(name: str, directory: Directory) -> Iterator[Raw]:
    for entry in sorted(directory.others, key=lambda each: each.name):
        yield {
            "directory": name,
            "name": entry.name,
            "kind": entry.kind.value,
            "size_bytes": entry.size_bytes,
            "modified": as_utc_text(datetime.fromtimestamp(entry.mtime_ns // _NANOSECONDS, UTC)),
        }


def _text(value: object) -> str | None:
    return None if value is None else str(value)
