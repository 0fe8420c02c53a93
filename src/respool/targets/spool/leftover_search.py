"""Looks for what a failed manual restore left on a live server; changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from pathlib import PurePosixPath

from respool.backups.spool_layout import Shelf
from respool.cyrus.mailbox_records import AS_DLIST, BY_ID, MailboxRecord
from respool.cyrus.spool_paths import mailbox_directory, name_of_directory
from respool.errors import RespoolError
from respool.model.accounts import Account, account_of
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool import leftovers as about
from respool.targets.spool.leftover_cures import ServerCommands
from respool.targets.spool.leftover_files import look_at, spot_of
from respool.targets.spool.leftover_records import (
    all_records,
    owner_of_id,
    records_of,
    server_commands,
)
from respool.targets.spool.leftover_walk import (
    Branch,
    LiveSpool,
    Spot,
    account_starts,
    accounts_on_disk,
    as_loose,
    branch_at,
    loose_in,
    loose_under_uuid,
    open_spool,
)
from respool.targets.spool.leftovers import Leftover, Leftovers, MailboxLook, as_leftovers


def find_leftovers(server: CyrusServer, account: Account | None) -> Leftovers:
    """What lies about in the spool of ``account``, or of the whole server for None.

    No mailbox is opened over IMAP: a record without a uniqueid would kill the imapd.
    A part that cannot be looked at gives a finding that says so, never an exception. What
    was found is looked at once more, lest a folder that is just being made is told of.
    """
    first = _looked(server, account)
    if not first.found:
        return first
    second = _looked(server, account)
    return as_leftovers(
        about.seen_twice(first.found, second.found), first.directories & second.directories
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look goes by, and what it finds."""

    server: CyrusServer
    on: ServerCommands
    spool: LiveSpool
    ids: Mapping[str, MailboxName]  # of all mailboxes that were asked for
    broken: frozenset[MailboxName]  # whose record is to go, so that they own nothing
    found: list[Leftover] = field(default_factory=list)
    directories: set[MailboxName] = field(default_factory=set)

    def carefully(self, subject: str, work: Callable[[], None]) -> None:
        """Do ``work``, of one account; where something cannot be read, say so.

        Its listings go with it: a server may have a hundred thousand directories.
        """
        try:
            work()
        except RespoolError as error:
            self.found.append(about.not_searched(subject, _why(error)))
        finally:
            self.spool.listed.clear()


def _looked(server: CyrusServer, account: Account | None) -> Leftovers:
    subject = "the server" if account is None else account.address
    if server.version == (0, 0, 0):
        return as_leftovers([about.not_searched(subject, "the server hides its version")], ())
    inner = None if account is None else _as_server_names(account, server.default_domain)
    try:
        on = server_commands(server)
        records = all_records(server, on) if inner is None else records_of(server, on, inner.root)
        look = _begun(server, on, records)
        accounts = _by_account(look, records) if inner is None else {inner: records}
    except RespoolError as error:
        return as_leftovers([about.not_searched(subject, _why(error))], ())
    for one, its_records in accounts.items():
        look.carefully(one.address, partial(_look_at_account, look, one, its_records))
    if inner is None:
        look.carefully(subject, partial(_look_under_uuid, look, records))
    names = look.directories
    if account is not None:
        names = {replace(name, domain=account.domain) for name in names}
    return as_leftovers(look.found, names)


def _as_server_names(account: Account, default_domain: str | None) -> Account:
    """The account as the server names it: without its default domain."""
    if account.domain is not None and account.domain == default_domain:
        return replace(account, domain=None)
    return account


def _why(error: RespoolError) -> str:
    return error.what if error.why is None else f"{error.what}: {error.why}"


