"""What a server's databases say of one mailbox: readers and annotations, as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Final

from respool.backups.kept_tables import AnnotationTable, SeenTable
from respool.backups.server_files import ConfigDirectory, entries_of, loss
from respool.backups.source import SourceMailbox, tree_at
from respool.cyrus.annotations import (
    MESSAGE_ANNOTATIONS_FILE,
    OWNER,
    VERSION_KEY_START,
    parse_annotation_key,
    parse_annotation_value,
)
from respool.cyrus.seen import ANYONE, parse_seen
from respool.errors import FormatError
from respool.model.accounts import Account, AccountKind
from respool.model.findings import Finding
from respool.model.inventory import StoredMailbox
from respool.model.names import MailboxName
from respool.model.state import Annotation, UidSet

SEEN_IN_INDEX: Final = 12  # the first index version that holds a \Seen


def owner_of(account: Account) -> str | None:
    """The userid of an account's owner; a mailshare has none."""
    return account.userid if account.kind is AccountKind.USER else None


def readers_of(
    table: SeenTable, mailbox: StoredMailbox, owner: str | None, findings: list[Finding]
) -> Mapping[str, UidSet]:
    r"""Who has a ``\Seen`` of his own in a mailbox: nobody whose ``\Seen`` is in the index.

    That is the owner's, and everybody's where the mailbox shares it.
    """
    if mailbox.shared_seen:
        return {}
    found = _seen_of(table, mailbox, findings)
    return {
        userid: seen
        for userid, seen in sorted(found.items())
        if seen.ranges and userid not in {owner, ANYONE}
    }


def seen_before_index_had_it(
    table: SeenTable, mailbox: StoredMailbox, owner: str | None
) -> UidSet | None:
    r"""The ``\Seen`` that belongs into the records of an index from before version 12.

    The owner's, or everybody's where the mailbox shares it; None for later indexes, and
    for a mailshare that does not share it.
    """
    if mailbox.index_version is None or mailbox.index_version >= SEEN_IN_INDEX:
        return None
    reader = ANYONE if mailbox.shared_seen else owner
    return None if reader is None else _seen_of(table, mailbox, []).get(reader)


def annotations_of(
    table: AnnotationTable,
    name: MailboxName,
    uniqueid: str | None,
    owner: str | None,
    findings: list[Finding],
) -> tuple[Annotation, ...]:
    """The annotations of a mailbox itself: by its uniqueid as 3.6 has them, else by its name."""
    keys = [name.internal.encode("utf-8", "surrogateescape")]
    if uniqueid:
        keys.insert(0, uniqueid.encode("utf-8", "surrogateescape"))
    for key in keys:
        records = table.by_mailbox.get(key)
        if records:
            return _parsed(records.items(), owner, name.display, findings)
    return ()


def annotations_on_messages(
    source: SourceMailbox, owner: str | None, findings: list[Finding]
) -> tuple[Annotation, ...]:
    """The annotations of a mailbox's messages, of ``cyrus.annotations`` in meta, else in data."""
    tree = tree_at(source.spool)
    records: list[tuple[bytes, bytes]] = []

    def take(key: bytes, value: bytes) -> None:
        if not key.startswith(VERSION_KEY_START):
            records.append((key, value))

    for directory in (source.place.meta, source.place.data):
        if directory is None:
            continue
        file = directory / MESSAGE_ANNOTATIONS_FILE
        if entries_of(ConfigDirectory(tree, directory), file, take, findings):
            subject = MESSAGE_ANNOTATIONS_FILE
            return _parsed(records, owner, subject, findings, file)
    return ()


def _seen_of(
    table: SeenTable, mailbox: StoredMailbox, findings: list[Finding]
) -> dict[str, UidSet]:
    """What each reader's record says; empty sets too."""
    found: dict[str, UidSet] = {}
    for userid, value in table.by_id.get(mailbox.uniqueid or "", {}).items():
        try:
            found[userid] = parse_seen(value).uids
        except FormatError as error:
            text = f"what {userid} has seen cannot be read: {error.found or error.what}"
            findings.append(loss("database-record-damaged", mailbox.name.display, text))
    return found


def _parsed(
    records: Iterable[tuple[bytes, bytes]],
    owner: str | None,
    subject: str,
    findings: list[Finding],
    file: PurePosixPath | None = None,
) -> tuple[Annotation, ...]:
    """Annotations, sorted; ``file`` is that of a mailbox with those of its messages."""
    found: list[Annotation] = []
    for key, value in records:
        try:
            annotation = _annotation(key, value, owner, are_on_messages=file is not None)
        except FormatError as error:
            text = f"{error.what}: {error.found}"
            findings.append(loss("database-record-damaged", subject, text, file))
            continue
        if annotation is not None:
            found.append(annotation)
    found.sort(key=lambda each: (each.uid or 0, each.entry, each.userid))
    return tuple(found)


def _annotation(
    key: bytes, value: bytes, owner: str | None, *, are_on_messages: bool
) -> Annotation | None:
    """None for one that was deleted."""
    parsed_key = parse_annotation_key(key)
    parsed = parse_annotation_value(value)
    if parsed.is_deleted:
        return None
    uid = None
    if are_on_messages:
        if not parsed_key.of.isdigit() or len(parsed_key.of) > 10:
            raise FormatError("not an annotation of a message", found=repr(key[:80]))
        uid = int(parsed_key.of)
    userid = owner if parsed_key.userid == OWNER and owner is not None else parsed_key.userid
    return Annotation(entry=parsed_key.entry, userid=userid, value=parsed.value, uid=uid)
