"""What became of an account's folders in figures, and of its messages one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum

import numpy as np

from respool.model.accounts import INBOX, folder_path
from respool.model.dataclasses import dataclass
from respool.planning.answering import Answer
from respool.planning.compared import Compared, ComparedFolder, Fate
from respool.planning.folder_copies import COPIES_AT_ONCE
from respool.planning.state_changes import FolderState, Mark, Mask, StateChange, changes_between


class Kind(StrEnum):
    """What became of a message. One that was moved may have changed, too."""

    MISSING = "missing"
    KEPT = "kept"
    MOVED = "moved"
    CHANGED = "changed"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """How many messages got a mark, and how many lost it."""

    gained: int = 0
    lost: int = 0

    def plus(self, other: Changed) -> Changed:
        """Both together."""
        return Changed(gained=self.gained + other.gained, lost=self.lost + other.lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderDifference:
    """One folder in figures. ``path`` is its former name, ``now`` the later one, or None.

    ``messages`` and ``messages_now`` are what people saw. ``unknown`` cannot be compared.
    ``moved_to`` are the folders that have what was moved.
    """

    path: str | None
    now: str | None
    fate: Fate
    messages: int = 0
    messages_now: int = 0
    missing: int = 0
    kept: int = 0
    moved: int = 0
    changed: int = 0
    new: int = 0
    unknown: int = 0
    moved_to: Mapping[str, int] = field(default_factory=dict)
    marks: Mapping[Mark, Changed] = field(default_factory=dict)

    @property
    def is_equal(self) -> bool:
        """Whether nothing happened to it or its messages, as far as can be known."""
        found = self.missing, self.kept, self.moved, self.changed, self.new, self.unknown
        return self.fate is Fate.SAME and not any(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDifference:
    """One message: where it was, and where it is or is kept; None where it is nowhere.

    ``before`` and ``after`` are a number of a folder as `compare` was given them, and a UID.
    """

    kind: Kind
    before: tuple[int, int] | None
    after: tuple[int, int] | None
    guid: str
    gained: tuple[Mark, ...] = ()
    lost: tuple[Mark, ...] = ()


def folder_differences(compared: Compared) -> tuple[FolderDifference, ...]:
    """Each folder of either state once, INBOX first."""
    met: set[int] = set()
    found = []
    for each in compared.folders:
        found.append(_figures(compared, each, has_new=each.later not in met))
        if each.later is not None:
            met.add(each.later)
    for number, mask in compared.new.items():
        if number not in met:
            mailbox = compared.after[number].mailbox
            visible = int(mailbox.visible().sum())
            path, new = folder_path(mailbox.name), int(mask.sum())
            found.append(
                FolderDifference(path=None, now=path, fate=Fate.NEW, messages_now=visible, new=new)
            )
    return tuple(sorted(found, key=_order))


def message_differences(compared: Compared) -> Iterator[MessageDifference]:
    """Each message that something became of, folder by folder, lazily."""
    for each in compared.folders:
        former = compared.before[each.number]
        for row in _rows_of(each.missing):
            yield _message(Kind.MISSING, (each.number, former, row), None)
        for number, rows, others in compared.kept_pairs(each):
            for row, other in zip(rows.tolist(), others.tolist(), strict=True):
                later = number, compared.after[number], other
                yield _message(Kind.KEPT, (each.number, former, row), later)
        yield from _answered_messages(compared, each)
    for number, mask in compared.new.items():
        for row in _rows_of(mask):
            yield _message(Kind.NEW, None, (number, compared.after[number], row))


def _order(each: FolderDifference) -> tuple[bool, str]:
    path = each.path or each.now or ""
    return path != INBOX, path.casefold()


def _figures(compared: Compared, each: ComparedFolder, *, has_new: bool) -> FolderDifference:
    former = compared.before[each.number].mailbox
    later = None if each.later is None else compared.after[each.later].mailbox
    new = compared.new.get(each.later) if each.later is not None and has_new else None
    marks, changed = _changes(compared, each)
    return FolderDifference(
        path=folder_path(former.name),
        now=None if later is None else folder_path(later.name),
        fate=each.fate,
        messages=int(former.visible().sum()) if former.has_index else len(former.orphans),
        messages_now=0 if later is None or new is None else int(later.visible().sum()),
        missing=int(each.missing.sum()),
        kept=int(each.kept.answered().sum()),
        moved=int(each.answers.is_(Answer.ELSEWHERE).sum()),
        changed=changed,
        new=0 if new is None else int(new.sum()),
        unknown=int(each.unknown.sum()) if former.has_index else len(former.orphans),
        moved_to=_moved_to(compared, each),
        marks=marks,
    )


def _moved_to(compared: Compared, each: ComparedFolder) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for number, rows, _ in compared.pairs(each):
        moved = int((each.answers.answers[rows] == Answer.ELSEWHERE).sum())
        if moved:
            found[folder_path(compared.after[number].mailbox.name)] += moved
    return found


def _changes(compared: Compared, each: ComparedFolder) -> tuple[Mapping[Mark, Changed], int]:
    """How often each mark changed, and of how many messages."""
    marks: dict[Mark, Changed] = {}
    count = 0
    former = compared.before[each.number]
    for number, rows, others in compared.pairs(each):
        changed = np.zeros(len(rows), dtype=np.bool_)
        for change in changes_between(former, rows, compared.after[number], others):
            this = Changed(gained=int(change.gained.sum()), lost=int(change.lost.sum()))
            marks[change.mark] = marks.get(change.mark, Changed()).plus(this)
            changed |= change.gained | change.lost
        count += int(changed.sum())
    return marks, count


def _answered_messages(compared: Compared, each: ComparedFolder) -> Iterator[MessageDifference]:
    """What was moved or changed; each message once."""
    former = compared.before[each.number]
    for number, rows, others in compared.pairs(each):
        later = compared.after[number]
        changes = tuple(changes_between(former, rows, later, others))
        is_moved = each.answers.answers[rows] == Answer.ELSEWHERE
        is_told = is_moved.copy()
        for change in changes:
            is_told |= change.gained | change.lost
        for at in np.flatnonzero(is_told).tolist():
            yield _message(
                Kind.MOVED if is_moved[at] else Kind.CHANGED,
                (each.number, former, int(rows[at])),
                (number, later, int(others[at])),
                (at, changes),
            )


def _rows_of(mask: Mask) -> Iterator[int]:
    """Some at a time: numbers of a million rows would take 36 MiB."""
    for start in range(0, len(mask), COPIES_AT_ONCE):
        yield from (np.flatnonzero(mask[start : start + COPIES_AT_ONCE]) + start).tolist()


def _message(
    kind: Kind,
    before: tuple[int, FolderState, int] | None,
    after: tuple[int, FolderState, int] | None,
    changes: tuple[int, tuple[StateChange, ...]] = (0, ()),
) -> MessageDifference:
    at, found = changes
    places = [
        None if each is None else (each[0], int(each[1].mailbox.records["uid"][each[2]]))
        for each in (before, after)
    ]
    _, folder, row = before or after or (0, None, 0)
    return MessageDifference(
        kind=kind,
        before=places[0],
        after=places[1],
        guid="" if folder is None else folder.mailbox.records["guid"][row].tobytes().hex(),
        gained=tuple(each.mark for each in found if each.gained[at]),
        lost=tuple(each.mark for each in found if each.lost[at]),
    )
