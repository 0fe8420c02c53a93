r"""What a user has read of a mailbox: his ``\Seen``, by UID, set and looked up."""

from __future__ import annotations

from collections.abc import Iterator

from respool.model.state import UidSet
from respool.system.imap import ImapSession

_MOST_RANGES = 400  # a command line of at most 9 kB
_UIDS_AT_ONCE = 50_000  # an answer of at most 550 kB: the library takes 1 MB a line


def set_seen(session: ImapSession, uids: UidSet) -> None:
    r"""Add ``\Seen`` to those of ``uids`` that the open mailbox has; twice is as once.

    Raises:
        ServerSaidNo: he may not.
    """
    for start in range(0, len(uids.ranges), _MOST_RANGES):
        some = UidSet(ranges=uids.ranges[start : start + _MOST_RANGES])
        session.ask("UID", "STORE", str(some), "+FLAGS.SILENT", r"(\Seen)")


def seen_among(session: ImapSession, uids: UidSet) -> UidSet:
    r"""UIDs with ``\Seen`` from the first of ``uids`` to the last, in the open mailbox.

    Those between that are not in ``uids`` may be among them.
    """
    found = UidSet()
    for first, last in _windows(uids):
        words = session.ask("UID", "SEARCH", "UID", f"{first}:{last}", "SEEN", response="SEARCH")
        found = found.plus(UidSet.of(map(int, words)))
    return found


def _windows(uids: UidSet) -> Iterator[tuple[int, int]]:
    """Spans of UIDs that hold all of ``uids``, none wider than what is asked at once."""
    end = 0
    for first, last in uids.ranges:
        start = max(first, end + 1)
        while start <= last:
            end = start + _UIDS_AT_ONCE - 1
            yield start, min(end, uids.ranges[-1][1])
            start = end + 1
