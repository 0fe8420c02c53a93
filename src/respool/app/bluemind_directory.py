"""Whom a name means on the live server: by Postfix's maps there, and by BlueMind's core.

The core is asked only for what nothing else tells, and not twice for the same name. That it
is away, or that there is no key for it, is no error here: everything else goes on.
"""

# ruff: noqa: PLC0415 - what a core answers is loaded where one was asked

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, TypeVar

from respool.backups.addresses import KnownAccount, MapsOfThisMachine, Told
from respool.errors import BluemindFault, BluemindRefused, RespoolError
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.names import encoded_part

if TYPE_CHECKING:
    from respool.bluemind.api_answers import ApiDomain, ApiMailbox
    from respool.bluemind.directory_entries import ApiEntry, ApiServer
    from respool.bluemind.postfix_maps import AddressBook

_Answer = TypeVar("_Answer")
_MOST_NEAR: Final = 6
_NOT_ASKED: Final = "BlueMind's core was not asked"
NO_KEY: Final = "no key for it is set: RESPOOL_BLUEMIND_KEY_FILE names a file with one"


class Directory(Protocol):
    """What is asked of a core; see `CoreDirectory`."""

    def domains(self) -> tuple[ApiDomain, ...]:
        """The domains that people have."""

    def mailbox_with(self, domain: str, email: str) -> ApiMailbox | None:
        """Whose mail comes to an address."""

    def mailbox_called(self, domain: str, name: str) -> ApiMailbox | None:
        """Whose mailbox Cyrus calls so."""

    def mailbox(self, domain: str, uid: str) -> ApiMailbox | None:
        """The mailbox of an entry."""

    def servers(self) -> tuple[ApiServer, ...]:
        """The servers that mail lies on."""

    def entries_like(self, domain: str, name: str) -> tuple[ApiEntry, ...]:
        """Entries whose display name has that in it."""


