"""Two states of an account, matched message by message and folder by folder.

What was moved is not missing, nor is what the later state still keeps: an expunged message
whose file is there, or a deleted folder below DELETED.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

import numpy as np

from respool.model.accounts import folder_path
from respool.model.dataclasses import dataclass
from respool.model.inventory import NOWHERE, StoredMailbox
from respool.model.names import MailboxName
from respool.planning.answering import Answer, Answers, FolderAnswers, answers_to
from respool.planning.folder_copies import COPIES_AT_ONCE, FolderCopies, copies_of, has_guid
from respool.planning.state_changes import At, FolderState, Mask

_PARTS_OF_DELETED: Final = 3  # DELETED, a name, the time


class Fate(StrEnum):
    """What became of a folder."""

    SAME = "same"
    RENAMED = "renamed"
    DELETED = "deleted"  # it is kept below DELETED
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparedFolder:
    """One folder of the former state, ``number`` in the order given, row by row.

    ``later`` is the number of the folder that it is now, below DELETED too; None for none.
    ``answers`` are those of the later state's visible mail, ``kept`` those of what it keeps
    besides; their folders are numbers of ``Compared.answering`` and ``Compared.keeping``.
    ``unknown`` is a mask of what cannot be compared: no GUID is known, or the later folder's
    index cannot be read.
    """

    number: int
    later: int | None
    fate: Fate
    answers: FolderAnswers
    kept: FolderAnswers
    missing: Mask
    unknown: Mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """Both states and how they match. Folders are known by their numbers in the order given.

    ``new`` is a mask for each later folder, of the messages that answer no former one.
    """

    before: Sequence[FolderState]
    after: Sequence[FolderState]
    folders: tuple[ComparedFolder, ...]
    answering: tuple[int, ...]
    keeping: tuple[int, ...]
    new: Mapping[int, Mask]

    def pairs(self, each: ComparedFolder) -> Iterator[tuple[int, At, At]]:
        """The answered rows by the later folder that answers them, with the rows there.

        So many at once that of a million no second copy of their columns is held.
        """
        return _pairs(each.answers, self.answering)

    def kept_pairs(self, each: ComparedFolder) -> Iterator[tuple[int, At, At]]:
        """The same of what is kept."""
        return _pairs(each.kept, self.keeping)


def compare(before: Sequence[FolderState], after: Sequence[FolderState]) -> Compared:
    """Match two states; of the former one what people saw, of the later one all."""
    here = _numbers(before, is_deleted=False)
    there = _numbers(after, is_deleted=False)
    copies = [copies_of(before[each].mailbox) for each in here]
    answers = answers_to(copies, [copies_of(after[each].mailbox) for each in there])
    keeping = (*there, *_numbers(after, is_deleted=True))
    missing = [
        replace(each, asked=found.missing())
        for each, found in zip(copies, answers.folders, strict=True)
    ]
    kept = answers_to(missing, [_kept_copies(after[each].mailbox) for each in keeping])
    later = _Later(after)
    return Compared(
        before=before,
        after=after,
        folders=tuple(
            _compared(number, later.of(before[number].mailbox), after, found, of_kept)
            for number, found, of_kept in zip(here, answers.folders, kept.folders, strict=True)
        ),
        answering=there,
        keeping=keeping,
        new=_new(after, there, answers),
    )


def _numbers(folders: Sequence[FolderState], *, is_deleted: bool) -> tuple[int, ...]:
    return tuple(
        number for number, each in enumerate(folders) if each.mailbox.name.is_deleted == is_deleted
    )


class _Later:
    """Which later folder a former mailbox is, and what became of it."""

    def __init__(self, after: Sequence[FolderState]) -> None:
        self._paths: dict[str, int] = {}
        self._ids: dict[str | None, int] = {}
        self._deleted: dict[str | None, int] = {}
        for number, each in enumerate(after):
            name, uniqueid = each.mailbox.name, each.mailbox.uniqueid
            if name.is_deleted:
                self._deleted[uniqueid] = number
            else:
                self._paths[folder_path(name)] = number
                self._ids[uniqueid] = number

    def of(self, mailbox: StoredMailbox) -> tuple[int | None, Fate]:
        """By its name, else by its id."""
        path, uniqueid = folder_path(mailbox.name), mailbox.uniqueid
        if path in self._paths:
            return self._paths[path], Fate.SAME
        if uniqueid is not None and uniqueid in self._ids:
            return self._ids[uniqueid], Fate.RENAMED
        if uniqueid is not None and uniqueid in self._deleted:
            return self._deleted[uniqueid], Fate.DELETED
        return None, Fate.GONE


def _compared(
    number: int,
    later: tuple[int | None, Fate],
    after: Sequence[FolderState],
    answers: FolderAnswers,
    kept: FolderAnswers,
) -> ComparedFolder:
    missing, unknown = kept.missing(), answers.is_(Answer.WITHOUT_GUID)
    if later[0] is not None and not after[later[0]].mailbox.has_index:
        missing, unknown = np.zeros_like(missing), unknown | missing
    return ComparedFolder(
        number=number,
        later=later[0],
        fate=later[1],
        answers=answers,
        kept=kept,
        missing=missing,
        unknown=unknown,
    )


def _kept_copies(mailbox: StoredMailbox) -> FolderCopies:
    """What a folder keeps besides what people see; of a deleted one, under its former name."""
    if not mailbox.name.is_deleted:
        return copies_of(mailbox, mailbox.recoverable())
    is_there = mailbox.visible() & (mailbox.records["place"] != NOWHERE)
    copies = copies_of(mailbox, is_there | mailbox.recoverable())
    return replace(copies, path=folder_path(former_name(mailbox.name)))


def former_name(name: MailboxName) -> MailboxName:
    """What a mailbox below DELETED was called before."""
    is_timed = name.deleted_at is not None and len(name.parts) > _PARTS_OF_DELETED
    return replace(name, parts=name.parts[1:-1] if is_timed else name.parts[1:])


def _new(
    after: Sequence[FolderState], there: Sequence[int], answers: Answers
) -> Mapping[int, Mask]:
    found = {}
    for number, taken in zip(there, answers.taken, strict=True):
        mailbox = after[number].mailbox
        found[number] = mailbox.visible() & ~taken & has_guid(mailbox.records["guid"])
    return found


def _pairs(answers: FolderAnswers, numbers: Sequence[int]) -> Iterator[tuple[int, At, At]]:
    numbers_met = np.unique(answers.folders)
    for at in numbers_met[numbers_met >= 0].tolist():
        for start in range(0, len(answers.folders), COPIES_AT_ONCE):
            rows = np.flatnonzero(answers.folders[start : start + COPIES_AT_ONCE] == at) + start
            if len(rows):
                yield numbers[at], rows, answers.rows[rows].astype(np.int64)
