"""What a core's directory knows of people and shared mailboxes, and of its servers.

Answers are read leniently, as in `api_answers`.
Source: BlueMind's published clients 3.1.42842, 4.9.3884 and 5.7.3268 (directory.api.DirEntry,
DirEntryQuery, server.api.Server, authentication.api.AuthUser).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from unicodedata import normalize

from respool.bluemind.api_answers import values_of
from respool.model.dataclasses import dataclass

_KINDS: Final = ("USER", "MAILSHARE")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiEntry:
    """A user or mailshare of the directory: its uid, and the name that people see."""

    uid: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServer:
    """A server: its uid, its name, and the addresses that DataProtect may call it by."""

    uid: str
    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """Whose key it is: ``uid`` in ``domain``, and the roles that it opens."""

    uid: str
    domain: str
    roles: tuple[str, ...]

    @property
    def is_system(self) -> bool:
        """Whether it is BlueMind's own administrator's, admin0, who may everything."""
        return self.domain == "global.virt"


def display_name_query(name: str) -> Mapping[str, Any]:
    """A DirEntryQuery for users and mailshares whose name has ``name`` in it, hidden ones too."""
    return {
        "nameFilter": name,
        "kindsFilter": list(_KINDS),
        "hiddenFilter": False,
        "systemFilter": True,
        "stateFilter": "All",
    }


def one_entry_query(uid: str | None = None) -> Mapping[str, Any]:
    """A DirEntryQuery for the entry ``uid``, or for one user, whoever that is."""
    of_uid: Mapping[str, Any] = {} if uid is None else {"entryUidFilter": [uid]}
    return {
        **of_uid,
        "kindsFilter": ["USER"] if uid is None else list(_KINDS),
        "hiddenFilter": False,
        "systemFilter": True,
        "stateFilter": "All",
        "from": 0,
        "size": 1,
    }


def entries_of(answer: Any) -> tuple[ApiEntry, ...]:  # noqa: ANN401 - JSON enters here
    """The entries of a ListResult.

    Raises:
        FormatError: something else.
    """
    listed = answer.get("values") if isinstance(answer, dict) else answer
    found = []
    for item in values_of(listed, "items of DirEntry"):
        value = item.get("value")
        entry = value if isinstance(value, dict) else {}
        uid = entry.get("entryUid") or item.get("uid")
        name = entry.get("displayName") or item.get("displayName")
        if isinstance(uid, str) and isinstance(name, str) and entry.get("kind") in _KINDS:
            found.append(ApiEntry(uid=uid, display_name=name))
    return tuple(found)


def servers_of(answer: Any) -> tuple[ApiServer, ...]:  # noqa: ANN401 - JSON enters here
    """The servers.

    Raises:
        FormatError: something else.
    """
    found = []
    for item in values_of(answer, "items of Server"):
        value = item.get("value")
        server = value if isinstance(value, dict) else {}
        addresses = (server.get("ip"), server.get("fqdn"))
        found.append(
            ApiServer(
                uid=str(item.get("uid") or ""),
                name=str(server.get("name") or item.get("displayName") or ""),
                addresses=tuple(each for each in addresses if isinstance(each, str) and each),
            )
        )
    return tuple(found)


def key_holder_of(answer: Any) -> KeyHolder | None:  # noqa: ANN401 - JSON enters here
    """Whose key it is; None where the core does not say."""
    if not isinstance(answer, dict) or not isinstance(answer.get("uid"), str):
        return None
    roles = answer.get("roles")
    return KeyHolder(
        uid=answer["uid"],
        domain=str(answer.get("domainUid") or ""),
        roles=tuple(sorted(map(str, roles))) if isinstance(roles, list) else (),
    )


def is_called(display_name: str, text: str) -> bool:
    """Whether ``text`` is that name, whole, in any order of its words and any case.

    >>> is_called("John  Doe", "doe john"), is_called("John Doe", "Doe")
    (True, False)
    """
    return _words(display_name) == _words(text)


def _words(text: str) -> list[str]:
    return sorted(normalize("NFC", text).casefold().split())
