"""What a server keeps of mailboxes outside their directories, as values.

Who has read what, annotations, subscriptions, quota roots: each is somebody's, and is
given back in his name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.model.dataclasses import dataclass
from respool.model.messages import UID_LIMIT
from respool.model.names import MailboxName

SHARED: Final = ""  # the userid of an annotation that everybody sees
SPECIAL_USE: Final = "/specialuse"
_RANGE: Final = re.compile(r"([0-9]{1,10})(?::([0-9]{1,10}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class UidSet:
    """UIDs of one mailbox as ranges (first, last), ascending and apart from each other."""

    ranges: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if any(not 0 < first <= last < UID_LIMIT for first, last in self.ranges):
            raise ValueError(f"no range of UIDs: {self.ranges!r:.80}")
        if any(former[1] >= later[0] for former, later in pairwise(self.ranges)):
            raise ValueError(f"ranges of UIDs that do not ascend: {self.ranges!r:.80}")

    def mask(self, uids: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Which of ``uids`` (in any order) are in the set."""
        if not self.ranges:
            return np.zeros(len(uids), dtype=np.bool_)
        bounds = np.array(self.ranges, dtype="i8")
        at = np.searchsorted(bounds[:, 0], uids, side="right") - 1
        found: NDArray[np.bool_] = (at >= 0) & (uids <= bounds[at, 1])
        return found

    @property
    def count(self) -> int:
        """How many UIDs are in the set."""
        return sum(last - first + 1 for first, last in self.ranges)

    def uids(self) -> NDArray[np.int64]:
        """All of them, ascending: 8 octets each."""
        spans = [np.arange(first, last + 1, dtype="i8") for first, last in self.ranges]
        return np.concatenate(spans) if spans else np.zeros(0, dtype="i8")

    def minus(self, other: UidSet) -> UidSet:
        """Those of its UIDs that ``other`` lacks."""
        uids = self.uids()
        return UidSet.of_array(uids[~other.mask(uids)])

    def plus(self, other: UidSet) -> UidSet:
        """The UIDs of both."""
        return UidSet(ranges=tuple(_joined(sorted((*self.ranges, *other.ranges)))))

    def __str__(self) -> str:
        """As IMAP writes it: ``1:5,9``."""
        return ",".join(
            str(first) if first == last else f"{first}:{last}" for first, last in self.ranges
        )

    @classmethod
    def of(cls, uids: Iterable[int]) -> UidSet:
        """The set of single UIDs, in any order.

        >>> str(UidSet.of([9, 1, 2, 3]))
        '1:3,9'
        """
        return cls(ranges=tuple(_joined((uid, uid) for uid in sorted(uids))))

    @classmethod
    def of_array(cls, uids: NDArray[np.integer]) -> UidSet:
        """The set of an array of UIDs, in any order; no object is made for each of them."""
        each = np.unique(uids).astype("i8")
        if not len(each):
            return cls()
        breaks = np.flatnonzero(np.diff(each) != 1)
        firsts = each[np.concatenate([[0], breaks + 1])].tolist()
        lasts = each[np.concatenate([breaks, [len(each) - 1]])].tolist()
        return cls(ranges=tuple(zip(firsts, lasts, strict=True)))

    @classmethod
    def parse(cls, text: str) -> UidSet:
        """The set that ``text`` (``1:5,9``) names; ranges that touch or overlap are joined.

        Raises:
            ValueError: something else, or a UID that cannot be.
        """
        ranges: list[tuple[int, int]] = []
        for word in text.split(",") if text else ():
            found = _RANGE.fullmatch(word)
            if found is None:
                raise ValueError(f"no set of UIDs: {text!r:.80}")
            first, last = int(found[1]), int(found[2] or found[1])
            ranges.append((min(first, last), max(first, last)))
        return cls(ranges=tuple(_joined(sorted(ranges))))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Annotation:
    """One value that somebody wrote beside a mailbox, or beside one of its messages.

    ``entry`` is its path without ``/shared`` or ``/private``: ``/comment``,
    ``/specialuse``, ``/vendor/cmu/cyrus-imapd/expire``, ``/altsubject``. ``userid`` is whose
    it is (``jdoe@b.loc``), SHARED where everybody sees it. ``uid`` is None for one of
    the mailbox itself.
    """

    entry: str
    userid: str
    value: bytes
    uid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxState:
    r"""What was kept of one mailbox besides its files.

    ``seen_by`` are the readers with a ``\Seen`` of their own, by userid; nobody whose
    ``\Seen`` stands in the index. ``annotations`` are the mailbox's, ``on_messages`` those
    of its messages; both sorted.
    """

    seen_by: Mapping[str, UidSet] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    on_messages: tuple[Annotation, ...] = ()

    def special_use(self, owner: str | None) -> tuple[str, ...]:
        r"""``\Sent`` and the like, as the owner (a userid) has set them, or everybody sees."""
        words = [
            word.decode("ascii", "replace")
            for each in self.annotations
            if each.entry == SPECIAL_USE and each.userid in {owner, SHARED}
            for word in each.value.split()
        ]
        return tuple(dict.fromkeys(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRoot:
    """One quota root: used and limit by the resource's IMAP name; no limit is left out.

    ``used`` of STORAGE and X-ANNOTATION-STORAGE is in octets, their limits are in KiB.
    """

    root: MailboxName
    used: Mapping[str, int]
    limits: Mapping[str, int]


def _joined(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ascending ranges, those that touch or overlap as one."""
    pending: tuple[int, int] | None = None
    for first, last in ranges:
        if pending is not None and first <= pending[1] + 1:
            pending = (pending[0], max(pending[1], last))
            continue
        if pending is not None:
            yield pending
        pending = (first, last)
    if pending is not None:
        yield pending
