r"""Removing exactly these messages of the open folder: nothing that others marked goes along."""

from __future__ import annotations

from typing import Final

from respool.model.state import UidSet
from respool.system.imap import ImapSession

_MOST_RANGES: Final = 400  # a command line of at most 9 kB
_NO_UIDPLUS: Final = (
    "the server can only expunge all that is marked (it has no UIDPLUS): they are left as they are"
)


def expunge_exactly(session: ImapSession, uids: UidSet) -> str | None:
    r"""Mark and expunge those of ``uids`` that are there; twice is as once. Why not, if not.

    Raises:
        ServerSaidNo: who is logged in may not; some may be marked.

    Source: RFC 4315, section 2.1 (UID EXPUNGE).
    """
    if not session.can("UIDPLUS"):
        return _NO_UIDPLUS
    for start in range(0, len(uids.ranges), _MOST_RANGES):
        some = str(UidSet(ranges=uids.ranges[start : start + _MOST_RANGES]))
        session.ask("UID", "STORE", some, "+FLAGS.SILENT", r"(\Deleted)")
        session.ask("UID", "EXPUNGE", some)
    return None
