"""The messages of one folder, one by one, with what a mail reader would show of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from respool.app.access_log import note_reading, of_selection
from respool.app.archived import StubsOfMailbox
from respool.app.backups import backup_of
from respool.app.folders import annotation_json
from respool.app.matching_messages import matching_messages, nothing_matches
from respool.app.raw import Raw, raw_messages
from respool.app.selection import Selection, Wanted, get_mailbox, select
from respool.app.settings import Settings
from respool.backups.caches import caches_of, fields_of_file
from respool.backups.mailboxes import read_with_state
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox
from respool.cyrus.message_headers import HeaderFields, keeps_first_field
from respool.model.conditions import EVERY_MESSAGE, Conditions
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.inventory import (
    ARCHIVED,
    EXPUNGED,
    IN_ARCHIVE,
    LISTED,
    RECORD,
    SEARCHED,
    Rows,
    StoredMailbox,
)
from respool.model.json_text import as_utc_text
from respool.model.messages import at_utc
from respool.model.rows import in_uid_order, parts_in_uid_order
from respool.model.state import Annotation, MailboxState
from respool.planning.picking import Mask

NO_FIELDS = HeaderFields(
    subject_raw=None,
    subject=None,
    from_addresses=(),
    to_addresses=(),
    cc_addresses=(),
    date=None,
    message_id=None,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMessage:
    r"""One message; None is unknown. Without a record, its date is the file's.

    ``seen_by`` are the readers with a ``\Seen`` of their own who have seen it. ``hsm`` is
    of a stub of BlueMind 3.5: whether the message that it stands for is in the backup.
    """

    uid: int
    has_record: bool
    guid: str | None
    internaldate: datetime
    size_bytes: int
    flags: tuple[str, ...]
    modseq: int | None
    is_expunged: bool
    is_archived: bool
    fields: HeaderFields
    seen_by: tuple[str, ...] | None
    annotations: tuple[Annotation, ...]
    hsm: str | None
    findings: tuple[Finding, ...]
    raw: Raw | None = None

    def as_json(self) -> dict[str, object]:
        """One line of ``ls --json``."""
        return {
            "uid": self.uid,
            "guid": self.guid,
            "internaldate": as_utc_text(self.internaldate),
            "size_bytes": self.size_bytes,
            "flags": list(self.flags),
            "modseq": self.modseq,
            "expunged": self.is_expunged,
            "archived": self.is_archived,
            "subject": self.fields.subject,
            "subject_raw": self.fields.subject_raw,
            "from": [address.as_json() for address in self.fields.from_addresses],
            "to": [address.as_json() for address in self.fields.to_addresses],
            "cc": [address.as_json() for address in self.fields.cc_addresses],
            "date": as_utc_text(self.fields.date),
            "message_id": self.fields.message_id,
            "seen_by": None if self.seen_by is None else list(self.seen_by),
            "annotations": [annotation_json(each) for each in self.annotations],
            "hsm": self.hsm,
            "findings": [finding.as_json() for finding in self.findings],
            **({} if self.raw is None else {"raw": self.raw}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderListing:
    """One folder, and its messages in UID order, read as they are asked for."""

    selection: Selection
    mailbox: StoredMailbox
    messages: Iterator[ListedMessage]


def list_messages(
    settings: Settings,
    wanted: Wanted,
    *,
    conditions: Conditions = EVERY_MESSAGE,
    include_expunged: bool = False,
    has_raw: bool = False,
) -> FolderListing:
    """The messages of the one folder that is wanted, files without a record included.

    With ``has_raw`` each has all fields of its record, as `raw_messages` gives them. With
    ``conditions`` those alone that fulfil them.

    Raises:
        BackupNotFound, GenerationNotFound, AccountNotInGeneration, FolderNotInGeneration,
        AmbiguousName, NothingMatches.
    """
    selection = select(backup_of(settings), wanted)
    source = get_mailbox(selection, wanted.folders[0])
    note_reading(settings, of_selection("ls", replace(selection, mailboxes=(source,))))
    columns = RECORD if has_raw else LISTED if conditions.is_empty else SEARCHED
    mailbox, state = read_with_state(source, selection.account, columns=columns)
    include_expunged = include_expunged or conditions.deleted_since is not None
    mailbox = matching_messages(
        selection, source, mailbox, conditions, has_expunged=include_expunged
    )
    mask = mailbox.visible()
    if include_expunged:
        mask = mask | mailbox.recoverable()
    if not conditions.is_empty and not (mask.any() or len(mailbox.orphans)):
        raise nothing_matches(selection, conditions)
    stubs = StubsOfMailbox(selection=selection, source=source, mailbox=mailbox)
    beside = _Beside.of(mailbox, state, stubs)
    messages = _messages(source, mailbox, mask, beside)
    if has_raw:
        rows = mailbox.records if mask.all() else mailbox.records[mask]  # a million take room
        messages = _with_raw(messages, mailbox, rows)
    return FolderListing(selection=selection, mailbox=mailbox, messages=messages)


def _with_raw(
    messages: Iterator[ListedMessage], mailbox: StoredMailbox, rows: Rows
) -> Iterator[ListedMessage]:
    """The same with the fields of their records, which are none for a file alone."""
    raws = iter(()) if mailbox.index_version is None else raw_messages(rows, mailbox.index_version)
    for each in messages:
        yield replace(each, raw=next(raws, {}) if each.has_record else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beside:
    """What there is about single messages outside their records."""

    state: MailboxState
    annotations: Mapping[int, tuple[Annotation, ...]]
    findings: Mapping[int, tuple[Finding, ...]]
    stubs: StubsOfMailbox
    are_readers_known: bool

    @classmethod
    def of(cls, mailbox: StoredMailbox, state: MailboxState, stubs: StubsOfMailbox) -> _Beside:
        """By the UIDs of the messages; readers are unknown without a server's databases."""
        annotations: dict[int, tuple[Annotation, ...]] = {}
        for each in state.on_messages:
            if each.uid is not None:
                annotations[each.uid] = (*annotations.get(each.uid, ()), each)
        findings: dict[int, tuple[Finding, ...]] = {}
        for finding in mailbox.findings:
            if finding.uid is not None:
                findings[finding.uid] = (*findings.get(finding.uid, ()), finding)
        return cls(
            state=state,
            annotations=annotations,
            findings=findings,
            stubs=stubs,
            are_readers_known=server_state(stubs.source.spool).is_there,
        )


