"""All that an account of any IMAP server holds, as its user sees it, to compare with later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from imapclient import IMAPClient

from tests.support.directions import Folders
from tests.support.imap_contents import acl_of, folder_names, messages_in, subscriptions_of

# Flags, date, size and SHA-1 of messages by folder: UIDs are the server's own.
Message: TypeAlias = tuple[tuple[str, ...], datetime, int, str]
Plain: TypeAlias = Mapping[str, tuple[Message, ...]]


class ImapHost(Protocol):
    """A private server of any kind, or a stand-in for one."""

    host: str
    port: int
    password: str

    def create_user(self, name: str, /) -> object:
        """Make an account."""

    def client_as(self, user: str, /) -> IMAPClient:
        """A connection as that user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsItStands:
    """What an account holds, but for UIDs and its own name in ``rights``, which is ``-``.

    There are no rights where none are offered.
    """

    messages: Plain
    subscriptions: frozenset[str]
    rights: Mapping[str, Mapping[str, str]]


def as_it_stands(host: ImapHost, login: str) -> AsItStands:
    """How it stands now."""
    with host.client_as(login) as client:
        names = own_folders(client)
        return AsItStands(
            messages=plain({name: messages_in(client, name) for name in names}),
            subscriptions=subscriptions_of(client),
            rights={
                name: {"-" if who.strip('"') == login else who: may for who, may in acl.items()}
                for name, acl in _rights(client, names)
            },
        )


def below(host: ImapHost, login: str, top: str) -> Folders:
    """Messages of the folder ``top`` and all below it, by the server's names, decoded."""
    with host.client_as(login) as client:
        separator = separator_of(client)
        found = [n for n in own_folders(client) if f"{n}{separator}".startswith(top + separator)]
        return {name: messages_in(client, name) for name in found}


def own_folders(client: IMAPClient) -> list[str]:
    """The user's own, not those that others let him see."""
    spaces = client.namespace() if client.has_capability("NAMESPACE") else None
    others = [
        prefix
        for kind in ((spaces.other, spaces.shared) if spaces else ())
        for prefix, _ in kind or ()
    ]
    return sorted(
        name for name in folder_names(client) if not any(name.startswith(each) for each in others)
    )


def separator_of(client: IMAPClient) -> str:
    """Between the levels of a name."""
    ((_, separator, _), *_) = client.list_folders("", "")
    return separator.decode() if isinstance(separator, bytes) else str(separator)


def plain(folders: Folders) -> Plain:
    """Without UIDs, sorted."""
    return {
        name: tuple(
            sorted(
                (tuple(sorted(m.flags)), m.internaldate, m.size_bytes, m.sha1) for m in messages
            )
        )
        for name, messages in folders.items()
    }


def _rights(client: IMAPClient, names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    if client.has_capability("ACL"):
        yield from ((name, acl_of(client, name)) for name in names)
