r"""Which flags of which live messages differ from what a backup had. Columns in, columns out.

A flag is there or not: so one that differs from the backup's is set where the backup had it,
and cleared where it had not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import TypeAlias

import numpy as np

from respool.model.dataclasses import dataclass
from respool.model.messages import SEEN
from respool.model.state import UidSet
from respool.planning.state_wish import StateWish
from respool.targets.state.columns import Mask, Rows, flags_used, has_flag
from respool.targets.state.survey import StateFolder

Change: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]  # flags to set, flags to clear
Column: TypeAlias = Callable[[StateFolder, Rows], Mask]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """Messages of one live folder and the copies that they answer, row by row.

    ``was`` and ``was_rows`` are of the backup. ``later`` and ``later_rows`` are of the later
    generation, where only what changed until then is wanted; None: there is none.
    """

    was: StateFolder
    was_rows: Rows
    now: StateFolder
    now_rows: Rows
    later: StateFolder | None = None
    later_rows: Rows = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Differences:
    """What is to become of the live rows of one `Matched`, or of several of one folder.

    ``rows`` are rows of the live folder by what changes in them. ``already`` counts those
    that have what they are to have, ``only_live`` those with flags that the backup's had not
    and that stay. ``by_flag`` counts (set, cleared).
    """

    rows: Mapping[Change, Rows] = field(default_factory=dict)
    already: int = 0
    only_live: int = 0
    by_flag: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many messages change."""
        return sum(len(rows) for rows in self.rows.values())

    def touching(self, at: int) -> int:
        """How many messages get a flag (``at`` 0), or lose one (1)."""
        return sum(len(rows) for change, rows in self.rows.items() if change[at])


def flag_differences(matched: Matched, wish: StateWish, *, has_seen: bool) -> Differences:
    r"""Differences of flags that everybody, or the owner, sees; ``has_seen``: of \Seen, too."""
    used = flags_used(matched.was.mailbox, matched.was_rows)
    used |= flags_used(matched.now.mailbox, matched.now_rows)
    if matched.later is not None:
        used |= flags_used(matched.later.mailbox, matched.later_rows)
    spelled = {each.casefold(): each for each in sorted(used) if wish.means(each)}
    if not has_seen:
        spelled.pop(SEEN.casefold(), None)
    flags = sorted(spelled.values())
    columns = [_Column(flag=each, of=_of_index(each)) for each in flags]
    return _differences(matched, columns, wish)


def mark_differences(matched: Matched, reader: str, wish: StateWish) -> Differences:
    r"""Differences of one reader's own ``\Seen``."""
    if not wish.means(SEEN):
        return Differences()

    def has_read(folder: StateFolder, rows: Rows) -> Mask:
        seen = folder.seen_by.get(reader, UidSet())
        return seen.mask(folder.mailbox.records["uid"][rows])

    return _differences(matched, [_Column(flag=SEEN, of=has_read)], wish)


def changed_until(
    was: StateFolder, was_rows: Rows, later: StateFolder, later_rows: Rows, wish: StateWish
) -> Mask:
    """Which of paired rows of two generations differ in a flag that everybody sees."""
    paired = Matched(was=was, was_rows=was_rows, now=later, now_rows=later_rows)
    both = replace(wish, is_exact=True)
    found = flag_differences(paired, both, has_seen=True)
    changed = np.concatenate([np.zeros(0, dtype=np.int64), *found.rows.values()])
    mask: Mask = np.isin(later_rows, changed)
    return mask


def together(every: Iterable[Differences]) -> Differences:
    """Those of several pairings with one live folder, as one."""
    rows: dict[Change, list[Rows]] = {}
    by_flag: dict[str, tuple[int, int]] = {}
    already = only_live = 0
    for each in every:
        already, only_live = already + each.already, only_live + each.only_live
        for change, some in each.rows.items():
            rows.setdefault(change, []).append(some)
        for flag, (added, cleared) in each.by_flag.items():
            before = by_flag.get(flag, (0, 0))
            by_flag[flag] = (before[0] + added, before[1] + cleared)
    return Differences(
        rows={change: np.concatenate(some) for change, some in sorted(rows.items())},
        already=already,
        only_live=only_live,
        by_flag=dict(sorted(by_flag.items())),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    flag: str
    of: Column


def _of_index(flag: str) -> Column:
    return lambda folder, rows: has_flag(folder.mailbox, flag, rows)


def _differences(matched: Matched, columns: Sequence[_Column], wish: StateWish) -> Differences:
    size = len(matched.now_rows)
    is_asked = np.full(size, matched.later is None)
    is_only_live = np.zeros(size, dtype=np.bool_)
    changes: list[tuple[str, Mask, Mask]] = []
    for column in columns:
        wanted = column.of(matched.was, matched.was_rows)
        present = column.of(matched.now, matched.now_rows)
        differs = wanted != present
        if matched.later is not None:
            has_changed = wanted != column.of(matched.later, matched.later_rows)
            is_asked |= has_changed
            differs &= has_changed  # then live is as in the later one: a flag is there or not
        cleared = differs & ~wanted
        if not wish.clears:
            is_only_live |= cleared
            cleared = np.zeros(size, dtype=np.bool_)
        changes.append((column.flag, differs & wanted, cleared))
    touched = np.zeros(size, dtype=np.bool_)
    for _, added, cleared in changes:
        touched |= added | cleared
    return Differences(
        rows=dict(_grouped(matched.now_rows, touched, changes)),
        already=int((is_asked & ~touched & ~is_only_live).sum()),
        only_live=int((is_only_live & ~touched).sum()),
        by_flag={
            flag: (int(added.sum()), int(cleared.sum()))
            for flag, added, cleared in changes
            if added.any() or cleared.any()
        },
    )


def _grouped(
    rows: Rows, touched: Mask, changes: Sequence[tuple[str, Mask, Mask]]
) -> Iterator[tuple[Change, Rows]]:
    """The touched rows by what changes in them."""
    at = np.flatnonzero(touched)
    codes = np.zeros(len(at), dtype=np.int64)
    for _, added, cleared in changes:
        for mask in (added, cleared):
            codes = np.unique(codes * 2 + mask[at], return_inverse=True)[1].reshape(-1)
    for code in range(int(codes.max()) + 1 if len(codes) else 0):
        some = at[codes == code]
        first = some[0]
        added_flags = tuple(flag for flag, added, _ in changes if added[first])
        cleared_flags = tuple(flag for flag, _, cleared in changes if cleared[first])
        yield (added_flags, cleared_flags), rows[some]
