"""Which mailboxes of an account the live server has, and where they lie.

Its own list says so. Where that cannot be read, directories do: then what a server deleted
badly may be among them. What cannot be reached is named, not left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from respool.backups.contents import mailboxes_of
from respool.backups.server_files import ConfigDirectory, entries_of
from respool.backups.source import SourceMailbox, tree_at
from respool.backups.spool_layout import Partition, find_partitions
from respool.cyrus.mailbox_records import MailboxRecord
from respool.cyrus.mailboxes_db import MailboxTable
from respool.cyrus.spool_paths import mailbox_directory, uuid_directory
from respool.model.accounts import Account, account_of, folder_path
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation
from respool.model.inventory import MailboxPlace
from respool.model.names import DELETED, MailboxName
from respool.system.live_tree import LiveTree

UNREAD: Final = "live-folder-unread"
UNLISTED: Final = "live-list-damaged"
ATTEMPTS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSources:
    """Mailboxes by name, none read yet; ``unread`` are those of people's without anything to read.

    Those below DELETED are not among these: what is in them, people do not see.
    """

    found: tuple[SourceMailbox, ...]
    unread: tuple[Finding, ...] = ()


def sources_of(live: Generation, account: Account) -> LiveSources:
    """The mailboxes of an account. No index is read.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    place = live.parts[0].place
    table, losses = _list_of_mailboxes(place)
    if table is None:
        return LiveSources(found=mailboxes_of(live, account), unread=tuple(_not_here(place)))
    prefix = _deleted_prefix(place)
    deleted = MailboxName(domain=account.domain, parts=(*prefix, *account.root.parts))
    partitions = {str(each.name): each for each in find_partitions(tree_at(place))}
    found: list[SourceMailbox] = []
    unread = [_of_any_folder(each.subject, each.text) for each in losses]
    unread += _damaged(table, account)
    unread += [
        unread_finding(folder_path(each.name), "it is on another server, or on its way to one")
        for each in table.elsewhere_below(account.root)
        if account_of(each.name) == account
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
    return LiveSources(
        found=tuple(sorted(found, key=lambda each: each.name.parts)), unread=tuple(unread)
    )


def _damaged(table: MailboxTable, account: Account) -> Iterator[Finding]:
    why = "its entry in the server's list of mailboxes is damaged"
    for key, name in table.damaged_below(account.root):
        if name is None:
            yield _of_any_folder(key, why)
        elif account_of(name) == account:
            yield unread_finding(folder_path(name), why)


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
    return unread_finding(folder_path(record.name), why)


def _not_here(place: PurePosixPath) -> Iterator[Finding]:
    """Without the list of mailboxes nobody knows what lies in partitions that are not here."""
    tree = tree_at(place)
    if not isinstance(tree, LiveTree):
        return
    for kind in ("", "meta"):
        for name in sorted(tree.configuration.roots(kind).keys() - tree.roots(kind).keys()):
            yield _of_any_folder(f"{kind}partition-{name}", "it is not on this machine")


def _list_of_mailboxes(place: PurePosixPath) -> tuple[MailboxTable | None, tuple[Finding, ...]]:
    """What the server's own list says now, and what is lost of it; None where it is not read."""
    tree = tree_at(place)
    file = tree.list_of_mailboxes if isinstance(tree, LiveTree) else None
    if file is None:
        return None, ()
    found, losses = None, tuple[Finding, ...]()
    for _ in range(ATTEMPTS):
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


def unread_finding(subject: str, why: str) -> Finding:
    """That nobody knows what is in a folder of an account, by its path."""
    return Finding(severity=Severity.LOSS, code=UNREAD, subject=subject, text=why)


def _of_any_folder(subject: str, why: str) -> Finding:
    """That folders may be there of which nobody knows, not even what they are called."""
    return Finding(severity=Severity.LOSS, code=UNLISTED, subject=subject, text=why)
