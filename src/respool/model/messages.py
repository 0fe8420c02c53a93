"""One message's facts: uid, guid, dates, flags."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NewType

from respool.model.dataclasses import dataclass

Uid = NewType("Uid", int)
UidValidity = NewType("UidValidity", int)
PartitionName = NewType("PartitionName", str)

UID_LIMIT = 2**31  # a file with a higher UID makes every Cyrus lose mail (lab-notes)

# Bits of a record's system flags that are IMAP flags, in the order they are shown.
SYSTEM_FLAGS: tuple[tuple[int, str], ...] = (
    (1 << 0, "\\Answered"),
    (1 << 1, "\\Flagged"),
    (1 << 2, "\\Deleted"),
    (1 << 3, "\\Draft"),
    (1 << 4, "\\Seen"),
)
SEEN = "\\Seen"
DELETED = "\\Deleted"
RECENT = "\\Recent"


_NO_KEYWORD = frozenset('(){%*"\\')


def is_keyword(name: str) -> bool:
    """Whether a server can keep ``name`` as a keyword: an atom, and no system flag."""
    return bool(name) and all("!" <= each <= "~" and each not in _NO_KEYWORD for each in name)


# Times that a calendar has, in every zone: a damaged record may say any other.
EARLIEST_TIME = int(datetime(1, 1, 3, tzinfo=UTC).timestamp())
LATEST_TIME = int(datetime(9999, 12, 29, tzinfo=UTC).timestamp())


def at_utc(seconds: int) -> datetime:
    """A ``time_t`` of Cyrus as an aware UTC time; the nearest one where no calendar has it.

    >>> at_utc(1 << 62).year, at_utc(-(1 << 62)).year
    (9999, 1)
    """
    return datetime.fromtimestamp(min(max(seconds, EARLIEST_TIME), LATEST_TIME), UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """One message as a mailbox stores it.

    ``guid`` is the SHA-1 of its octets in hex, or None where the index has none.
    ``flags`` are system flags first, then keywords in the mailbox's order.
    ``has_file`` says whether a message file of its UID was found.
    """

    uid: Uid
    guid: str | None
    internaldate: datetime
    size_bytes: int
    flags: tuple[str, ...]
    is_expunged: bool
    is_archived: bool
    has_file: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """One message as a target gave it back; ``guid`` was hashed from its octets."""

    uid: int
    flags: frozenset[str]
    internaldate: datetime
    size_bytes: int
    guid: str
