"""Who asks the stand-in core: keys, sessions, and the roles that they open."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from tests.support.bluemind_core.entries import ADMIN_DOMAIN, USER, Directory, Entry
from tests.support.bluemind_core.json_values import Fields
from tests.support.bluemind_core.server_faults import ServerFault, denied
from tests.support.bluemind_core.versions import CoreFamily, CoreVersion

ALL_ROLES: Final = "*"
NOBODY: Final = "nobody"
WRONG: Final = "a wrong key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who a key belongs to. ``kind`` is ``core token``, ``user key``, ``session`` or nobody."""

    kind: str
    uid: str
    domain: str
    roles: frozenset[str]
    login: str

    @property
    def is_admin0(self) -> bool:
        """Whether it is the administrator of the whole installation."""
        return self.domain == ADMIN_DOMAIN

    def has(self, role: str) -> bool:
        """Whether a role is open."""
        return ALL_ROLES in self.roles or role in self.roles

    def check(self, role: str | None) -> None:
        """Raises:
        ServerFault: the role is missing, or nobody is known by name.
        """
        if self.kind == NOBODY:
            raise denied("Invalid security context")
        if role is not None and not self.has(role):
            raise denied(f"{self.uid}@{self.domain} Doesnt have role [{role}]")


_NOBODY: Final = Holder(kind=NOBODY, uid="", domain="", roles=frozenset(), login="")


class Keys:
    """All keys. ``core_token`` is the content of /etc/bm/bm-core.tok: admin0@global.virt.

    ``sessions`` are the keys of all sessions that were ever begun, in their order.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self.core_token = secrets.token_urlsafe(48)
        self.sessions: list[str] = []
        self._holders: dict[str, Holder] = {
            self.core_token: Holder(
                kind="core token",
                uid="admin0",
                domain=ADMIN_DOMAIN,
                roles=frozenset({ALL_ROLES}),
                login=f"admin0@{ADMIN_DOMAIN}",
            )
        }

    def user_key(self, domain: str, uid: str) -> str:
        """A new API key of a user, as they make it in their settings."""
        return self._new("user key", self._directory.get(domain, uid, USER))

    def session(self, entry: Entry) -> str:
        """A new session of a user; its key is an IMAP password, too."""
        key = self._new("session", entry)
        self.sessions.append(key)
        return key

    def open_sessions(self) -> tuple[str, ...]:
        """The keys of sessions that let somebody in."""
        return tuple(key for key in self.sessions if key in self._holders)

    def revoke(self, key: str) -> None:
        """Forget a session. What is in a file, or in a user's settings, outlives a logout."""
        if self._holders[key].kind == "session":
            del self._holders[key]

    def withdraw(self, key: str) -> None:
        """Forget any key: a new one has taken its place."""
        self._holders.pop(key, None)

    def all(self) -> tuple[str, ...]:
        """Every key that opens anything."""
        return tuple(self._holders)

    def holder(self, key: str | None) -> Holder:
        """Whose key it is; nobody's where there is none.

        Raises:
            ServerFault: it is nobody's. As the real core, it repeats the key to whoever asked
            (RestServiceMethodHandler.java).
        """
        if key is None:
            return _NOBODY
        try:
            return self._holders[key]
        except KeyError:
            raise ServerFault(f"session id {key} is not valid", "AUTHENTICATION_FAIL") from None

    def opens(self, login: str, key: str) -> bool:
        """Whether a key is an IMAP password of that login (``jdoe@bluemind.loc``)."""
        holder = self._holders.get(key)
        return holder is not None and holder.login == login

    def _new(self, kind: str, entry: Entry) -> str:
        key = secrets.token_urlsafe(24)
        self._holders[key] = Holder(
            kind=kind,
            uid=entry.uid,
            domain=entry.domain,
            roles=frozenset(entry.roles),
            login=f"{entry.name}@{entry.domain}",
        )
        return key


def auth_user(version: CoreVersion, holder: Holder, display_name: str) -> Fields:
    """An AuthUser."""
    shown: Fields = {
        "uid": holder.uid,
        "domainUid": holder.domain,
        "displayName": display_name,
        "value": None,
        "roles": sorted(holder.roles),
        "rolesByOU": {},
        "settings": {},
    }
    if version.family is CoreFamily.BM5:
        shown["features"] = None
    return shown
