"""Where a mailbox lies in a backup, as a plan keeps it."""

from __future__ import annotations

from pathlib import PurePosixPath

from respool.model.dataclasses import dataclass
from respool.model.hsm import StorePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlace:
    """Where a mailbox lies in a backup: the part's absolute place, directories below it.

    ``stores`` have the octets of its stubs.
    """

    spool: PurePosixPath
    partition: str
    data: PurePosixPath | None
    meta: PurePosixPath | None
    archive: PurePosixPath | None
    stores: tuple[StorePlace, ...] = ()
