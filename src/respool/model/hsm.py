"""Where the octets of mail lie that BlueMind 3.5 archived: a store's directory of one account."""

from __future__ import annotations

from pathlib import PurePosixPath

from respool.model.dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlace:
    """One directory of a store: the part's absolute place, and the directory below it.

    Both as text are enough to open it again later.
    """

    spool: PurePosixPath
    directory: PurePosixPath
