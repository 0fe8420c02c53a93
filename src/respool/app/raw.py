"""All that a mailbox's files say, under the names that the server's own source gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from respool.backups.source import (
    Listing,
    SourceMailbox,
    list_directory,
    read_header,
    read_index,
)
from respool.cyrus.header import MailboxHeader
from respool.cyrus.index import Index
from respool.cyrus.raw_index import raw_header, raw_records
from respool.errors import FormatError
from respool.model.findings import Finding
from respool.model.internal_flags import index_option_names, internal_flag_names
from respool.model.inventory import IN_ARCHIVE, IN_DATA, NOWHERE, Rows, StoredMailbox
from respool.model.json_text import as_utc_text
from respool.model.rows import internal_flag_counts

Raw = Mapping[str, object]

_NANOSECONDS: Final = 1_000_000_000
_IDS: Final = ("cid", "basecid")  # numbers that are only ever written in hexadecimal
_DIRECTORIES: Final = (("data", IN_DATA), ("meta", NOWHERE), ("archive", IN_ARCHIVE))


def raw_mailbox(source: SourceMailbox, mailbox: StoredMailbox) -> Raw:
    """The shape of ``raw`` in ``show --raw``; null for a file that is missing or unreadable.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    index, header = read_index(source), read_header(source)
    listings = dict(_listings(source))
    return {
        "spool": str(source.spool),
        "part": source.part_id,
        "directories": {name: _text(getattr(source.place, name)) for name, _ in _DIRECTORIES},
        "files": [each for name, listing in listings.items() for each in _files(name, listing)],
        "message_files": {
            name: _message_files(each) for name, each in listings.items() if name != "meta"
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


def _listings(source: SourceMailbox) -> Iterator[tuple[str, Listing]]:
    """Each directory once, under the first of its names; what cannot be listed is empty."""
    unheard: list[Finding] = []  # reading the mailbox has told them
    known = set()
    for name, place in _DIRECTORIES:
        directory = getattr(source.place, name)
        if directory is not None and directory not in known:
            known.add(directory)
            yield name, list_directory(source, directory, place, unheard)


def _files(name: str, listing: Listing) -> Iterator[Raw]:
    for entry in sorted(listing.files.values(), key=lambda each: each.name):
        yield {
            "directory": name,
            "name": entry.name,
            "size_bytes": entry.size_bytes,
            "modified": as_utc_text(datetime.fromtimestamp(entry.mtime_ns // _NANOSECONDS, UTC)),
        }


def _message_files(listing: Listing) -> Raw:
    sizes = listing.numbers[1::3]
    return {"count": len(sizes), "size_bytes": sum(sizes)}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
