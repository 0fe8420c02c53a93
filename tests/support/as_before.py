"""All that one account leaves on a server, over IMAP and on disk, to compare with later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.directions import TargetAccount
from tests.support.imap_contents import (
    HeldMessage,
    acl_of,
    folder_names,
    messages_in,
    quota_of,
    subscriptions_of,
)
from tests.support.private_cyrus import PrivateCyrus

_OF_OTHERS = ("Shared Folders/", "Other Users/")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsBefore:
    """What an account holds; counters of the server and empty directories apart.

    ``folders`` are every mailbox of it that the administrator sees, deleted ones too;
    ``files`` every message file of the whole spool.
    """

    folders: frozenset[str]
    messages: Mapping[tuple[str, str], tuple[HeldMessage, ...]]
    rights: Mapping[str, Mapping[str, str]]
    limits: Mapping[str, tuple[int, int]]
    subscriptions: Mapping[str, frozenset[str]]
    files: frozenset[str]


def as_before(server: PrivateCyrus, target: TargetAccount) -> AsBefore:
    """How it stands now."""
    local = target.root.partition("@")[0]
    with server.admin_client() as admin:
        folders = frozenset(name for name in folder_names(admin) if _is_of(name, local))
        rights = {name: acl_of(admin, name) for name in folders if not name.startswith("DELETED/")}
        is_there = target.root in folders
        limits = dict(quota_of(admin, target.root)) if is_there else {}
    messages: dict[tuple[str, str], tuple[HeldMessage, ...]] = {}
    subscriptions = {}
    for reader in target.readers:
        with server.client_as(reader) as client:
            subscriptions[reader] = subscriptions_of(client)
            for name in folder_names(client) if is_there else ():
                is_own = not name.startswith(_OF_OTHERS)
                is_of_share = name.startswith(target.name_for_readers("INBOX"))
                if is_own if target.kind == "user" else is_of_share:
                    messages[reader, name] = messages_in(client, name)
    return AsBefore(
        folders=folders,
        messages=messages,
        rights=rights,
        limits=limits,
        subscriptions=subscriptions,
        files=spool_files(server),
    )


def spool_files(server: PrivateCyrus) -> frozenset[str]:
    """Every message file of the spool, and every file that is not the server's own."""
    spool = server.root / "spool"
    return frozenset(
        str(each.relative_to(spool))
        for each in spool.rglob("*")
        if each.is_file() and not each.name.startswith("cyrus.")
    )


def _is_of(name: str, local: str) -> bool:
    path = name.partition("@")[0].removeprefix("DELETED/")
    return path == local or path.startswith(f"{local}/")
