"""The directory of the stand-in core: users and mailshares, as their JSON values have them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.support.bluemind_core.installation import Domain, Installation, Mailshare, User
from tests.support.bluemind_core.json_values import Fields, Json
from tests.support.bluemind_core.server_faults import not_found
from tests.support.bluemind_core.versions import CoreFamily, CoreVersion

USER: Final = "user"
MAILSHARE: Final = "mailshare"
ADMIN_DOMAIN: Final = "global.virt"
_EVERY_ALIAS: Final = "*"


@dataclass(slots=True, kw_only=True)
class Entry:
    """One user or mailshare. ``value`` is its User or Mailshare, whole, as last saved.

    ``is_removed``: its mailbox is being removed, or was.
    """

    uid: str
    domain: str
    kind: str
    value: Fields
    display_name: str
    acl: list[Json]
    number: int
    version: int = 1
    roles: tuple[str, ...] = ()
    password: str = ""
    is_removed: bool = False

    @property
    def name(self) -> str:
        """What Cyrus calls the mailbox: the login, or the mailshare's name."""
        return str(self.value["login" if self.kind == USER else "name"])

    @property
    def identity(self) -> str:
        """How Cyrus's ACLs name the entry."""
        return f"{self.uid}@{self.domain}"

    @property
    def mailbox(self) -> str:
        """The mailbox's root as an administrator writes it."""
        prefix = "user/" if self.kind == USER else ""
        return f"{prefix}{self.name}@{self.domain}"

    @property
    def quota_kib(self) -> int | None:
        """The limit; None for none."""
        return self.value.get("quota") or None

    @property
    def is_archived(self) -> bool:
        """Whether it is suspended."""
        return bool(self.value.get("archived"))

    @property
    def server(self) -> str:
        """The uid of the server that its mail lies on."""
        return str(self.value.get("dataLocation"))

    def default_address(self) -> str | None:
        """Its main address, if it has any."""
        emails: Sequence[Fields] = self.value.get("emails") or ()
        mains = [each["address"] for each in emails if each.get("isDefault")]
        return str(mains[0]) if mains else None


@dataclass(slots=True, kw_only=True)
class Directory:
    """All entries, by domain and uid."""

    version: CoreVersion
    domains: dict[str, Domain]
    groups: dict[str, tuple[str, ...]]
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(101))

    def add(self, what: User | Mailshare) -> Entry:
        """A new entry."""
        is_user = isinstance(what, User)
        value = self._user(what) if isinstance(what, User) else self._mailshare(what)
        entry = Entry(
            uid=what.uid,
            domain=what.domain,
            kind=USER if is_user else MAILSHARE,
            value=value,
            display_name=(what.name or what.login) if isinstance(what, User) else what.name,
            acl=[{"subject": who, "verb": verb} for who, verb in what.shared_with.items()],
            number=next(self._numbers),
            roles=what.roles if isinstance(what, User) else (),
            password=what.password if isinstance(what, User) else "",
        )
        self.entries[what.domain, what.uid] = entry
        return entry

    def put(self, uid: str, domain: str, value: Fields) -> Entry:
        """A new mailshare of that value."""
        entry = Entry(
            uid=uid,
            domain=domain,
            kind=MAILSHARE,
            value=dict(value),
            display_name=str(value["name"]),
            acl=[],
            number=next(self._numbers),
        )
        self.entries[domain, uid] = entry
        return entry

    def check_domain(self, domain: str) -> None:
        """Raises:
        ServerFault: there is no such domain; an alias is none.
        """
        if domain not in self.domains:
            raise not_found(f"domain {domain} not found")

    def find(self, domain: str, uid: str, kind: str | None = None) -> Entry | None:
        """An entry by its directory uid."""
        self.check_domain(domain)
        entry = self.entries.get((domain, uid))
        return entry if entry is not None and kind in {None, entry.kind} else None

    def get(self, domain: str, uid: str, kind: str | None = None) -> Entry:
        """The same.

        Raises:
            ServerFault: there is none.
        """
        entry = self.find(domain, uid, kind)
        if entry is None:
            raise not_found(f"entry {uid}@{domain} not found")
        return entry

    def of_domain(self, domain: str, kind: str | None = None) -> list[Entry]:
        """All entries of a domain."""
        self.check_domain(domain)
        return [
            each
            for each in self.entries.values()
            if each.domain == domain and kind in {None, each.kind}
        ]

    def by_name(self, domain: str, name: str, kind: str | None = None) -> Entry | None:
        """The entry whose mailbox is called that."""
        named = (each for each in self.of_domain(domain, kind) if each.name == name)
        return next(named, None)

    def by_email(self, domain: str, email: str, kind: str | None = None) -> Entry | None:
        """The entry that takes mail for ``email``."""
        local, _, of = email.lower().partition("@")
        names = self.names_of(domain)
        for entry in self.of_domain(domain, kind):
            for each in entry.value.get("emails") or ():
                own_local, _, own_of = str(each["address"]).lower().partition("@")
                is_in = of in names if each.get("allAliases") else of == own_of
                if own_local == local and is_in:
                    return entry
        return None

    def names_of(self, domain: str) -> set[str]:
        """The uid of a domain and its aliases."""
        return {domain, *self.domains[domain].aliases}

    def _user(self, user: User) -> Fields:
        value = self._entry_value(user)
        value |= {
            "login": user.login,
            "password": None,
            "passwordLastChange": None,
            "passwordMustChange": False,
            "passwordNeverExpires": False,
            "contactInfos": {"identification": {"formatedName": {"value": user.name}}},
            "routing": "internal",
            "accountType": "FULL",
            "quota": user.quota_kib,
            "properties": {"seen": "by nobody but BlueMind"},
        }
        if self.version.family is not CoreFamily.BM3:
            value["mailboxCopyGuid"] = None
        if self.version.family is CoreFamily.BM5:
            value |= {"loginCaps": None, "deleted": False, "features": None}
        return value

    def _mailshare(self, mailshare: Mailshare) -> Fields:
        value = self._entry_value(mailshare)
        return value | {
            "name": mailshare.name,
            "quota": mailshare.quota_kib,
            "routing": "internal",
            "card": None,
        }

    def _entry_value(self, what: User | Mailshare) -> Fields:
        return {
            "orgUnitUid": None,
            "emails": [
                self._email(what.domain, each, is_default=not number)
                for number, each in enumerate(what.emails)
            ],
            "hidden": False,
            "archived": what.is_archived,
            "system": False,
            "dataLocation": what.server,
        }

    def _email(self, domain: str, address: str, *, is_default: bool) -> Fields:
        local, _, of = address.partition("@")
        in_all = of == _EVERY_ALIAS
        if in_all:
            of = self.domains[domain].default_alias or domain
        return {"address": f"{local}@{of}", "allAliases": in_all, "isDefault": is_default}


def directory_of(installation: Installation, version: CoreVersion) -> Directory:
    """The directory of an installation."""
    directory = Directory(
        version=version,
        domains={each.uid: each for each in installation.domains},
        groups=dict(installation.groups),
    )
    everybody: tuple[User | Mailshare, ...] = (*installation.users, *installation.mailshares)
    for each in everybody:
        directory.add(each)
    return directory
