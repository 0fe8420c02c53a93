"""A mailbox opened by the administrator, who gives himself the rights for as long as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from respool.system.borrowed_rights import borrowed_rights
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession

_TO_READ = "lr"
_TO_CHANGE = "lrswn"


@contextmanager
def opened_by_administrator(
    server: CyrusServer, mailbox: str, *, is_to_change: bool, rights: str = ""
) -> Iterator[ImapSession]:
    """A session of his with ``mailbox`` open; what he may there is as before then.

    ``rights`` are what he needs beside those to read or change it.

    Raises:
        ServerSaidNo: there is no such mailbox.
    """
    needed = (_TO_CHANGE if is_to_change else _TO_READ) + rights
    with (
        borrowed_rights(server, mailbox, needed),
        server.as_user(server.admin_name) as session,
    ):
        if is_to_change:
            session.open_to_change(mailbox)
        else:
            session.open_to_read(mailbox)
        yield session
