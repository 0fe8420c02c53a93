"""Looking whose account it was, and is: in the chosen generation, in newer ones, and live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from respool.app.selection import Selection
from respool.backups.choice import usable_generations
from respool.backups.contents import mailboxes_of, root_mailbox
from respool.backups.discovery import Backup
from respool.backups.source import read_header
from respool.errors import BackupError, TargetError
from respool.model.accounts import Account, AccountKind, folder_path
from respool.model.generations import Generation, GenerationState
from respool.model.names import MailboxName
from respool.planning.incarnation import (
    Comparison,
    Incarnation,
    compare_incarnations,
    do_folders_matter,
    owners_of,
)
from respool.system.cyrus_server import CyrusServer
from respool.system.starting import Threads
from respool.targets.spool.names import NameRules

LIVE = "live"
_MOST_GENERATIONS = 40
_MOST_FOLDERS = 50


def compare_with_live(
    backup: Backup,
    selection: Selection,
    server: CyrusServer,
    rules: NameRules,
    directory_id: str | None = None,
    live_id: str | None = None,
) -> Comparison:
    """What speaks for and against the live account being the selection's, all along.

    ``directory_id`` is whom BlueMind's directory has for the account now, as ACLs name him;
    None where it was not asked. ``live_id`` is that of the live INBOX, where it is known. Of
    each generation only the header of the account's root is read; headers of folders only
    where the ids of INBOX leave the question open. Changes nothing.

    Raises:
        BackupError: the selection's own generation cannot be read.
        TargetError: the live account is not there, or the server is gone.
    """
    account, administrators = selection.account, _administrators(server)
    live = _live(server, account, administrators, rules, live_id)
    live = replace(live, directory_id=directory_id)
    known_ids = [live.inbox_id]
    chosen = _of_generation(selection.generation, account, administrators, known_ids)
    chosen = chosen or Incarnation(where=_where(selection.generation), owners=None, inbox_id=None)
    newer = tuple(_newer(backup, selection, administrators, [*known_ids, chosen.inbox_id]))
    if do_folders_matter(chosen, live):
        ids = _folder_ids(selection.generation, account)
        live_ids = _live_folder_ids(server, rules, ids)
        chosen = replace(chosen, folder_ids=_by_path(ids))
        live = replace(live, folder_ids=_by_path(live_ids))
    userid = account.userid if account.kind is AccountKind.USER else None
    return compare_incarnations(chosen, newer, live, userid=userid)


def _administrators(server: CyrusServer) -> frozenset[str]:
    """Who administers the server: nobody's account is his for having all rights on it."""
    imap_admins = server.configuration.text("imap_admins").split()
    return frozenset({server.admin_name, *server.configuration.admins, *imap_admins})


def _live(
    server: CyrusServer,
    account: Account,
    administrators: frozenset[str],
    rules: NameRules,
    live_id: str | None,
) -> Incarnation:
    root = rules.written(account.root)
    owners = owners_of(server.admin.acl(root), administrators)
    if owners is not None and account.domain == rules.default_domain is not None:
        # The server leaves its default domain out of userids; backups may have it.
        owners = frozenset(who if "@" in who else f"{who}@{account.domain}" for who in owners)
    return Incarnation(
        where=LIVE,
        owners=owners if account.kind is AccountKind.USER else None,
        inbox_id=live_id or _ids_asked(server, {account.root: root}).get(account.root),
    )


def _newer(
    backup: Backup,
    selection: Selection,
    administrators: frozenset[str],
    known_ids: Sequence[str | None],
) -> Iterator[Incarnation]:
    """The account in newer generations, oldest first: at most 40 of them, evenly, the newest too.

    One that lacks the account or cannot be read is passed over.
    """
    ids = list(known_ids)
    usable = usable_generations(backup.generations)
    newer = usable[: usable.index(selection.generation)] if selection.generation in usable else []
    every = -(-len(newer) // _MOST_GENERATIONS) or 1
    for generation in reversed(newer[::every]):
        try:
            found = _of_generation(generation, selection.account, administrators, ids)
        except BackupError:
            continue
        if found is not None:
            ids.insert(0, found.inbox_id)
            yield found


def _of_generation(
    generation: Generation,
    account: Account,
    administrators: frozenset[str],
    known_ids: Iterable[str | None],
) -> Incarnation | None:
    likely = dict.fromkeys(each for each in known_ids if each is not None)
    source = root_mailbox(generation, account, likely)
    if source is None:
        return None
    header = read_header(source)
    is_owned = header is not None and account.kind is AccountKind.USER
    return Incarnation(
        where=_where(generation),
        owners=owners_of(header.acl, administrators) if header and is_owned else None,
        inbox_id=header.uniqueid if header else None,
    )


def _where(generation: Generation) -> str:
    if generation.state is GenerationState.UNDATED:
        return "backup"
    is_numbered = generation.generation_id is not None
    return f"generation {generation.label}" if is_numbered else generation.label


def _folder_ids(generation: Generation, account: Account) -> Mapping[MailboxName, str]:
    """The ids of an account's folders in a backup, without INBOX and what was deleted."""
    headers = {
        source.name: read_header(source)
        for source in mailboxes_of(generation, account)
        if source.name != account.root and not source.name.is_deleted
    }
    return {name: head.uniqueid for name, head in headers.items() if head and head.uniqueid}


def _live_folder_ids(
    server: CyrusServer, rules: NameRules, names: Iterable[MailboxName]
) -> Mapping[MailboxName, str]:
    """The live ids of those of ``names`` that are there, of 50 at most."""
    written = {name: rules.written(name) for name in names}
    there = ((name, mailbox) for name, mailbox in written.items() if _is_there(server, mailbox))
    return _ids_asked(server, dict(islice(there, _MOST_FOLDERS)))


def _is_there(server: CyrusServer, mailbox: str) -> bool:
    try:
        return server.admin.exists(mailbox)
    except TargetError:  # a name of the backup that cannot be sent
        return False


def _ids_asked(
    server: CyrusServer, mailboxes: Mapping[MailboxName, str]
) -> Mapping[MailboxName, str]:
    """The ids that the server tells of ``mailboxes``, which it lists; unknown ones left out.

    A broken record in its mailboxes.db has none, and can cost whoever asks his session. So
    another thread asks, which has a session of its own.
    """
    with Threads(1) as other:
        told = other.map(lambda mailbox: _id_or_none(server, mailbox), mailboxes.values())
        ids = zip(mailboxes, told, strict=True)
        return {name: uniqueid for name, uniqueid in ids if uniqueid is not None}


def _id_or_none(server: CyrusServer, mailbox: str) -> str | None:
    try:
        return server.uniqueid(mailbox)
    except TargetError:
        return None


def _by_path(ids: Mapping[MailboxName, str]) -> Mapping[str, str]:
    return {folder_path(name): uniqueid for name, uniqueid in ids.items()}
