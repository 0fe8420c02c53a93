"""What a user is subscribed to, in his own names."""

from __future__ import annotations

from respool.system.imap import ImapSession, text_of


def subscribed_names(session: ImapSession) -> frozenset[str]:
    """All that whoever is logged in is subscribed to, as the server spells it.

    Raises:
        ServerSaidNo: the list cannot be read.
    """
    answer = session.ask("LSUB", '""', '"*"', response="LSUB")
    return frozenset(text_of(name) for name in answer[2::3])
