"""Which copy of a message in one state of an account answers which copy in another.

A message is known again by its GUID, the SHA-1 of its octets. Copies count: what a backup
has twice and the live account once is missing once. Each live copy answers one backup copy,
the nearest first: of the same folder, of the folder with the same id (it was renamed), of any
other folder; among those of one folder the one with the same UID first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from respool.model.dataclasses import dataclass
from respool.planning.folder_copies import (
    COPIES_AT_ONCE,
    GUID,
    FolderCopies,
    GuidText,
    Parted,
    Side,
    Small,
    as_text,
    has_guid,
)

_NONE: Final = -1
_MOST_PARTS: Final = 256  # as many as an octet has values
_FEW_FOLDERS: Final = 127  # their numbers are one octet each

_Numbers = NDArray[np.int64]


class Answer(IntEnum):
    """What became of one copy of the backup; those from SAME_FOLDER on are answered."""

    NOT_ASKED = 0  # it was not asked for
    WITHOUT_GUID = 1  # no GUID is known of it, so nothing can answer it
    MISSING = 2  # no copy is left that could answer it
    SAME_FOLDER = 3
    SAME_ID = 4  # in the folder with the same id, which has another name now
    ELSEWHERE = 5


_Round = tuple[Answer, bool, tuple[_Numbers, _Numbers]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FolderSaid:
    """What is said of the copies of one backup folder, row by row: values of Answer."""

    answers: NDArray[np.uint8]

    def is_(self, *wanted: Answer) -> NDArray[np.bool_]:
        """Mask of the copies with one of these answers."""
        mask = np.zeros(len(self.answers), dtype=np.bool_)
        for each in wanted:  # numpy.isin takes eight octets for each of them
            mask |= self.answers == each
        return mask

    def missing(self) -> NDArray[np.bool_]:
        """Mask of the copies that were asked for and that no live copy answers."""
        return self.is_(Answer.MISSING)

    def answered(self) -> NDArray[np.bool_]:
        """Mask of the copies that a live copy answers."""
        mask: NDArray[np.bool_] = self.answers >= Answer.SAME_FOLDER
        return mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FolderAnswers(FolderSaid):
    """What answers the copies of one backup folder, too.

    ``folders`` is the number of the live folder in the order that they were given in, ``rows``
    the row in it; both -1 where nothing answers.
    """

    folders: NDArray[np.signedinteger]
    rows: Small


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """All answers: ``folders`` in the order of the backup's folders.

    ``taken`` has a mask for each live folder, of the copies that answer one of the backup.
    """

    folders: tuple[FolderAnswers, ...]
    taken: tuple[NDArray[np.bool_], ...]


def answers_to(backup: Sequence[FolderCopies], live: Sequence[FolderCopies]) -> Answers:
    """Which copy of ``live`` answers which of ``backup``, each at most one."""
    number_type = np.dtype(np.int8 if len(live) <= _FEW_FOLDERS else np.int32)
    folders = [np.full(len(each.asked), _NONE, dtype=number_type) for each in backup]
    rows = [np.full(len(each.asked), _NONE, dtype=np.int32) for each in backup]
    taken = [np.zeros(len(each.asked), dtype=np.bool_) for each in live]
    said = _unsaid(backup)
    for part in _parts(backup, live):
        part.say(said)
        giving, is_answered = part.giving, part.answer != _NONE
        there = part.answer[is_answered]
        for number, here in part.asking.by_folder():
            mask = is_answered[here]
            at, answer = part.asking.row[here][mask], part.answer[here][mask]
            folders[number][at], rows[number][at] = giving.folder[answer], giving.row[answer]
        is_taken = np.zeros(len(giving.row), dtype=np.bool_)
        is_taken[there] = True
        for number, here in giving.by_folder():
            taken[number][giving.row[here][is_taken[here]]] = True
    return Answers(
        folders=tuple(
            FolderAnswers(answers=how, folders=numbers, rows=at)
            for how, numbers, at in zip(said, folders, rows, strict=True)
        ),
        taken=tuple(taken),
    )


def said_to(
    backup: Sequence[FolderCopies], live: Sequence[FolderCopies]
) -> tuple[FolderSaid, ...]:
    """As `answers_to`, but not by which copies: in less room."""
    said = _unsaid(backup)
    for part in _parts(backup, live):
        part.say(said)
    return tuple(FolderSaid(answers=each) for each in said)


def _unsaid(backup: Sequence[FolderCopies]) -> list[NDArray[np.uint8]]:
    """Of what was asked for nothing is known: what has a GUID is said part by part."""
    answers = np.uint8(Answer.WITHOUT_GUID), np.uint8(Answer.NOT_ASKED)
    return [np.where(each.asked, *answers) for each in backup]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Some copies of both sides: for each that asks its Answer, and which one answers it."""

    asking: Side
    giving: Side
    how: NDArray[np.uint8]
    answer: _Numbers

    def say(self, said: Sequence[NDArray[np.uint8]]) -> None:
        """Write the answers into columns of whole folders."""
        for number, here in self.asking.by_folder():
            said[number][self.asking.row[here]] = self.how[here]


