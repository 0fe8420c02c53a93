"""Which live account gets the mail, and how it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from respool.app.account_lookup import only_known, written_out
from respool.app.root_header import root_of
from respool.app.selection import Selection
from respool.app.wish import Wish
from respool.backups.addresses import AddressSource
from respool.backups.server_state import server_state
from respool.backups.source import SourceMailbox
from respool.errors import AccountNotOnServer, AmbiguousName, UsageError
from respool.model.accounts import Account, AccountKind
from respool.model.names import encoded_part
from respool.planning.request import RestoreRequest
from respool.system.cyrus_server import CyrusServer
from respool.system.file_systems import free_room
from respool.system.ownership import ourselves
from respool.targets.spool.absent import Former, survey_absent
from respool.targets.spool.survey import SpoolSurvey
from respool.targets.spool.surveyor import name_rules, survey_account

_KINDS: Final = {"user": AccountKind.USER, "share": AccountKind.MAILSHARE}
_ELSEWHERE: Final = ("imap", "imaps", "maildir", "mbox", "zip", "eml")


def target_of(
    wish: Wish, selection: Selection, server: CyrusServer, live: AddressSource | None = None
) -> Account:
    """The account that ``--to`` names, a user or a mailshare; without it the backup's own.

    ``live`` is asked for a name that the server does not know as it is written.

    Raises:
        UsageError: something that is no account.
        AmbiguousName: the live server has both a user and a mailshare of that name, or its
            directory several.
        AccountNotOnServer: nothing of that name is there, and BlueMind's core was not asked.
    """
    if wish.to is None:
        is_typed = wish.wanted.account.partition("/")[0] in _KINDS
        return selection.account if is_typed else _of_either_kind(selection, server)
    word, slash, rest = wish.to.partition("/")
    kind = _KINDS.get(word) if slash else None
    address = rest if kind is not None else wish.to
    is_elsewhere = wish.to.partition(":")[0] in _ELSEWHERE
    if is_elsewhere or "/" in address or not address.strip("@"):
        raise UsageError(
            f'--to "{wish.to}" is no account of this server',
            hint="--to jdoe@example.org, or user/… or share/… where both are",
        )
    found = _candidates(address, kind, selection.account)
    there = [each for each in found if _is_there(each, server)]
    if len(there) > 1:
        names = " and ".join(written_out(each) for each in there)
        raise AmbiguousName(f'--to "{wish.to}" is {names}', hint="write one of these")
    if there or live is None or wish.is_creating_account:
        return (there or found)[0]
    return _in_directory(wish.to, selection.account, live) or found[0]


def _in_directory(text: str, source: Account, live: AddressSource) -> Account | None:
    """The live account that an address or a display name means; None for none."""
    word, slash, rest = text.partition("/")
    kind = _KINDS.get(word) if slash else None
    name = text if kind is None else rest
    domains = [] if source.domain is None else [source.domain]
    delivered = live.address_book(domains).mailboxes_of(name)
    if len(delivered) == 1 and kind in {None, delivered[0].kind}:
        return delivered[0]
    told = live.accounts_called(name, domains)
    known = only_known(told, text)
    if known is None and told.silence is not None:
        raise AccountNotOnServer(
            f'--to "{text}" is no account of the live server as it is written',
            why=told.silence,
            hint="the server's own name for it, such as user/jdoe@example.org",
        )
    return None if known is None else known.account


def survey_target(
    request: RestoreRequest, backup: Callable[[], Selection], server: CyrusServer, state: Path
) -> SpoolSurvey:
    """How the target stands; one that is gone, as it will stand once it was created.

    ``backup`` is asked only then, for what the account was. ``state`` is our own directory.

    Raises:
        AccountNotOnServer, NotPermitted.
    """
    if request.is_creating_account and not _is_there(request.target, server):
        survey = survey_absent(server, request.target, _former(backup()))
    else:
        survey = survey_account(server, request.target, is_in_place=request.is_in_place)
    return replace(survey, state_room=free_room(state, ourselves()))


def _of_either_kind(selection: Selection, server: CyrusServer) -> Account:
    """The account itself; staged directories may not tell its kind: then the server does."""
    account = selection.account
    is_staged = any(part.staged is not None for part in selection.generation.parts)
    if is_staged and not _is_there(account, server):
        for kind in AccountKind:
            other = replace(account, kind=kind)
            if _is_there(other, server):
                return other
    return account


def _candidates(address: str, kind: AccountKind | None, source: Account) -> list[Account]:
    """Both kinds, the source's own first; without a domain, the source's is meant."""
    login, at, domain = address.rpartition("@") if "@" in address else (address, "", "")
    kinds = [kind] if kind is not None else sorted(AccountKind, key=lambda k: k is not source.kind)
    return [
        Account(kind=each, login=encoded_part(login), domain=domain if at else source.domain)
        for each in kinds
    ]


def _is_there(account: Account, server: CyrusServer) -> bool:
    return server.admin.exists(name_rules(server).written(account.root))


def _former(selection: Selection) -> Former:
    """What the backup says of the account; directories staged by hand say only its rights."""
    source = selection.root or selection.mailboxes[0]
    is_staged = any(part.staged is not None for part in selection.generation.parts)
    return Former(
        partition="" if is_staged else source.place.partition,
        rights=root_of(selection)[0] or {},
        limits=None if is_staged else _limits(source, selection.account),
    )


def _limits(source: SourceMailbox, account: Account) -> Mapping[str, int] | None:
    """Limits of the account in the backup; one whose file is damaged has none that we know."""
    root = server_state(source.spool).quota_root(account.root)
    return None if root is None else root.limits
