"""Which mailbox an address is delivered to, by the maps that BlueMind writes for Postfix.

``virtual_alias-flat`` has a line for each address: ``jdoe@example.org jdoe@DOMAINUID`` for a
user, ``+contact@DOMAINUID`` for a mailshare or any other that is no user, several separated
by commas for a group. ``virtual_domains-flat`` has ``NAME OK`` for each domain and, after it,
for its aliases. Suspended accounts are in neither.

Source: mdhender/bluemindfork, net.bluemind.backend.postfix: MapRow.java, VirtualAliasMap.java,
VirtualDomainsMap.java, ServerMaps.java (``-flat``); the lookup tables of postmap(1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final

from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.names import encoded_part

INTERNAL: Final = ".internal"  # what the name of a technical domain ends with, since about 4.3
_NO_USER: Final = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressBook:
    """What addresses mean: ``mailboxes`` by address, ``domains`` by alias; all lower-case.

    An address with several mailboxes is a group's.
    """

    mailboxes: Mapping[str, tuple[Account, ...]] = field(default_factory=dict)
    domains: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether it knows nothing."""
        return not self.mailboxes and not self.domains

    def mailboxes_of(self, address: str) -> tuple[Account, ...]:
        """The mailboxes that an address is delivered to; none for an unknown one."""
        return self.mailboxes.get(address.casefold(), ())

    def domains_of(self, alias: str) -> frozenset[str]:
        """The domains that ``alias`` is another name of."""
        return self.domains.get(alias.casefold(), frozenset())

    def addresses_by_account(self) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
        """The addresses that are one mailbox's alone, by `account_key`, the likeliest first.

        First is one with a domain that people know and with the login before it.
        """
        found: dict[tuple[str, str, str], list[str]] = {}
        for address, mailboxes in self.mailboxes.items():
            if len(mailboxes) == 1:
                found.setdefault(account_key(mailboxes[0]), []).append(address)
        return {
            key: tuple(sorted(each, key=lambda address: _likelihood(address, key[1])))
            for key, each in found.items()
        }


def account_key(account: Account) -> tuple[str, str, str]:
    """What tells accounts apart where case does not matter."""
    return (account.kind.value, account.login.casefold(), (account.domain or "").casefold())


def parse_rows(octets: bytes) -> Iterator[tuple[str, str]]:
    """Key and value of each line of a text map, keys lower-case; lines without a value left out.

    A line that begins with a space goes on from the one before; ``#`` begins a comment.
    """
    pending: list[str] = []
    for line in [*octets.decode("utf-8", "replace").split("\n"), "#"]:
        if line.strip() and line[0].isspace():
            pending.append(line)
            continue
        if pending:
            key, _, value = " ".join(pending).strip().partition(" ")
            if value.strip():
                yield key.casefold(), value.strip()
        pending = [] if not line.strip() or line.startswith("#") else [line.replace("\t", " ")]


def parse_alias_map(octets: bytes) -> Mapping[str, tuple[Account, ...]]:
    """The mailboxes of each address in ``virtual_alias-flat``; what is no mailbox left out."""
    found: dict[str, tuple[Account, ...]] = {}
    for address, value in parse_rows(octets):
        recipients = value.replace(",", " ").split()
        mailboxes = [_account(each) for each in recipients]
        known = tuple(each for each in mailboxes if each is not None)
        if known and "@" in address:
            found[address] = known
    return found


def address_book(
    alias_maps: Iterable[bytes], domain_maps: Iterable[bytes], spool_domains: Sequence[str]
) -> AddressBook:
    """What the maps of all servers say together, of a spool that has ``spool_domains``.

    A domain without mail of its own is an alias of another where addresses in it are
    delivered there. Without such an address, the list of domains tells only if a single
    technical domain begins it and no other of them has mail in the spool: then all others
    are its aliases.
    """
    mailboxes: dict[str, tuple[Account, ...]] = {}
    for octets in alias_maps:
        mailboxes.update(parse_alias_map(octets))
    domains: dict[str, set[str]] = {}
    own = {name.casefold() for name in spool_domains}
    for address, accounts in mailboxes.items():
        alias, domain = address.rpartition("@")[2], accounts[0].domain or ""
        if len(accounts) == 1 and alias not in own and (domain in own or _is_technical(domain)):
            domains.setdefault(alias, set()).add(domain)
    for octets in domain_maps:
        listed = [name for name, _ in parse_rows(octets)]
        for alias in _aliases_of_the_only(listed, spool_domains):
            domains.setdefault(alias, {listed[0]})
    return AddressBook(
        mailboxes=mailboxes,
        domains={alias: frozenset(names) for alias, names in domains.items()},
    )


def _aliases_of_the_only(listed: Sequence[str], spool_domains: Sequence[str]) -> Sequence[str]:
    technical = [name for name in listed if _is_technical(name)]
    has_another = any(name.casefold() in listed[1:] for name in spool_domains)
    if listed[:1] != technical or has_another:
        return ()
    return listed[1:]


def _is_technical(domain: str) -> bool:
    return domain.endswith(INTERNAL)


def _account(recipient: str) -> Account | None:
    is_user = not recipient.startswith(_NO_USER)
    login, _, domain = recipient.removeprefix(_NO_USER).rpartition("@")
    if not login or not domain or "/" in login:
        return None
    kind = AccountKind.USER if is_user else AccountKind.MAILSHARE
    return Account(kind=kind, login=encoded_part(login), domain=domain.casefold())


def _likelihood(address: str, login: str) -> tuple[bool, bool, str]:
    local, _, domain = address.rpartition("@")
    return (_is_technical(domain), encoded_part(local) != login, address)
