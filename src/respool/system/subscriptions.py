"""What a user is subscribed to, in his own names: looked up and changed."""

from __future__ import annotations

from respool.system.imap import ImapSession, quoted, text_of


def subscribed_names(session: ImapSession) -> frozenset[str]:
    """All that whoever is logged in is subscribed to, as the server spells it.

    Raises:
        ServerSaidNo: the list cannot be read.
    """
    answer = session.ask("LSUB", '""', '"*"', response="LSUB")
    return frozenset(text_of(name) for name in answer[2::3])


def subscribe(session: ImapSession, mailbox: str) -> None:
    """Subscribe whoever is logged in; twice is as once."""
    session.ask("SUBSCRIBE", quoted(mailbox))


def unsubscribe(session: ImapSession, mailbox: str) -> None:
    """Unsubscribe whoever is logged in; of what he is not subscribed to, too."""
    session.ask("UNSUBSCRIBE", quoted(mailbox))
