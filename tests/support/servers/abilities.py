"""What a server can hold of one account, asked of it: put in, and looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from imapclient import IMAPClient

from tests.support.servers import holding_folders, holding_messages
from tests.support.servers.answers import Answer
from tests.support.servers.asked import Asked

# What is asked, in the order of the page, by the words of the page.
QUESTIONS: Mapping[str, Callable[[Asked], Answer]] = {
    "flags": holding_messages.flags,
    "keywords": holding_messages.keywords,
    "keywords: how many": holding_messages.many_keywords,
    "keywords: which characters": holding_messages.odd_keywords,
    "INTERNALDATE": holding_messages.dates,
    "UIDs": holding_messages.uids,
    "octets: 8-bit, long lines": holding_messages.eight_bit,
    "octets: bare LF": holding_messages.bare_lf,
    "octets: bare CR": holding_messages.bare_cr,
    "octets: NUL": holding_messages.nul,
    "octets: no header": holding_messages.no_header,
    "octets: none": holding_messages.nothing,
    "size": holding_messages.size,
    "annotations of messages": holding_messages.message_annotations,
    "names": holding_folders.names,
    "names: two that differ in case": holding_folders.case,
    "names: longest part": holding_folders.longest,
    "names: depth": holding_folders.depth,
    "special use": holding_folders.special_use,
    "METADATA, private": holding_folders.private_metadata,
    "METADATA, shared": holding_folders.shared_metadata,
    "ACL": holding_folders.rights,
    "\\Seen of others": holding_folders.seen_of_others,
    "subscriptions": holding_folders.subscriptions,
}
_NUMBERS = count(1)


class Server(Protocol):
    """A private server of any kind."""

    def create_user(self, name: str) -> object:
        """Make an account."""

    def client_as(self, user: str) -> IMAPClient:
        """A connection as that user."""


def asked_of(server: Server) -> Mapping[str, Answer]:
    """Question → answer, on accounts of their own."""
    return dict(_asked(server))


def _asked(server: Server) -> Iterator[tuple[str, Answer]]:
    number = next(_NUMBERS)
    owner, other = (f"{who}{number}@bluemind.loc" for who in ("asking", "reading"))
    for login in (owner, other):
        server.create_user(login)
    for question, asking in QUESTIONS.items():
        with server.client_as(owner) as client:
            yield question, asking(Asked.of(client, other, server.client_as))


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeted:
    """What a server says of itself to a user who is logged in."""

    capabilities: tuple[str, ...]
    prefix: str
    separator: str

    @classmethod
    def by(cls, client: IMAPClient) -> Greeted:
        """Ask it."""
        words: Any = client.capabilities()
        prefix, separator = client.namespace().personal[0]
        return cls(
            capabilities=tuple(sorted(word.decode() for word in words)),
            prefix=prefix,
            separator=separator,
        )
