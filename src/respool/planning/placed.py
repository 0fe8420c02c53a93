"""Which UID each message of a backup got at a target: pairs as few numbers, and back."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from respool.model.dataclasses import dataclass

Placed: TypeAlias = list[list[int]]  # of a receipt: first UID there, first UID here, how many


def as_ranges(pairs: Mapping[int, int]) -> Placed:
    """Pairs of source UID and target UID, neighbours joined, in the order of the sources.

    >>> as_ranges({1: 101, 2: 102, 3: 103, 7: 104})
    [[1, 101, 3], [7, 104, 1]]
    """
    ranges: Placed = []
    for source, target in sorted(pairs.items()):
        if ranges:
            first, first_there, count = ranges[-1]
            if source == first + count and target == first_there + count:
                ranges[-1][2] += 1
                continue
        ranges.append([source, target, 1])
    return ranges


def as_pairs(ranges: Iterable[Sequence[Any]]) -> dict[int, int]:
    """What `as_ranges` joined, one by one again.

    >>> as_pairs([[1, 101, 3]])
    {1: 101, 2: 102, 3: 103}
    """
    return {
        int(first) + offset: int(there) + offset
        for first, there, count in ranges
        for offset in range(int(count))
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """All pairs of a folder, for as many messages as may be: ranges, in the order of sources."""

    ranges: tuple[tuple[int, int, int], ...]
    firsts: tuple[int, ...]

    @classmethod
    def of(cls, ranges: Iterable[Sequence[int]]) -> Places:
        """Those of several receipts, one after the other.

        >>> Places.of([[1, 101, 3], [7, 104, 1]]).get(2)
        102
        """
        every = tuple(sorted((first, there, count) for first, there, count in ranges))
        return cls(ranges=every, firsts=tuple(first for first, _, _ in every))

    def get(self, source: int) -> int | None:
        """The UID that a message has at the target; None where it is not there."""
        at = bisect_right(self.firsts, source) - 1
        if at < 0:
            return None
        first, there, count = self.ranges[at]
        return there + source - first if source < first + count else None