def _begun(server: CyrusServer, on: ServerCommands, records: Sequence[MailboxRecord]) -> _Look:
    """A look that has found what the records alone tell."""
    nameless = tuple(about.without_id(records, on))
    twins = tuple(about.twins_in(records))
    copies = [one.copy.name for one in twins if one.is_sure and on.version >= BY_ID]
    look = _Look(
        server=server,
        on=on,
        spool=open_spool(server.configuration),
        ids={record.uniqueid: record.name for record in records if record.uniqueid is not None},
        broken=frozenset([*(record.name for record in nameless), *copies]),
    )
    look.found.extend(about.record_without_id(record, on) for record in nameless)
    look.found.extend(about.doubled_id(one, on) for one in twins)
    return look


def _by_account(
    look: _Look, records: Sequence[MailboxRecord]
) -> Mapping[Account, Sequence[MailboxRecord]]:
    """The records of each account, and none for accounts that only directories know."""
    found: dict[Account, list[MailboxRecord]] = defaultdict(list)
    for record in records:
        account = account_of(record.name)
        if account is not None:
            found[account].append(record)
    for account in accounts_on_disk(look.spool):
        found.setdefault(account, [])
    return found


def _look_at_account(look: _Look, account: Account, records: Sequence[MailboxRecord]) -> None:
    owned = _owned(look, records)
    seen = [look_at(look.spool, record, spot) for spot, record in owned.items()]
    for one in seen:
        look.found.extend(about.leftovers_of_mailbox(one, look.on))
        owner = _owner_of_header(look, one)
        if owner is not None:
            look.found.append(about.foreign_header(one, owner, look.on))
    if look.on.version < AS_DLIST:  # ids stand in headers alone
        by_header = [replace(one.record, uniqueid=one.header_id) for one in seen]
        look.found.extend(about.doubled_id(one, look.on) for one in about.twins_in(by_header))
    for shelf, start in account_starts(look.spool, account):
        branch = branch_at(look.spool, shelf.partition, start, owned.keys())
        for loose, is_whole in loose_in(branch):
            _tell_of_directory(look, shelf, loose, is_whole=is_whole)


def _owned(look: _Look, records: Sequence[MailboxRecord]) -> dict[Spot, MailboxRecord]:
    """The records that are sound enough to own a directory, by their place."""
    return {
        spot: record
        for record in records
        if record.name not in look.broken
        for spot in (spot_of(look.spool, record),)
        if spot is not None
    }


def _owner_of_header(look: _Look, one: MailboxLook) -> MailboxName | None:
    """Whose uniqueid a mailbox's header bears, where it is another's."""
    own, said = one.record.uniqueid, one.header_id
    if own is None or said is None or said == own:
        return None
    owner = look.ids.get(said)
    if owner is None and look.on.version >= BY_ID:
        owner = owner_of_id(look.server, look.on, said)
    return None if owner == one.record.name else owner


def _tell_of_directory(look: _Look, shelf: Shelf, loose: Branch, *, is_whole: bool) -> None:
    subject = _name_of(shelf, loose.directory)
    shown = subject.display if subject is not None else str(loose.directory)
    value = as_loose(look.spool, shelf.partition, loose, shown, is_whole=is_whole)
    look.found.append(about.loose_directory(value, look.on))
    taken = loose.filled() if is_whole else iter((loose.directory,))
    for directory in (loose.directory, *taken):
        name = _name_of(shelf, directory)
        if name is not None and mailbox_directory(name, look.spool.rules) == directory:
            look.directories.add(name)


def _name_of(shelf: Shelf, directory: PurePosixPath) -> MailboxName | None:
    named = name_of_directory(directory.parts, is_hashed=shelf.is_hashed)
    return None if named is None else named.name


def _look_under_uuid(look: _Look, records: Sequence[MailboxRecord]) -> None:
    owned = _owned(look, records).keys()
    for partition in look.spool.partitions.values():
        for branch in loose_under_uuid(look.spool, partition, owned):
            if branch.has_content:
                subject = str(branch.directory)
                value = as_loose(look.spool, partition, branch, subject, is_whole=True)
                look.found.append(about.loose_directory(value, look.on))