# Opens a core and asks it; None where there is none. Raises as `core_of`.
AskCore: TypeAlias = Callable[[Callable[[Directory], Told]], Told | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveNames:
    """The live server as one who knows what people call its accounts.

    ``is_expected``: the backup is BlueMind's, so that it is worth a word that its core was
    not asked.
    """

    maps: MapsOfThisMachine
    ask: AskCore
    is_expected: bool
    _told: dict[str, Told] = field(default_factory=dict, repr=False, compare=False)

    def address_book(self, spool_domains: Sequence[str]) -> AddressBook:
        """What the maps of this machine say."""
        return self.maps.address_book(spool_domains)

    def accounts_called(self, name: str, spool_domains: Sequence[str]) -> Told:
        """Whom BlueMind's core means by ``name``."""
        if name not in self._told:
            self._told[name] = self._asked(name, spool_domains)
        return self._told[name]

    def _asked(self, name: str, spool_domains: Sequence[str]) -> Told:
        try:
            told = self.ask(lambda core: told_by(core, name, spool_domains))
        except RespoolError as error:
            why = error.what if error.why is None else f"{error.what}: {error.why}"
            return Told(silence=f"{_NOT_ASKED}: {why}")
        if told is not None:
            return told
        return Told(silence=f"{_NOT_ASKED}: {NO_KEY}" if self.is_expected else None)


def told_by(core: Directory, name: str, spool_domains: Sequence[str]) -> Told:
    """Whom a core means by ``name``: an address or alias, a login, or else a display name.

    A display name is one only as a whole; those that have it in them are ``near``.

    Raises:
        as `BluemindApi.ask`, and `FormatError`.
    """
    domains = _domains(core, spool_domains)
    is_address = "@" in name
    found = _once(
        _by_address(core, name, domains) if is_address else _by_login(core, name, domains)
    )
    if found and is_address:
        return Told(accounts=_with_servers(core, found))
    if is_address:  # as a display name it is that of somebody in its own domain
        domains = tuple(_with_name(domains, name.rpartition("@")[2]))
    word = max(name.split(), key=len, default=name)  # of a name in whatever order of its words
    entries = [
        (domain.uid, entry)
        for domain in domains
        for entry in _or_none(partial(core.entries_like, domain.uid, word)) or ()
    ]
    from respool.bluemind.directory_entries import is_called

    meant = [(domain, each) for domain, each in entries if is_called(each.display_name, name)]
    accounts = _once([*found, *_mailboxes(core, meant)])
    near = () if accounts else tuple(_mailboxes(core, entries[:_MOST_NEAR]))
    return Told(accounts=_with_servers(core, accounts), near=near)


def _domains(core: Directory, spool_domains: Sequence[str]) -> tuple[ApiDomain, ...]:
    """The core's; a key that may not list them asks about those of the backup, by their uids."""
    try:
        return core.domains()
    except BluemindRefused:
        from respool.bluemind.api_answers import ApiDomain

        return tuple(ApiDomain(uid=each, names=()) for each in spool_domains)


def _by_address(
    core: Directory, address: str, domains: Iterable[ApiDomain]
) -> Iterator[KnownAccount]:
    """The mailbox that takes its mail, else the one whose login is before an alias."""
    login, _, alias = address.casefold().rpartition("@")
    for domain in _with_name(domains, alias):
        mailbox = _or_none(partial(core.mailbox_with, domain.uid, address))
        if mailbox is None and alias in _names_of(domain):
            mailbox = _or_none(partial(core.mailbox_called, domain.uid, login))
        yield from _known(domain.uid, mailbox)


def _with_name(domains: Iterable[ApiDomain], name: str) -> Iterator[ApiDomain]:
    """Those that are called so, or whose names are not known."""
    for each in domains:
        if not each.names or name.casefold() in _names_of(each):
            yield each


def _names_of(domain: ApiDomain) -> frozenset[str]:
    return frozenset(each.casefold() for each in (domain.uid, *domain.names))


def _by_login(core: Directory, login: str, domains: Iterable[ApiDomain]) -> Iterator[KnownAccount]:
    for domain in domains:
        mailbox = _or_none(partial(core.mailbox_called, domain.uid, login))
        yield from _known(domain.uid, mailbox)


def _mailboxes(core: Directory, entries: Iterable[tuple[str, ApiEntry]]) -> Iterator[KnownAccount]:
    for domain, entry in entries:
        mailbox = _or_none(partial(core.mailbox, domain, entry.uid))
        yield from _known(domain, mailbox, entry.display_name)


def _known(
    domain: str, mailbox: ApiMailbox | None, display_name: str | None = None
) -> Iterator[KnownAccount]:
    if mailbox is not None and mailbox.kind is not None:
        login = encoded_part(mailbox.name)
        yield KnownAccount(
            account=Account(kind=mailbox.kind, login=login, domain=domain),
            display_name=display_name,
            owner=f"{mailbox.uid}@{domain}" if mailbox.kind is AccountKind.USER else None,
            servers=() if mailbox.data_location is None else (mailbox.data_location,),
        )


def _with_servers(core: Directory, found: tuple[KnownAccount, ...]) -> tuple[KnownAccount, ...]:
    """With every name of the server of each; a key that may not list servers knows its uid."""
    try:
        names = {each.uid: (each.uid, *each.addresses) for each in core.servers()}
    except (BluemindRefused, BluemindFault):
        return found
    return tuple(
        replace(
            each, servers=tuple(name for uid in each.servers for name in names.get(uid, (uid,)))
        )
        for each in found
    )


def _once(found: Iterable[KnownAccount]) -> tuple[KnownAccount, ...]:
    return tuple({each.account: each for each in found}.values())


def _or_none(ask: Callable[[], _Answer]) -> _Answer | None:
    """What a core answers; None where it says that there is no such thing."""
    try:
        return ask()
    except BluemindFault as fault:
        if fault.is_not_found:
            return None
        raise
