"""The live server's mailboxes of one account, found and read as those of a backup are.

Its own list says which there are. Where that cannot be read, directories do: then what a
server deleted badly may be among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from respool.backups.contents import mailboxes_of
from respool.backups.counted import read_for_counts
from respool.backups.server_files import ConfigDirectory, entries_of
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox, read_index, read_mailbox, tree_at
from respool.backups.spool_layout import Partition, find_partitions
from respool.cyrus.mailbox_records import MailboxRecord
from respool.cyrus.mailboxes_db import MailboxTable
from respool.cyrus.spool_paths import INDEX_FILE, mailbox_directory, uuid_directory
from respool.errors import BackupError
from respool.model.accounts import Account, account_of, folder_path
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation, GenerationState, Part
from respool.model.inventory import (
    COUNTED,
    EXPUNGED,
    UNLINKED,
    MailboxPlace,
    Rows,
    StoredMailbox,
)
from respool.model.names import DELETED, MailboxName
from respool.system.live_tree import LIVE, LiveTree, live_place
from respool.system.read_only import Entry

UNREAD: Final = "live-folder-unread"

_ATTEMPTS: Final = 4
_CUT: Final = frozenset(
    {
        "index-cut",
        "index-record-damaged",
        "index-record-impossible-uid",
        "index-record-out-of-order",
    }
)
_RECORD_OCTETS: Final = 112  # of an index: those of the newest versions
_HEADER_OCTETS: Final = 256  # more than any version's header of an index

Pair = tuple[SourceMailbox, StoredMailbox]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveMailboxes:
    """An account's live mailboxes by name, deleted ones included; ``findings`` are about all.

    Those of the kind UNREAD name what cannot be read, by the path of the folder: whether
    a message is there, nobody knows.
    """

    pairs: tuple[Pair, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """Mailboxes by name, none read yet; ``unread`` are those of people's without anything to read.

    Those below DELETED are not among these: what is in them, people do not see.
    """

    found: tuple[SourceMailbox, ...]
    unread: tuple[Finding, ...] = ()


def live_generation(imapd_conf: Path, now: datetime) -> Generation:
    """The live server as a generation, to be read as any other. Forgets former looks at it."""
    tree_at.cache_clear()
    server_state.cache_clear()
    return Generation(
        generation_id=None,
        label=LIVE,
        taken_at=now,
        is_about=False,
        state=GenerationState.COMPLETE,
        parts=(Part(part_id=None, place=live_place(imapd_conf)),),
    )


def read_live(live: Generation, account: Account, *, is_for_counts: bool = False) -> LiveMailboxes:
    """All mailboxes of an account as they stood at one moment, or nearly.

    What is made, renamed or deleted meanwhile is looked for again; if that never ends, a
    finding says so. With ``is_for_counts`` no file is asked for its size, and records have
    the columns of COUNTED.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    read = _counted if is_for_counts else read_mailbox
    sources = _sources_of(live, account)
    pairs: tuple[Pair, ...] = ()
    changing: tuple[Finding, ...] = (_changing("folders", "which there are"),)
    for _ in range(_ATTEMPTS):
        pairs = tuple((each, read_steadily(each, read)) for each in sources.found)
        before, sources = sources, _sources_of(live, account)
        if sources.found == before.found:
            changing = ()
            break
    seen = (box for source, box in pairs if not source.name.is_deleted)
    without = (_without_index(box) for box in seen if not is_read(box))
    return LiveMailboxes(pairs=pairs, findings=(*changing, *sources.unread, *without))


def is_read(mailbox: StoredMailbox) -> bool:
    """Whether all that its index has is known: else nobody can say what is not in it."""
    return mailbox.has_index and not _CUT.intersection(each.code for each in mailbox.findings)


def read_steadily(
    source: SourceMailbox, read: Callable[[SourceMailbox], StoredMailbox] = read_mailbox
) -> StoredMailbox:
    """A mailbox whose index was the same before and after it was read.

    If it never is, a finding says so. Errors as those of ``read``.
    """
    for _ in range(_ATTEMPTS - 1):
        before = _stamp(source)
        mailbox = read(source)
        if _stamp(source) == before:
            return mailbox
    mailbox = read(source)
    found = _changing(source.name.display, "its messages")
    return replace(mailbox, findings=(*mailbox.findings, found))


