"""One connection to ask on, and the folders that are made for asking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from tests.support.appending import NewMessage, append_messages
from tests.support.imap_contents import HeldMessage, messages_in
from tests.support.servers.answers import said_by

_NUMBERS = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``client`` is logged in as somebody; ``other`` is a login that is not his."""

    client: IMAPClient
    other: str
    client_as: Callable[[str], IMAPClient]
    prefix: str
    separator: str
    capabilities: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, client: IMAPClient, other: str, client_as: Callable[[str], IMAPClient]) -> Asked:
        """What that connection's server says of itself."""
        offered = frozenset(word.decode().upper() for word in client.capabilities())
        prefix, separator = "", "/"
        if "NAMESPACE" in offered:
            prefix, separator = client.namespace().personal[0]
        return cls(
            client=client,
            other=other,
            client_as=client_as,
            prefix=prefix,
            separator=separator,
            capabilities=offered,
        )

    def folder(self, *parts: str) -> str:
        """The server's name of a folder of the user's own, by decoded parts."""
        return self.prefix + self.separator.join(parts)

    def new_folder(self, *more: str) -> str:
        """The name of a new folder (and of one below it)."""
        top = f"asked{next(_NUMBERS)}"
        name = self.folder(top, *more)
        self.client.create_folder(name)
        return name

    def put(self, *messages: NewMessage) -> tuple[HeldMessage, ...] | str:
        """What a new folder shows of messages put there, or why the server refused them."""
        folder = self.new_folder()
        try:
            append_messages(self.client, folder, messages)
        except IMAPClientError as error:
            return said_by(error)
        return messages_in(self.client, folder)
