"""Which UID each message of a backup got at a target: pairs as few numbers, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

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
