"""What the readers of all database containers have in common."""

from __future__ import annotations

import mmap
from array import array
from typing import Final, TypeAlias

from respool.model.dataclasses import dataclass

ENTRY_LIMIT: Final = 1 << 24  # octets of one key or value; what servers write is far below
Octets: TypeAlias = "bytes | mmap.mmap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where the records of a file stand that count.

    ``notes`` say what is odd, ``losses`` what cannot be read; sentences without a subject.
    """

    offsets: array[int]
    notes: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()


def lost(count: int, what: str) -> tuple[str, ...]:
    """A loss of ``count`` records or lines; nothing where it is 0."""
    return (f"{count} of its {what} are damaged and left out",) if count else ()
