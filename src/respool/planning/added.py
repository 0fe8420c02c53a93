"""How much of a mailbox comes, as a value: counted block by block, for there may be millions."""

from __future__ import annotations

from typing import Final

import numpy as np

from respool.model.dataclasses import dataclass
from respool.model.inventory import IN_ARCHIVE
from respool.planning.chosen import Destined

_SEEN_BIT: Final = np.uint32(1 << 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What of a mailbox will be added; ``archived`` of it lies in the backup's archive."""

    messages: int = 0
    unseen: int = 0
    size_bytes: int = 0
    archived: int = 0
    archived_bytes: int = 0

    @classmethod
    def of(cls, each: Destined) -> Added:
        """The wanted records of a mailbox, as they are to be."""
        messages = unseen = size_bytes = archived = archived_bytes = 0
        for rows in each.blocks():
            in_archive = rows["place"] == IN_ARCHIVE
            messages += len(rows)
            unseen += int(np.count_nonzero((rows["system_flags"] & _SEEN_BIT) == 0))
            size_bytes += int(rows["size"].sum())
            archived += int(np.count_nonzero(in_archive))
            archived_bytes += int(rows["size"].sum(where=in_archive))
        return cls(
            messages=messages,
            unseen=unseen,
            size_bytes=size_bytes,
            archived=archived,
            archived_bytes=archived_bytes,
        )
