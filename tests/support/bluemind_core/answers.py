"""What the stand-in core answers, as JSON: an entry seen as each call shows it.

Source: the SerDer classes of BlueMind's published clients; a test compares the fields.
"""

from __future__ import annotations

from typing import Final

from tests.support.bluemind_core.entries import ADMIN_DOMAIN, USER, Entry
from tests.support.bluemind_core.installation import Domain, Server
from tests.support.bluemind_core.json_values import Fields, Json
from tests.support.bluemind_core.versions import CoreFamily, CoreVersion

_CREATED: Final = 1_600_000_000_000  # milliseconds
_KINDS: Final = {"user": "USER", "mailshare": "MAILSHARE"}


def item(version: CoreVersion, uid: str, value: Json, name: str, number: int = 1) -> Fields:
    """An ItemValue."""
    shown: Fields = {
        "value": value,
        "uid": uid,
        "internalId": number,
        "version": 1,
        "displayName": name,
        "externalId": None,
        "createdBy": "admin0",
        "updatedBy": "admin0",
        "created": _CREATED,
        "updated": _CREATED,
    }
    if version.family is not CoreFamily.BM3:
        shown["flags"] = []
    return shown


def entry_item(version: CoreVersion, entry: Entry) -> Fields:
    """A user or a mailshare: an item of User or Mailshare. No password is told."""
    value = dict(entry.value)
    if entry.kind == USER:
        value["password"] = None
    return item(version, entry.uid, value, entry.display_name, entry.number)


def mailbox_item(version: CoreVersion, entry: Entry) -> Fields:
    """Its mailbox: an item of Mailbox."""
    value: Fields = {
        "name": entry.name,
        "type": entry.kind,
        "routing": entry.value.get("routing"),
        "quota": entry.value.get("quota"),
        **{
            key: entry.value.get(key)
            for key in ("system", "hidden", "archived", "emails", "dataLocation")
        },
    }
    if version.family is CoreFamily.BM5:
        value["deleted"] = False
    return item(version, entry.uid, value, entry.display_name, entry.number)


def dir_entry(version: CoreVersion, entry: Entry) -> Fields:
    """A DirEntry. Its ``email`` is the main address."""
    shown: Fields = {
        "displayName": entry.display_name,
        "entryUid": entry.uid,
        "accountType": "FULL",
        "kind": _KINDS[entry.kind],
        "path": f"{entry.domain}/{entry.kind}s/{entry.uid}",
        "email": entry.default_address(),
        "hidden": False,
        "system": False,
        "archived": entry.is_archived,
        "emails": entry.value.get("emails"),
        "orgUnitUid": None,
        "orgUnitPath": None,
        "dataLocation": entry.server,
    }
    if version.family is CoreFamily.BM5:
        shown |= {"deleted": False, "minId": entry.number, "features": None}
    return shown


def domain_item(version: CoreVersion, domain: Domain) -> Fields:
    """A domain: an item of Domain."""
    value: Fields = {
        "label": domain.default_alias or domain.uid,
        "name": domain.uid,
        "description": "",
        "properties": {},
        "global": domain.uid == ADMIN_DOMAIN,
        "aliases": list(domain.aliases),
    }
    if version.family is not CoreFamily.BM3:
        value["defaultAlias"] = domain.default_alias or domain.uid
    return item(version, domain.uid, value, domain.uid)


def server_item(version: CoreVersion, server: Server) -> Fields:
    """A server: an item of Server."""
    value: Fields = {
        "ip": server.ip,
        "fqdn": server.fqdn,
        "name": server.uid,
        "tags": list(server.tags),
    }
    if version.family is CoreFamily.BM5:
        value["tagConfigurations"] = []
    return item(version, server.uid, value, server.uid)
