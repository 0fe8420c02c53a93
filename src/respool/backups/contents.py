"""A generation's accounts and mailboxes, discovered from directories without reading mail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import PurePosixPath

from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox, read_mailbox, tree_at
from respool.backups.spool_layout import (
    Partition,
    Shelf,
    directories_in,
    find_partitions,
    folders_below,
    letter_findings,
    shelves_of,
)
from respool.backups.staged import staged_mailboxes, staged_root_mailboxes
from respool.backups.uuid_layout import nameless_in, uuid_mailboxes, uuid_mailboxes_named
from respool.cyrus.spool_paths import (
    HEADER_FILE,
    INDEX_FILE,
    NOT_MAIL,
    is_like_message_file,
    name_of_directory,
)
from respool.model.accounts import Account, AccountKind, account_of
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.generations import Generation, Part
from respool.model.inventory import MailboxPlace
from respool.model.names import DELETED, USER, MailboxName
from respool.system.read_only import ReadOnlyTree

__all__ = [
    "ListedAccount",
    "accounts_in",
    "all_mailboxes",
    "list_accounts",
    "mailboxes_of",
    "read_mailbox",
    "root_mailbox",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAccount:
    """An account of a generation; ``is_deleted`` where only deleted mailboxes are left of it."""

    account: Account
    is_deleted: bool


def accounts_in(generation: Generation) -> Iterator[Account]:
    """All accounts of a generation in order, those too of which only DELETED is left."""
    for listed in list_accounts(generation):
        yield listed.account


def list_accounts(generation: Generation) -> tuple[ListedAccount, ...]:
    """The accounts of all parts, in order. No index is read.

    Directories of one account, which do not say whose they are, add none.

    Raises:
        BackupFileMissing, BackupUnreadable: a part cannot be opened.
    """
    is_deleted: dict[Account, bool] = {}
    for part in _spools(generation):
        tree = tree_at(part.place)
        for account, deleted in _accounts_of_tree(tree):
            is_deleted[account] = is_deleted.get(account, True) and deleted
    return tuple(
        ListedAccount(account=account, is_deleted=deleted)
        for account, deleted in sorted(is_deleted.items(), key=lambda item: _order(item[0]))
    )


def mailboxes_of(generation: Generation, account: Account) -> tuple[SourceMailbox, ...]:
    """The mailboxes of an account by name, deleted ones included. No index is read.

    Directories of one account are those of any account that is asked for.
    Names are unique: where a mailbox is found twice, the one that a server would not
    look for gets ``~2`` after its name, and a finding.

    Raises:
        BackupFileMissing, BackupUnreadable: a part cannot be opened.
    """
    found: list[SourceMailbox] = []
    for part in _staged(generation):
        found += staged_mailboxes(part, account)
    for part in _spools(generation):
        tree = tree_at(part.place)
        for partition in find_partitions(tree):
            for shelf in shelves_of(tree, partition):
                if shelf.domain == account.domain:
                    found += _on_shelf(part, tree, shelf, account)
            found += [
                SourceMailbox(name=name, spool=part.place, place=place, part_id=part.part_id)
                for name, place in uuid_mailboxes(tree, partition)
                if account_of(name) == account
            ]
    return _without_twins(found)


def all_mailboxes(generation: Generation) -> Mapping[Account, tuple[SourceMailbox, ...]]:
    """The mailboxes of every account, as `mailboxes_of` gives those of each: in one walk.

    Directories of one account, which do not say whose they are, add none.

    Raises:
        BackupFileMissing, BackupUnreadable: a part cannot be opened.
    """
    found: dict[Account, list[SourceMailbox]] = {
        each.account: [] for each in list_accounts(generation)
    }
    for source in _everywhere(generation):
        account = account_of(source.name)
        if account is not None and account in found:
            found[account].append(source)
    return {account: _without_twins(sources) for account, sources in found.items()}


def _everywhere(generation: Generation) -> Iterator[SourceMailbox]:
    for part in _spools(generation):
        tree = tree_at(part.place)
        for partition in find_partitions(tree):
            yield from _in_partition(part, tree, partition)


def _in_partition(part: Part, tree: ReadOnlyTree, partition: Partition) -> Iterator[SourceMailbox]:
    for shelf in shelves_of(tree, partition):
        starts = [shelf.prefix / name for name in _real_names(tree, shelf, shelf.prefix)]
        below = (folders_below(tree, partition.roots, each) for each in starts)
        sources = (_source(part, tree, shelf, each) for each in chain.from_iterable(below))
        yield from (each for each in sources if each is not None)
    for name, place in uuid_mailboxes(tree, partition):
        yield SourceMailbox(name=name, spool=part.place, place=place, part_id=part.part_id)


def root_mailbox(
    generation: Generation, account: Account, likely_ids: Iterable[str] = ()
) -> SourceMailbox | None:
    """The mailbox of an account's root alone, or None; nothing below it is walked.

    In the uuid layout only headers name mailboxes: those of ``likely_ids`` are read
    first, and all of them only where none of those is it.

    Raises:
        BackupFileMissing, BackupUnreadable: a part cannot be opened.
    """
    directory = PurePosixPath(*(name.replace(".", "^") for name in account.root.parts))
    found: list[SourceMailbox] = []
    for part in _staged(generation):
        found += staged_root_mailboxes(part, account)
    for part in _spools(generation):
        tree = tree_at(part.place)
        for partition in find_partitions(tree):
            shelves = [
                each for each in shelves_of(tree, partition) if each.domain == account.domain
            ]
            sources = [_source(part, tree, shelf, shelf.prefix / directory) for shelf in shelves]
            found += [source for source in sources if source is not None]
            found += [
                SourceMailbox(name=name, spool=part.place, place=place, part_id=part.part_id)
                for name, place in uuid_mailboxes_named(tree, partition, account.root, likely_ids)
            ]
    return next(iter(_without_twins(found)), None)


def findings_of(generation: Generation) -> tuple[Finding, ...]:
    """What is odd about a generation's spools as a whole: mailboxes that nothing names."""
    return tuple(
        finding
        for part in _spools(generation)
        for partition in find_partitions(tree_at(part.place))
        for finding in nameless_in(tree_at(part.place), partition)
    )