def _messages(
    source: SourceMailbox, mailbox: StoredMailbox, mask: Mask, beside: _Beside
) -> Iterator[ListedMessage]:
    with caches_of(source, mailbox.generation) as caches:
        for rows, orphans in parts_in_uid_order(mailbox.records, mask, mailbox.orphans):
            cached = caches.fields_of(rows)
            for is_orphan, row, readers in in_uid_order(rows, orphans, beside.state):
                seen_by = readers if beside.are_readers_known else None
                if is_orphan:
                    yield _orphan(source, row, seen_by, beside)
                else:
                    fields = next(cached) or _fields_of_record(source, mailbox, row)
                    yield _recorded(mailbox, row, fields, seen_by, beside)


def _fields_of_record(source: SourceMailbox, mailbox: StoredMailbox, row: Rows) -> HeaderFields:
    """Of its file, as the server of its index would have taken them."""
    is_first_kept = keeps_first_field(mailbox.index_version, int(row["cache_version"]))
    return _fields_of_file(source, row, is_first_kept=is_first_kept)


def _recorded(
    mailbox: StoredMailbox,
    row: Rows,
    fields: HeaderFields,
    seen_by: tuple[str, ...] | None,
    beside: _Beside,
) -> ListedMessage:
    bits = int(row["system_flags"])
    guid = row["guid"].tobytes()
    uid = int(row["uid"])
    return ListedMessage(
        uid=uid,
        has_record=True,
        guid=guid.hex() if any(guid) else None,
        internaldate=at_utc(int(row["internaldate"])),
        size_bytes=int(row["size"]),
        flags=mailbox.flags_of(row),
        modseq=int(row["modseq"]) or None,
        is_expunged=bool(bits & EXPUNGED),
        is_archived=bool(bits & ARCHIVED) or int(row["place"]) == IN_ARCHIVE,
        fields=fields,
        seen_by=seen_by,
        annotations=beside.annotations.get(uid, ()),
        hsm=beside.stubs.state(uid, int(row["place"])),
        findings=beside.findings.get(uid, ()),
    )


def _orphan(
    source: SourceMailbox, row: Rows, seen_by: tuple[str, ...] | None, beside: _Beside
) -> ListedMessage:
    uid = int(row["uid"])
    return ListedMessage(
        uid=uid,
        has_record=False,
        guid=None,
        internaldate=at_utc(int(row["mtime"])),
        size_bytes=int(row["size"]),
        flags=(),
        modseq=None,
        is_expunged=False,
        is_archived=int(row["place"]) == IN_ARCHIVE,
        fields=_fields_of_file(source, row),
        seen_by=seen_by,
        annotations=beside.annotations.get(uid, ()),
        hsm=beside.stubs.state(uid, int(row["place"])),
        findings=beside.findings.get(uid, ()),
    )


def _fields_of_file(
    source: SourceMailbox, row: Rows, *, is_first_kept: bool = False
) -> HeaderFields:
    found = fields_of_file(source, int(row["uid"]), int(row["place"]), is_first_kept=is_first_kept)
    return found or NO_FIELDS
