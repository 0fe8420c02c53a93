"""Which messages of a group a folder has already: each of it is found at most once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from respool.model.dataclasses import dataclass
from respool.model.messages import RECENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A message as it is to be, or as a folder has it: what tells it from others.

    ``guid`` is the SHA-1 of its octets in hex; ``date`` counts seconds since 1970.
    """

    uid: int
    guid: str
    date: int
    flags: frozenset[str]


Alike: TypeAlias = Callable[[Copy, Copy], bool]


def paired(wanted: Iterable[Copy], present: Sequence[Copy]) -> dict[int, int]:
    """UID of what is wanted → UID of what is there with the same octets, those alike in most.

    Copies count: two of the same octets need two that are there.
    """
    by_guid: dict[str, list[Copy]] = {}
    for each in present:
        by_guid.setdefault(each.guid, []).append(each)
    rest = list(wanted)
    found: dict[int, int] = {}
    for alike in (_all, _date, _anything):
        rest = [each for each in rest if not _take(each, by_guid, alike, found)]
    return found


def doubtful(
    wanted: Iterable[Copy],
    present: Iterable[Copy],
    found: Mapping[int, int],
    *,
    was_emptied: bool,
) -> frozenset[int]:
    """Those of ``found`` that somebody may have brought himself, though they have our octets.

    Ours have the date that they were given; where more have it than there are of ours, nothing
    tells which are. A group is appended in the order of its UIDs: where its first is not
    there, it may be that none of it ever came, unless some of it went since (``was_emptied``).
    """
    ours = {each.uid: each for each in wanted}
    theirs = {each.uid: each for each in present}
    asked = Counter((each.guid, each.date) for each in ours.values())
    there = Counter((each.guid, each.date) for each in theirs.values())
    if found and min(ours) not in found and not was_emptied:
        return frozenset(found)
    return frozenset(
        uid
        for uid, at in found.items()
        for each in [(ours[uid].guid, ours[uid].date)]
        if theirs[at].date != ours[uid].date or there[each] > asked[each]
    )


def _take(
    wanted: Copy,
    by_guid: Mapping[str, list[Copy]],
    alike: Alike,
    found: dict[int, int],
) -> bool:
    copies = by_guid.get(wanted.guid, [])
    for at, copy in enumerate(copies):
        if alike(wanted, copy):
            found[wanted.uid] = copies.pop(at).uid
            return True
    return False


def _all(one: Copy, other: Copy) -> bool:
    return _date(one, other) and _plain(one) == _plain(other)


def _date(one: Copy, other: Copy) -> bool:
    return one.date == other.date


def _anything(_one: Copy, _other: Copy) -> bool:
    return True


def _plain(copy: Copy) -> frozenset[str]:
    return frozenset(flag.lower() for flag in copy.flags if flag != RECENT)
