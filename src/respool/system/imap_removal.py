r"""Removing exactly these messages of the open folder: nothing that others marked goes along."""

from __future__ import annotations

from dataclasses import field
from typing import Final

from respool.model.dataclasses import dataclass
from respool.model.messages import DELETED
from respool.model.state import UidSet
from respool.system.flag_commands import at_once, store_flags
from respool.system.imap import ImapSession

_NO_UIDPLUS: Final = (
    "the server can only expunge all that is marked (it has no UIDPLUS): they are left as they are"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expunged:
    """What became of messages that were to go: ``why`` none of them did, if none did.

    ``changed`` are those that somebody changed since they were looked at: they are left.
    """

    why: str | None = None
    changed: UidSet = field(default_factory=UidSet)


def expunge_exactly(session: ImapSession, uids: UidSet, *, looked_at: int | None) -> Expunged:
    r"""Mark and expunge those of ``uids`` that are there; twice is as once.

    ``looked_at`` is the folder's highest modseq before its messages were looked at: what was
    changed since stays, and unmarked. None: the server keeps no modseqs.

    Raises:
        ServerSaidNo: who is logged in may not; some may be marked.

    Source: RFC 4315, section 2.1 (UID EXPUNGE); RFC 7162, section 3.1.3 (UNCHANGEDSINCE).
    """
    if not session.can("UIDPLUS"):
        return Expunged(why=_NO_UIDPLUS)
    changed = store_flags(session, uids, [DELETED], is_set=True, unchanged_since=looked_at)
    for some in at_once(uids.minus(changed)):
        session.ask("UID", "EXPUNGE", str(some))
    return Expunged(changed=changed)


def looked_at_now(session: ImapSession) -> int | None:
    """The highest modseq of the folder that was just opened; None where there is none."""
    return session.highest_modseq or None if session.can("CONDSTORE") else None