def _spools(generation: Generation) -> list[Part]:
    return [part for part in generation.parts if part.staged is None]


def _staged(generation: Generation) -> list[Part]:
    return [part for part in generation.parts if part.staged is not None]


def _order(account: Account) -> tuple[str, str, str]:
    return (account.domain or "", account.kind.value, account.login)


def _accounts_of_tree(tree: ReadOnlyTree) -> Iterator[tuple[Account, bool]]:
    for partition in find_partitions(tree):
        for shelf in shelves_of(tree, partition):
            yield from _accounts_on(tree, shelf)
        for name, _ in uuid_mailboxes(tree, partition):
            account = account_of(name)
            if account is not None:
                yield account, name.is_deleted


def _accounts_on(tree: ReadOnlyTree, shelf: Shelf) -> Iterator[tuple[Account, bool]]:
    for name in _real_names(tree, shelf, shelf.prefix):
        if name == USER:
            for login in _real_names(tree, shelf, shelf.prefix / USER):
                yield _account(shelf, AccountKind.USER, login), False
        elif name == DELETED:
            yield from _deleted_accounts_on(tree, shelf)
        else:
            yield _account(shelf, AccountKind.MAILSHARE, name), False


def _deleted_accounts_on(tree: ReadOnlyTree, shelf: Shelf) -> Iterator[tuple[Account, bool]]:
    for name in _real_names(tree, shelf, shelf.prefix / DELETED):
        if name == USER:
            for login in _real_names(tree, shelf, shelf.prefix / DELETED / USER):
                yield _account(shelf, AccountKind.USER, login), True
        else:
            yield _account(shelf, AccountKind.MAILSHARE, name), True


def _real_names(tree: ReadOnlyTree, shelf: Shelf, below: PurePosixPath) -> list[str]:
    names = directories_in(tree, shelf.partition, below)
    return [name for name in names if name not in NOT_MAIL and not name.startswith(".")]


def _account(shelf: Shelf, kind: AccountKind, directory: str) -> Account:
    return Account(kind=kind, login=directory.replace("^", "."), domain=shelf.domain)


def _on_shelf(
    part: Part, tree: ReadOnlyTree, shelf: Shelf, account: Account
) -> list[SourceMailbox]:
    below = PurePosixPath(*(name.replace(".", "^") for name in account.root.parts))
    found: list[SourceMailbox] = []
    for start in (shelf.prefix / below, shelf.prefix / DELETED / below):
        for directory in folders_below(tree, shelf.partition.roots, start):
            source = _source(part, tree, shelf, directory)
            if source is not None:
                found.append(source)
    return found


def _source(
    part: Part, tree: ReadOnlyTree, shelf: Shelf, directory: PurePosixPath
) -> SourceMailbox | None:
    """The mailbox of a directory, or None where it only holds others."""
    roots = shelf.partition
    place = MailboxPlace(
        partition=roots.name,
        data=_if_there(tree, roots.data, directory),
        meta=_if_there(tree, roots.meta, directory),
        archive=_if_there(tree, roots.archive, directory),
    )
    named = name_of_directory(directory.parts, is_hashed=shelf.is_hashed)
    if named is None or not _has_mail(tree, place):
        return None
    return SourceMailbox(
        name=named.name,
        spool=part.place,
        place=place,
        part_id=part.part_id,
        findings=letter_findings(named, place.directory),
    )


def _if_there(
    tree: ReadOnlyTree, root: PurePosixPath | None, directory: PurePosixPath
) -> PurePosixPath | None:
    if root is None or not tree.is_directory(root / directory):
        return None
    return root / directory


def _has_mail(tree: ReadOnlyTree, place: MailboxPlace) -> bool:
    directories = (place.meta, place.data, place.archive)
    return any(
        not is_directory and (name in {HEADER_FILE, INDEX_FILE} or is_like_message_file(name))
        for directory in directories
        if directory is not None
        for name, is_directory in tree.names(directory)
    )


def _without_twins(found: list[SourceMailbox]) -> tuple[SourceMailbox, ...]:
    """In name order, each name once. Of several keeps it the one that a server would open:
    that of the partition which mailboxes.db names, else with its letter and with meta.
    """
    counted = Counter(source.name for source in found)
    ordered = sorted(
        found,
        key=lambda source: (
            source.name.parts,
            counted[source.name] > 1 and not _is_where_it_should_be(source),
            bool(source.findings),
            source.place.meta is None,
        ),
    )
    numbers: Counter[MailboxName] = Counter()
    unique = []
    for source in ordered:
        numbers[source.name] += 1
        number = numbers[source.name]
        unique.append(source if number == 1 else _twin(source, number))
    return tuple(unique)


def _is_where_it_should_be(source: SourceMailbox) -> bool:
    record = server_state(source.spool).mailbox_records().get(source.name)
    return record is None or record.partition == source.place.partition


def _twin(source: SourceMailbox, number: int) -> SourceMailbox:
    where = source.place.directory
    finding = Finding(
        severity=Severity.NOTE,
        code="mailbox-found-twice",
        subject=source.name.display,
        text=f"found again in {source.spool}/{where}; shown under another name",
        file=where,
    )
    *above, last = source.name.parts
    name = replace(source.name, parts=(*above, f"{last}~{number}"))
    return replace(source, name=name, findings=(*source.findings, finding))
