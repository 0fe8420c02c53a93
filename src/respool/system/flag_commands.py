"""Flags of messages in the open folder: looked up, set and cleared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from respool.errors import ServerSaidNo
from respool.model.state import UidSet
from respool.system.fetch_answer import FetchedMessage
from respool.system.imap import ImapSession, text_of

_MOST_RANGES = 400  # a command line of at most 9 kB


def at_once(uids: UidSet) -> Iterator[UidSet]:
    """``uids`` as one command after the other names them."""
    for start in range(0, len(uids.ranges), _MOST_RANGES):
        yield UidSet(ranges=uids.ranges[start : start + _MOST_RANGES])


def flags_now(session: ImapSession, uids: UidSet) -> dict[int, FetchedMessage]:
    """Those of ``uids`` that are there, by UID; with modseqs where the server keeps them."""
    more = ("MODSEQ",) if session.can("CONDSTORE") else ()
    found: dict[int, FetchedMessage] = {}
    for some in at_once(uids):
        found |= {each.uid: each for each in session.states(str(some), *more)}
    return found


def store_flags(
    session: ImapSession,
    uids: UidSet,
    flags: Iterable[str],
    *,
    is_set: bool,
    unchanged_since: int | None,
) -> UidSet:
    """Set ``flags`` on ``uids``, or clear them; other flags stay. Those that were left alone.

    Left alone are messages that somebody changed after the modseq ``unchanged_since``; None:
    the server does not keep modseqs.

    Raises:
        ServerSaidNo: he may not, or the folder has no room for one keyword more.

    Source: RFC 7162, section 3.1.3; seen on Cyrus 3.6.1: MODIFIED names UIDs.
    """
    condition = () if unchanged_since is None else (f"(UNCHANGEDSINCE {unchanged_since})",)
    what = f"{'+' if is_set else '-'}FLAGS.SILENT"
    words = f"({' '.join(flags)})"
    left = UidSet()
    for some in at_once(uids):
        session.answered("MODIFIED")  # of a former command
        session.ask("UID", "STORE", str(some), *condition, what, words)
        left = left.plus(_modified(session))
    return left


def _modified(session: ImapSession) -> UidSet:
    words = session.answered("MODIFIED")
    try:
        return UidSet.parse(",".join(text_of(word) for word in words))
    except ValueError as error:
        raise ServerSaidNo("the answer to STORE cannot be read", why=str(error)) from error
