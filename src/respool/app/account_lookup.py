"""Which account a person means: as a server calls it, or by an address that people use."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Final
from unicodedata import normalize

from respool.app.not_in_generation import why_not_in
from respool.backups.addresses import (
    NO_DOMAIN,
    AddressSource,
    KnownAccount,
    Told,
    addresses_in,
)
from respool.backups.contents import accounts_in
from respool.backups.staged import staged_kind
from respool.bluemind.postfix_maps import INTERNAL, AddressBook, account_key
from respool.errors import AccountNotInGeneration, AmbiguousName, UsageError
from respool.model.accounts import Account, AccountKind
from respool.model.generations import Generation, Part
from respool.model.names import decoded_part, encoded_part

_KINDS: Final = {"user": AccountKind.USER, "share": AccountKind.MAILSHARE}
_SHOWN: Final = 6


def find_account(generation: Generation, text: str, live: AddressSource | None = None) -> Account:
    """The account that ``text`` means: ``jdoe@b.loc``, ``user/…``, ``share/…``, or ``jdoe``.

    What people write may be an address or a name: the backup itself is asked what that means,
    and ``live`` only where it does not know. Directories of one account are those of the
    account that is named.

    Raises:
        AccountNotInGeneration: none; AmbiguousName: several.
        UsageError: ``text`` cannot name an account.
    """
    for part in generation.parts:
        if part.staged is not None:
            return _named_account(part, text)
    accounts = tuple(accounts_in(generation))
    direct = _called(accounts, text)
    if direct and _kind_typed(text) is not None:
        return _only(direct, text)
    domains = _domains(accounts)
    book = addresses_in(generation, domains)
    found = list(dict.fromkeys([*direct, *_addressed(accounts, text, book)]))
    if not found and live is not None:
        known = live.address_book(domains)
        found = _addressed(accounts, text, known)
        book = known if found or known.mailboxes else book
    told = Told()
    if not found and live is not None:
        told = live.accounts_called(_without_kind(text), domains)
        found = _told(accounts, text, told)
    if found:
        return _only(found, text)
    raise AccountNotInGeneration(
        f'"{text}" is not in generation {shown(generation)}',
        why=_what_live_says(text, told, generation, accounts)
        or _what_there_is(text, accounts, book, told.silence),
        hint=f"respool accounts -g {shlex.quote(generation.label)} shows all",
    )


def only_known(told: Told, text: str) -> KnownAccount | None:
    """The account of a live directory that ``text`` means; None for none.

    Raises:
        AmbiguousName: several, whether a backup has them or not.
    """
    kind = _kind_typed(text)
    meant = [each for each in told.accounts if kind in {None, each.account.kind}]
    if len(meant) <= 1:
        return next(iter(meant), None)
    listed = " and ".join(_with_name(each) for each in meant)
    raise AmbiguousName(f'"{text}" is {listed}', hint="write one of these: user/… or share/…")


def written_out(account: Account) -> str:
    """``user/jdoe@b.loc``: a spelling that means this account only."""
    word = "user" if account.kind is AccountKind.USER else "share"
    return f"{word}/{account.address}"


def shown(generation: Generation) -> str:
    """A generation in an error: its label and when it was taken, in the machine's zone."""
    if generation.taken_at is None:
        return generation.label
    about = "about " if generation.is_about else ""
    return f"{generation.label} ({about}{generation.taken_at.astimezone():%d %b %Y %H:%M %Z})"


def _named_account(part: Part, text: str) -> Account:
    """The account as typed; which kind it is tell the staged directories, where not typed."""
    word, slash, rest = text.partition("/")
    kind = _KINDS.get(word) if slash else None
    address = normalize("NFC", text if kind is None else rest)
    login, at, domain = address.rpartition("@") if "@" in address else (address, "", "")
    if not login or "/" in address or (at and not domain):
        raise UsageError(
            f'"{text}" cannot name an account',
            hint="jdoe@example.org, user/jdoe@example.org or share/contact@example.org",
        )
    encoded, owned = encoded_part(login), domain.lower() or None
    return Account(
        kind=staged_kind(part, encoded, owned) if kind is None else kind,
        login=encoded,
        domain=owned,
    )


def _only(found: Sequence[Account], text: str) -> Account:
    if len(found) == 1:
        return found[0]
    written = [written_out(account) for account in found]
    raise AmbiguousName(f'"{text}" is {" and ".join(written)}', hint="write one of these")


def _called(accounts: Sequence[Account], text: str) -> list[Account]:
    """The accounts that a server calls so; case counts only where it has to."""
    exact = [account for account in accounts if _is_meant(account, text, is_exact=True)]
    return exact or [each for each in accounts if _is_meant(each, text, is_exact=False)]


