"""What a server holds, read over IMAP without leaving a trace, to compare with a truth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imapclient import IMAPClient, imap_utf7

_ITEMS = ["UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODY.PEEK[]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMessage:
    """One message as a server shows it; ``sha1`` is that of the octets it sent.

    ``flags`` are without \\Recent; ``internaldate`` is aware, in UTC.
    """

    uid: int
    flags: frozenset[str]
    internaldate: datetime
    size_bytes: int
    sha1: str


def messages_in(client: IMAPClient, folder: str) -> tuple[HeldMessage, ...]:
    """The messages of ``folder`` (a decoded name, as the client's user sees it), by UID.

    By sequence numbers, because SEARCH finds nothing below DELETED (3.6.1).
    """
    count = client.select_folder(folder, readonly=True)[b"EXISTS"]
    client.use_uid = False
    try:
        fetched = client.fetch(list(range(1, count + 1)), _ITEMS)
    finally:
        client.use_uid = True
    return tuple(_message(fetched[number]) for number in sorted(fetched))


def seen_uids(client: IMAPClient, folder: str) -> frozenset[int]:
    """UIDs of ``folder`` that the client's user has seen."""
    client.select_folder(folder, readonly=True)
    return frozenset(client.search("SEEN"))


def acl_of(client: IMAPClient, folder: str) -> Mapping[str, str]:
    """Rights by identifier, each as sorted letters (without the old ``c`` and ``d``)."""
    return {_text(who): rights_of(_text(rights)) for who, rights in client.getacl(folder)}


def rights_of(letters: str) -> str:
    """The letters of some rights, sorted, without the old ones that stand for others."""
    return "".join(sorted(set(letters) - set("cd")))


def quota_of(client: IMAPClient, folder: str) -> Mapping[str, tuple[int, int]]:
    """Used and limit by resource of the quota root of ``folder``; empty if it has none."""
    _, quotas = client.get_quota_root(b'"' + imap_utf7.encode(folder) + b'"')
    return {_text(quota.resource): (quota.usage, quota.limit) for quota in quotas}


def subscriptions_of(client: IMAPClient) -> frozenset[str]:
    """What the client's user has subscribed to, in his own names."""
    return frozenset(name for _, _, name in client.list_sub_folders())


def folder_names(client: IMAPClient) -> frozenset[str]:
    """All mailboxes that the client's user sees and can select, in his own names."""
    listed = client.list_folders()
    return frozenset(name for flags, _, name in listed if b"\\Noselect" not in flags)


def name_for_owner(name_admin: str) -> str:
    """The owner's name of his mailbox: ``user/jdoe/Sent@b.loc`` is ``Sent`` to him.

    That is so with altnamespace and "/", which the private servers have.

    >>> name_for_owner("user/jdoe@b.loc"), name_for_owner("user/jdoe/a@b/c@b.loc")
    ('INBOX', 'a@b/c')
    """
    path = name_admin.rpartition("@")[0]
    return "/".join(path.split("/")[2:]) or "INBOX"


def name_for_others(name_admin: str, owner: str | None) -> str:
    """The name that another user has for a mailbox, shared or a user's.

    >>> name_for_others("contact/Clients@b.loc", None)
    'Shared Folders/contact/Clients'
    """
    path = name_admin.rpartition("@")[0]
    if owner is None:
        return f"Shared Folders/{path}"
    return f"Other Users/{path.removeprefix('user/')}"


def _message(items: Mapping[bytes, Any]) -> HeldMessage:
    return HeldMessage(
        uid=items[b"UID"],
        flags=_flags(items[b"FLAGS"]),
        internaldate=items[b"INTERNALDATE"].astimezone(UTC),
        size_bytes=items[b"RFC822.SIZE"],
        sha1=hashlib.sha1(items[b"BODY[]"], usedforsecurity=False).hexdigest(),
    )


def _flags(octets: Iterable[bytes]) -> frozenset[str]:
    return frozenset(flag.decode("ascii") for flag in octets) - {"\\Recent"}


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8")