def _parts(backup: Sequence[FolderCopies], live: Sequence[FolderCopies]) -> Iterator[_Part]:
    """All copies that have a GUID, in parts: only those of one GUID answer one another.

    So those whose GUIDs begin alike are held against each other, and never all of two
    accounts at once.
    """
    rounds = list(_rounds(backup, live))
    asking, giving = Parted.of(backup), Parted.of(live)
    parts = 1
    while parts < _MOST_PARTS and parts * COPIES_AT_ONCE < asking.count + giving.count:
        parts *= 2
    for number in range(parts):
        yield _answered(rounds, asking.side(number, parts), giving.side(number, parts))


def _answered(rounds: Sequence[_Round], asking: Side, giving: Side) -> _Part:
    contents = _numbered((asking.guid, giving.guid))
    how = np.full(len(asking.row), Answer.MISSING, dtype=np.uint8)
    answer = np.full(len(asking.row), _NONE, dtype=np.int64)
    is_taken = np.zeros(len(giving.row), dtype=np.bool_)
    for said, is_same_uid, groups in rounds:
        here = np.flatnonzero((answer == _NONE) & (groups[0][asking.folder] != _NONE))
        there = np.flatnonzero(~is_taken & (groups[1][giving.folder] != _NONE))
        columns: list[tuple[NDArray[Any], NDArray[Any]]] = [
            (contents[0][here], contents[1][there]),
            (groups[0][asking.folder[here]], groups[1][giving.folder[there]]),
        ]
        if is_same_uid:
            columns.append((asking.uid[here], giving.uid[there]))
        first, second = _paired(*_numbered(*columns))
        how[here[first]] = said
        answer[here[first]] = there[second]
        is_taken[there[second]] = True
    return _Part(asking=asking, giving=giving, how=how, answer=answer)


def in_common(these: Sequence[NDArray[np.void]], others: Sequence[NDArray[np.void]]) -> int:
    """How many of ``these`` GUIDs are among ``others``, each of which answers one.

    As many as `answers_to` answers, in less room and time.
    """
    first, counts = _counted(these)
    second, other_counts = _counted(others)
    _, at, there = np.intersect1d(first, second, assume_unique=True, return_indices=True)
    return int(np.minimum(counts[at], other_counts[there]).sum())


def _counted(guids: Sequence[NDArray[np.void]]) -> tuple[GuidText, _Numbers]:
    columns = [as_text(each[has_guid(each)]) for each in guids]
    everything = np.concatenate([as_text(np.zeros(0, dtype=GUID)), *columns])
    return np.unique(everything, return_counts=True)


def _rounds(backup: Sequence[FolderCopies], live: Sequence[FolderCopies]) -> Iterator[_Round]:
    """The nearest copies first: what is said of them, whether their UIDs are equal, and in
    which group each folder of both sides is; only copies of one group answer one another.
    """
    paths = _groups([each.path for each in backup], [each.path for each in live])
    ids = _groups([each.folder_id for each in backup], [each.folder_id for each in live])
    everything = np.zeros(len(backup), dtype=np.int64), np.zeros(len(live), dtype=np.int64)
    for said, groups in ((Answer.SAME_FOLDER, paths), (Answer.SAME_ID, ids)):
        yield said, True, groups
        yield said, False, groups
    yield Answer.ELSEWHERE, False, everything


def _groups(here: Sequence[str | None], there: Sequence[str | None]) -> tuple[_Numbers, _Numbers]:
    """A number for each name, the same for equal ones; -1 for what only one side has, or None."""
    both = {each for each in here if each is not None}.intersection(there)
    numbers = {name: number for number, name in enumerate(sorted(filter(None, both)))}
    first, second = ([numbers.get(each or "", _NONE) for each in names] for names in (here, there))
    return np.array(first, dtype=np.int64), np.array(second, dtype=np.int64)


def _numbered(*columns: tuple[NDArray[Any], NDArray[Any]]) -> tuple[_Numbers, _Numbers]:
    """A number for each row of both sides, equal where all its columns are equal."""
    joined = [np.concatenate(sides) for sides in columns]
    order = np.lexsort(joined)
    is_new = np.zeros(len(order), dtype=np.bool_)
    for column in joined:
        ordered = column[order]
        is_new[1:] |= ordered[1:] != ordered[:-1]
    numbers = np.empty(len(order), dtype=np.int64)
    numbers[order] = np.cumsum(is_new)
    return numbers[: len(columns[0][0])], numbers[len(columns[0][0]) :]


def _paired(here: _Numbers, there: _Numbers) -> tuple[_Numbers, _Numbers]:
    """Positions of both sides: the first with a number goes with the first, and so on."""
    times = int(max(len(here), len(there), 1))
    first, second = (each * times + _occurrences(each) for each in (here, there))
    _, at, others = np.intersect1d(first, second, assume_unique=True, return_indices=True)
    return at, others


def _occurrences(numbers: _Numbers) -> _Numbers:
    """How often each number stood before: 0 for its first row."""
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    starts = np.searchsorted(ordered, ordered)
    found = np.empty(len(numbers), dtype=np.int64)
    found[order] = np.arange(len(numbers)) - starts
    return found