def _addressed(accounts: Sequence[Account], text: str, book: AddressBook) -> list[Account]:
    """The accounts that an address is delivered to; else those of its login in domains that
    are also called as the address says.
    """
    kind = _kind_typed(text)
    address = _without_kind(text)
    wanted = {account_key(each) for each in book.mailboxes_of(normalize("NFC", address))}
    if not wanted:
        wanted = set(_of_alias(address, book))
    return [each for each in accounts if account_key(each) in wanted and kind in {None, each.kind}]


def _told(accounts: Sequence[Account], text: str, told: Told) -> list[Account]:
    """The account that a live directory means, if the generation has it."""
    known = only_known(told, text)
    wanted = None if known is None else account_key(known.account)
    return [each for each in accounts if account_key(each) == wanted]


def _of_alias(address: str, book: AddressBook) -> Iterator[tuple[str, str, str]]:
    login, at, alias = normalize("NFC", address).rpartition("@")
    if not at or not login or "/" in login:
        return
    for domain in book.domains_of(alias):
        for kind in AccountKind:
            owned = None if domain == NO_DOMAIN else domain
            yield account_key(Account(kind=kind, login=encoded_part(login), domain=owned))


def _kind_typed(text: str) -> AccountKind | None:
    word, slash, _ = text.partition("/")
    return _KINDS.get(word) if slash else None


def _without_kind(text: str) -> str:
    return text if _kind_typed(text) is None else text.partition("/")[2]


def _with_name(known: KnownAccount) -> str:
    name = known.display_name
    return written_out(known.account) + ("" if name is None else f" ({name})")


def _what_live_says(
    text: str, told: Told, generation: Generation, accounts: Sequence[Account]
) -> str | None:
    known = only_known(told, text)
    if known is not None:
        said = f"BlueMind means {_with_name(known)} by it, and the generation has nothing of that"
        more = why_not_in(generation, known, accounts)
        return said if more is None else f"{said}; {more}"
    if told.near:
        return f"BlueMind knows {', '.join(map(_with_name, told.near))}"
    return None


def _domains(accounts: Iterable[Account]) -> tuple[str, ...]:
    return tuple(sorted({each.domain for each in accounts if each.domain is not None}))


def unknown_addresses(accounts: Iterable[Account], book: AddressBook) -> str | None:
    """That nothing tells the addresses of accounts whose domains have technical names."""
    technical = [name for name in _domains(accounts) if name.endswith(INTERNAL)]
    if not technical or book.mailboxes:
        return None
    return (
        f"domains in it have technical names ({', '.join(technical[:_SHOWN])}), and nothing"
        " in the backup says which addresses belong to them"
    )


def _what_there_is(
    text: str, accounts: Sequence[Account], book: AddressBook, silence: str | None
) -> str:
    found = _what_is_there(text, accounts, book)
    return found if silence is None else f"{found}; {silence}"


def _what_is_there(text: str, accounts: Sequence[Account], book: AddressBook) -> str:
    if not accounts:
        return "it holds no account at all"
    elsewhere = book.mailboxes_of(normalize("NFC", text))
    if elsewhere:
        named = " and ".join(written_out(each) for each in elsewhere)
        return f"mail for it goes to {named}, and the generation has nothing of that"
    unknown = unknown_addresses(accounts, book)
    if unknown is not None and "@" in text:
        return unknown
    return _nearest(text, accounts, book)


def _nearest(text: str, accounts: Sequence[Account], book: AddressBook) -> str:
    addresses = [account.address for account in accounts]
    close = get_close_matches(text.rpartition("/")[2], [*addresses, *book.mailboxes], n=3)
    if close:
        return f"it has {', '.join(close)}"
    listed = ", ".join(addresses[:_SHOWN])
    return f"it has {len(addresses)} accounts: {listed}{' …' if len(addresses) > _SHOWN else ''}"


def _is_meant(account: Account, text: str, *, is_exact: bool) -> bool:
    word, slash, rest = text.partition("/")
    kind = _KINDS.get(word) if slash else None
    if kind is not None and account.kind is not kind:
        return False
    wanted = _comparable(rest if kind is not None else text, is_exact=is_exact)
    spellings = (account.address, account.userid, decoded_part(account.login))
    return any(_comparable(spelling, is_exact=is_exact) == wanted for spelling in spellings)


def _comparable(text: str, *, is_exact: bool) -> str:
    composed = normalize("NFC", text)
    return composed if is_exact else composed.casefold()
