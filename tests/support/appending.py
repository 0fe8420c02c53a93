"""Puts messages into a mailbox over IMAP, octet for octet."""

from __future__ import annotations

import imaplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from imapclient import IMAPClient


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """One message to put into a mailbox; ``octets`` have lines that end in CRLF.

    Without an aware ``internaldate`` the server takes the present time.
    """

    octets: bytes
    flags: tuple[str, ...] = ()
    internaldate: datetime | None = None


def append_messages(client: IMAPClient, folder: str, messages: Sequence[NewMessage]) -> None:
    """Append all ``messages`` to ``folder``, which must exist, in one command.

    The library's ``append`` would change bare CR and LF on the way; this does not.
    """
    if not messages:
        return
    status, answer = client.multiappend(folder, [_item(message) for message in messages])
    if status != "OK":
        raise imaplib.IMAP4.error(f"APPEND to {folder}: {answer!r}")


def _item(message: NewMessage) -> dict[str, object]:
    item: dict[str, object] = {"flags": message.flags, "msg": message.octets}
    if message.internaldate is not None:
        item["date"] = message.internaldate
    return item