def live_sources(live: Generation, account: Account) -> tuple[SourceMailbox, ...]:
    """The mailboxes of an account by name, deleted ones included. No index is read.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    return _sources_of(live, account).found


def _sources_of(live: Generation, account: Account) -> _Sources:
    place = live.parts[0].place
    table, losses = _list_of_mailboxes(place)
    if table is None:
        return _Sources(found=mailboxes_of(live, account), unread=tuple(_not_here(place)))
    prefix = _deleted_prefix(place)
    deleted = MailboxName(domain=account.domain, parts=(*prefix, *account.root.parts))
    partitions = {str(each.name): each for each in find_partitions(tree_at(place))}
    found: list[SourceMailbox] = []
    unread = [_unread(each.subject, each.text) for each in losses]
    unread += [
        _unread(key, "its entry in the server's list of mailboxes is damaged")
        for key in table.damaged_below(account.root)
    ]
    for above in (account.root, deleted):
        for record in table.records_below(above):
            name = _as_elsewhere(record.name, prefix)
            if account_of(name) == account:
                partition = partitions.get(record.partition)
                places = list(_places(place, partition, record))
                found += [SourceMailbox(name=name, spool=place, place=each) for each in places]
                if not places and not name.is_deleted:
                    unread.append(_without_directory(record, partition))
    return _Sources(
        found=tuple(sorted(found, key=lambda each: each.name.parts)), unread=tuple(unread)
    )


def _deleted_prefix(place: PurePosixPath) -> tuple[str, ...]:
    tree = tree_at(place)
    return tree.deleted_prefix if isinstance(tree, LiveTree) else (DELETED,)


def _as_elsewhere(name: MailboxName, prefix: tuple[str, ...]) -> MailboxName:
    """A deleted mailbox as it is called where ``deletedprefix`` is the usual one."""
    if prefix == (DELETED,) or name.parts[: len(prefix)] != prefix:
        return name
    return replace(name, parts=(DELETED, *name.parts[len(prefix) :]))


def _without_directory(record: MailboxRecord, partition: Partition | None) -> Finding:
    why = (
        f"its partition {record.partition} is not on this machine"
        if partition is None
        else f"it has no directory in partition {record.partition}"
    )
    return _unread(folder_path(record.name), why)


def _not_here(place: PurePosixPath) -> Iterator[Finding]:
    """Without the list of mailboxes nobody knows what lies in partitions that are not here."""
    tree = tree_at(place)
    if not isinstance(tree, LiveTree):
        return
    for kind in ("", "meta"):
        for name in sorted(tree.configuration.roots(kind).keys() - tree.roots(kind).keys()):
            yield _unread(f"{kind}partition-{name}", "it is not on this machine")


def _without_index(mailbox: StoredMailbox) -> Finding:
    why = "its index is damaged" if mailbox.has_index else "its index cannot be read"
    return _unread(folder_path(mailbox.name), why)


def _unread(subject: str, why: str) -> Finding:
    return Finding(severity=Severity.LOSS, code=UNREAD, subject=subject, text=why)


def live_guids(sources: Sequence[SourceMailbox], most: int) -> list[Rows] | None:
    """The GUIDs that people see, a column for each folder; None where they are very many.

    Indexes alone are read, once each: what changes just then may be a message more or less.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    seen = [each for each in sources if not each.name.is_deleted]
    octets = sum(entry.size_bytes for each in seen for entry, _ in _stamp(each)[:1])
    if octets > most * _RECORD_OCTETS:
        return None
    found: list[Rows] = []
    for each in seen:
        index = read_index(each, COUNTED)
        if index is not None:
            hidden = index.records["system_flags"] & (EXPUNGED | UNLINKED)
            found.append(index.records["guid"][hidden == 0])
    return found


def _counted(source: SourceMailbox) -> StoredMailbox:
    return read_for_counts(source, 0)


def _list_of_mailboxes(place: PurePosixPath) -> tuple[MailboxTable | None, tuple[Finding, ...]]:
    """What the server's own list says now, and what is lost of it; None where it is not read."""
    tree = tree_at(place)
    file = tree.list_of_mailboxes if isinstance(tree, LiveTree) else None
    if file is None:
        return None, ()
    found, losses = None, tuple[Finding, ...]()
    for _ in range(_ATTEMPTS):
        before = tree.stat(file)
        entries: dict[bytes, bytes] = {}
        findings: list[Finding] = []
        config = ConfigDirectory(tree, file.parent)
        if entries_of(config, file, entries.__setitem__, findings):
            found = MailboxTable(entries)
            losses = tuple(each for each in findings if each.severity is Severity.LOSS)
            if not findings and tree.stat(file) == before:
                break
    return found, losses


def _places(
    spool: PurePosixPath, partition: Partition | None, record: MailboxRecord
) -> Iterator[MailboxPlace]:
    """Where a mailbox of the list lies; nothing where none of its directories is there."""
    tree = tree_at(spool)
    if partition is None or not isinstance(tree, LiveTree):
        return
    if record.is_under_uuid and record.uniqueid is not None:
        below = uuid_directory(record.uniqueid)
    else:
        below = mailbox_directory(record.name, tree.path_rules)
    there = {root: root / below for root in partition.roots if tree.is_directory(root / below)}
    if there:
        yield MailboxPlace(
            partition=partition.name,
            data=there.get(partition.data) if partition.data else None,
            meta=there.get(partition.meta) if partition.meta else None,
            archive=there.get(partition.archive) if partition.archive else None,
        )


def _stamp(source: SourceMailbox) -> Sequence[tuple[Entry, bytes]]:
    """What changes whenever the server writes a mailbox's index."""
    tree = tree_at(source.spool)
    found = []
    for directory in (source.place.meta, source.place.data):
        if directory is not None:
            with suppress(BackupError):
                entry = tree.stat(directory / INDEX_FILE)
                if entry is not None:
                    found.append((entry, tree.read(directory / INDEX_FILE, _HEADER_OCTETS)))
    return found


def _changing(subject: str, what: str) -> Finding:
    text = f"{what} changed each time that live mail was read"
    return Finding(severity=Severity.NOTE, code="live-changing", subject=subject, text=text)
