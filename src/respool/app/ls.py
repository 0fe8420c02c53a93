"""The messages of one folder, one by one, with what a mail reader would show of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

from respool.app.backups import backup_of
from respool.app.selection import Selection, Wanted, get_mailbox, select
from respool.app.settings import Settings
from respool.backups.contents import read_mailbox
from respool.backups.source import SourceMailbox, mapped_cache, open_message
from respool.cyrus.cache import Buffer, parse_cache_envelope, sound_cache_record
from respool.cyrus.message_headers import (
    READ_SIZE,
    HeaderFields,
    fields_of_envelope,
    parse_message_headers,
)
from respool.errors import BackupError, FormatError
from respool.model.findings import Finding
from respool.model.inventory import ARCHIVED, EXPUNGED, IN_ARCHIVE, NOWHERE, Rows, StoredMailbox
from respool.model.json_text import as_utc_text
from respool.model.messages import at_utc

NO_FIELDS = HeaderFields(
    subject_raw=None,
    subject=None,
    from_addresses=(),
    to_addresses=(),
    date=None,
    message_id=None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMessage:
    """One message; None is unknown. Without a record, its date is the file's."""

    uid: int
    guid: str | None
    internaldate: datetime
    size_bytes: int
    flags: tuple[str, ...]
    is_expunged: bool
    is_archived: bool
    fields: HeaderFields
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, object]:
        """One line of ``ls --json``."""
        return {
            "uid": self.uid,
            "guid": self.guid,
            "internaldate": as_utc_text(self.internaldate),
            "size_bytes": self.size_bytes,
            "flags": list(self.flags),
            "expunged": self.is_expunged,
            "archived": self.is_archived,
            "subject": self.fields.subject,
            "subject_raw": self.fields.subject_raw,
            "from": [address.as_json() for address in self.fields.from_addresses],
            "to": [address.as_json() for address in self.fields.to_addresses],
            "date": as_utc_text(self.fields.date),
            "message_id": self.fields.message_id,
            "findings": [finding.as_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderListing:
    """One folder, and its messages in UID order, read as they are asked for."""

    selection: Selection
    mailbox: StoredMailbox
    messages: Iterator[ListedMessage]


def list_messages(
    settings: Settings, wanted: Wanted, *, include_expunged: bool = False
) -> FolderListing:
    """The messages of the one folder that is wanted, files without a record included.

    Raises:
        BackupNotFound, GenerationNotFound, AccountNotInGeneration, FolderNotInGeneration,
        AmbiguousName.
    """
    selection = select(backup_of(settings), wanted)
    source = get_mailbox(selection, wanted.folders[0])
    mailbox = read_mailbox(source)
    return FolderListing(
        selection=selection,
        mailbox=mailbox,
        messages=_messages(source, mailbox, include_expunged=include_expunged),
    )


def _messages(
    source: SourceMailbox, mailbox: StoredMailbox, *, include_expunged: bool
) -> Iterator[ListedMessage]:
    mask = mailbox.visible()
    if include_expunged:
        mask = mask | mailbox.recoverable()
    by_uid: dict[int, tuple[Finding, ...]] = {}
    for finding in mailbox.findings:
        if finding.uid is not None:
            by_uid[finding.uid] = (*by_uid.get(finding.uid, ()), finding)
    with ExitStack() as stack:
        caches = tuple(
            stack.enter_context(mapped_cache(source, is_archived=is_archived))
            for is_archived in (False, True)
        )
        rows = mailbox.records[mask]
        for is_orphan, number in _in_uid_order(rows, mailbox.orphans):
            if is_orphan:
                row = mailbox.orphans[number]
                yield _orphan(source, row, by_uid.get(int(row["uid"]), ()))
            else:
                row = rows[number]
                fields = _fields(source, row, caches)
                yield _recorded(mailbox, row, fields, by_uid.get(int(row["uid"]), ()))


def _in_uid_order(rows: Rows, orphans: Rows) -> Iterator[tuple[bool, int]]:
    order = [(uid, False, number) for number, uid in enumerate(rows["uid"].tolist())]
    order += [(uid, True, number) for number, uid in enumerate(orphans["uid"].tolist())]
    for _, is_orphan, number in sorted(order):
        yield is_orphan, number


def _recorded(
    mailbox: StoredMailbox,
    row: Rows,
    fields: HeaderFields,
    findings: tuple[Finding, ...],
) -> ListedMessage:
    bits = int(row["system_flags"])
    guid = row["guid"].tobytes()
    return ListedMessage(
        uid=int(row["uid"]),
        guid=guid.hex() if any(guid) else None,
        internaldate=at_utc(int(row["internaldate"])),
        size_bytes=int(row["size"]),
        flags=mailbox.flags_of(row),
        is_expunged=bool(bits & EXPUNGED),
        is_archived=bool(bits & ARCHIVED) or int(row["place"]) == IN_ARCHIVE,
        fields=fields,
        findings=findings,
    )


def _orphan(source: SourceMailbox, row: Rows, findings: tuple[Finding, ...]) -> ListedMessage:
    return ListedMessage(
        uid=int(row["uid"]),
        guid=None,
        internaldate=at_utc(int(row["mtime"])),
        size_bytes=int(row["size"]),
        flags=(),
        is_expunged=False,
        is_archived=int(row["place"]) == IN_ARCHIVE,
        fields=_fields_of_file(source, row),
        findings=findings,
    )


def _fields(source: SourceMailbox, row: Rows, caches: tuple[Buffer | None, ...]) -> HeaderFields:
    """From the cache where its record is sound, else from the message file."""
    cache = caches[1] if int(row["system_flags"]) & ARCHIVED else caches[0]
    if cache is not None:
        record = sound_cache_record(cache, int(row["cache_offset"]), int(row["cache_crc"]))
        octets = None if record is None else bytes(record)
        del record
        if octets is not None:
            try:
                return fields_of_envelope(parse_cache_envelope(octets))
            except FormatError:
                pass
    return _fields_of_file(source, row)


def _fields_of_file(source: SourceMailbox, row: Rows) -> HeaderFields:
    if int(row["place"]) == NOWHERE:
        return NO_FIELDS
    try:
        with open_message(source, int(row["uid"]), int(row["place"])) as file:
            return parse_message_headers(file.read(READ_SIZE))
    except BackupError:
        return NO_FIELDS
