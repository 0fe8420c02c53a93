"""A folder of the live server opened as whoever sees it: its owner, a reader, an administrator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from respool.errors import ProgramFailed, ServerSaidNo
from respool.model.names import MailboxName
from respool.system.below import listed_below
from respool.system.borrowed_rights import borrowed_rights
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.system.namespaces import name_for

_TO_LOOK = "lr"
_TO_CHANGE = "lrswt"


@contextmanager
def somebodys_folder(
    server: CyrusServer,
    mailbox: str,
    name: MailboxName,
    login: str | None,
    *,
    is_to_change: bool,
) -> Iterator[ImapSession]:
    r"""``mailbox``, which is ``name``, opened as ``login``; None: the administrator.

    The latter has the rights that it takes for the length of the block.

    Raises:
        LoginRefused, ServerSaidNo: he may not, or it is not there.
    """
    if login is None:
        needed = _TO_CHANGE if is_to_change else _TO_LOOK
        with (
            borrowed_rights(server, mailbox, needed),
            server.as_user(server.admin_name) as session,
        ):
            _open(session, mailbox, is_to_change=is_to_change)
            yield session
        return
    with server.as_user(login) as session:
        spelled = name_for(session, login, name, default_domain=server.default_domain)
        _open(session, spelled, is_to_change=is_to_change)
        yield session


def _open(session: ImapSession, mailbox: str, *, is_to_change: bool) -> None:
    if is_to_change:
        session.open_to_change(mailbox)
    else:
        session.open_to_read(mailbox)


def where_it_is_now(
    server: CyrusServer, mailbox: str, name: MailboxName, uniqueid: str | None
) -> tuple[str, MailboxName] | None:
    """The folder that was ``mailbox`` and had that id, by its present name; None: it is gone.

    Somebody may have renamed it within its account. Where the id is not known, its name says
    which it is.
    """
    if uniqueid is None:
        return (mailbox, name) if server.admin.exists(mailbox) else None
    if _id_of(server, mailbox) == uniqueid:
        return mailbox, name
    end = f"@{name.domain}"
    end = end if mailbox.endswith(end) else ""  # the default domain is not in names
    depth, separator = (2 if name.is_user else 1), server.separator
    root = separator.join(mailbox.removesuffix(end).split(separator)[:depth])
    for found in listed_below(server, root, "*", end):
        if _id_of(server, found) == uniqueid:
            parts = tuple(found.removesuffix(end).split(separator))
            return found, MailboxName(domain=name.domain, parts=parts)
    return None


def _id_of(server: CyrusServer, mailbox: str) -> str | None:
    with suppress(ServerSaidNo, ProgramFailed):
        return server.uniqueid(mailbox)
    return None
