"""Which messages of one mailbox are taken."""

from __future__ import annotations

from respool.model.dataclasses import dataclass
from respool.model.state import UidSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """The messages that fulfil the conditions, of how many that were looked at.

    ``guids`` are those of the conditions that were found. ``unread`` counts messages that
    could not be read, and so perhaps fulfil them.
    """

    uids: UidSet
    looked_at: int
    guids: frozenset[str] = frozenset()
    unread: int = 0
