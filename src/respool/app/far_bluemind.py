"""Accounts of a BlueMind that is spoken to by IMAP, as its own directory has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Final

from respool.app.bluemind_access import LOCAL_API, api_access
from respool.app.far_domains import live_domain
from respool.app.far_logins import FarAccount, share_of
from respool.app.far_wish import FarWish
from respool.app.settings import Settings
from respool.app.writers import writer_of
from respool.bluemind.api_answers import ApiDomain, ApiMailbox
from respool.errors import AccountNotOnServer, AmbiguousName, PlanRefused, UsageError
from respool.model.accounts import Account, AccountKind
from respool.system.bluemind_api import parts_of
from respool.system.bluemind_core import BluemindCore, open_core
from respool.system.imap_places import ImapPlace

NO_SHARES_SINCE: Final = (5, 6)
_KINDS: Final = {"user": AccountKind.USER, "share": AccountKind.MAILSHARE}


@contextmanager
def far_core(settings: Settings, place: ImapPlace) -> Iterator[BluemindCore | None]:
    """The core of the server at an address; None where none was named, or that of another host.

    A key of one server is never shown to another: both must be named by the same host.

    Raises:
        as `api_access` and `open_core`.
    """
    if not _is_same_host(settings.bluemind_api or LOCAL_API, place.address.host):
        yield None
        return
    access = api_access(settings)
    if access is None:
        yield None
        return
    with open_core(access) as core:
        yield core


def account_there(
    settings: Settings, core: BluemindCore, place: ImapPlace, wish: FarWish
) -> FarAccount:
    """The account of that BlueMind that gets the mail, by its directory.

    Raises:
        UsageError: no domain of it is called so.
        AmbiguousName: it is one person's address and another's login.
        AccountNotOnServer: it has no such user or mailshare, or nobody who may write to it.
        PlanRefused: the user is suspended, or it keeps no mailshares of the former kind.
    """
    share = share_of(place)
    if place.user is not None:
        if share is not None:
            _check_shares(core, share)
        return FarAccount(place=place, login=place.user, user=place.user, share=share)
    kind, name, typed = _parts(wish.account, share)
    domain = live_domain(settings, core, typed, wish.domains)
    mailbox, is_by_login = _mailbox(core, domain, name, kind)
    if mailbox is None:
        raise AccountNotOnServer(
            f"BlueMind {core.version} has no {_word(kind)}{name}@{domain.names[0]}",
            hint="make it there first, or name another: --to imaps://USER%40DOMAIN@HOST",
        )
    if mailbox.kind is AccountKind.MAILSHARE:
        _check_shares(core, mailbox.name)
        writer = writer_of(core, domain, mailbox)
        return FarAccount(place=place, login=writer, user=writer, share=mailbox.name)
    if mailbox.kind is None:
        raise AccountNotOnServer(
            f"{name}@{domain.names[0]} is neither a user nor a mailshare there"
        )
    _check_active(mailbox, domain)
    login = f"{mailbox.name}@{domain.names[0]}"
    return FarAccount(place=place, login=login, user=login, is_by_login=is_by_login)


def check_is_meant(far: FarAccount, source: Account) -> None:
    """See that who was found there by his login alone is not somebody else than in the backup.

    Raises:
        AmbiguousName: in the backup, what was typed is an address of another login.
    """
    there = far.account
    if far.is_by_login and source.login.casefold() != there.login.casefold():
        raise AmbiguousName(
            f"in the backup this is {source.address}, but there {there.address} logs in so",
            why="they may be two people, and one must not get the other's mail",
            hint="name who is meant: --to imaps://USER%40DOMAIN@HOST",
        )


def _parts(account: str, share: str | None) -> tuple[AccountKind | None, str, str]:
    """Kind, name and domain of what a person typed; kind None: he did not say."""
    word, slash, rest = account.partition("/")
    kind = _KINDS.get(word) if slash else None
    name, at, domain = (account if kind is None else rest).rpartition("@")
    if not at or not name:
        raise UsageError(
            f"which account there is meant is not known from {account}",
            hint="with its domain: jdoe@example.org",
        )
    return (kind, name, domain) if share is None else (AccountKind.MAILSHARE, share, domain)


def _mailbox(
    core: BluemindCore, domain: ApiDomain, name: str, kind: AccountKind | None
) -> tuple[ApiMailbox | None, bool]:
    """Who gets mail for it, else who logs in so; and whether only his login tells.

    Those of another kind than ``kind`` are nobody.

    Raises:
        AmbiguousName: these are two.
    """

    def fits(each: ApiMailbox | None) -> bool:
        return each is not None and kind in {None, each.kind}

    called = core.mailbox_called(domain.uid, name)
    by_login = called if fits(called) else None
    addresses = (f"{name}@{each}" for each in domain.names)
    every = (core.mailbox_with(domain.uid, each) for each in addresses)
    by_address = next(filter(fits, every), None)
    if by_login is not None and by_address is not None and by_login.uid != by_address.uid:
        shown = domain.names[0]
        raise AmbiguousName(
            f"{name}@{shown} is an address of {by_address.name}, and the login of another there",
            hint="name who is meant: --to imaps://USER%40DOMAIN@HOST, with"
            f" {by_address.name}%40{shown} or {by_login.name}%40{shown}",
        )
    return (by_address or by_login), by_address is None


def _check_shares(core: BluemindCore, share: str) -> None:
    numbers = core.version.split(".")[:2]
    if tuple(map(int, numbers)) >= NO_SHARES_SINCE:
        reason = (
            f"BlueMind {core.version} keeps no mailshares of the former kind, as {share} is one:"
            f" it dropped them with {'.'.join(map(str, NO_SHARES_SINCE))}. Restore it to a user,"
            " who shares the folder there: --to imaps://USER%40DOMAIN@HOST"
        )
        raise PlanRefused(f"{share} cannot be restored as a mailshare there", (reason,))


def _check_active(mailbox: ApiMailbox, domain: ApiDomain) -> None:
    if mailbox.is_archived:
        who = f"{mailbox.name}@{domain.names[0]}"
        reason = f"{who} is suspended, and cannot log in: end that in the admin console first"
        raise PlanRefused(f"nothing can be restored to {who}", (reason,))


def _word(kind: AccountKind | None) -> str:
    return {AccountKind.USER: "user ", AccountKind.MAILSHARE: "mailshare "}.get(kind, "")  # type: ignore[arg-type]


def _is_same_host(url: str, host: str) -> bool:
    named = (parts_of(url).hostname or "").lower()
    return named == host.lower() or (_is_loopback(named) and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
