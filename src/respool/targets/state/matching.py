"""Which live messages answer which of a backup's, folder by folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from respool.model.dataclasses import dataclass
from respool.planning.answering import Answer, FolderAnswers, answers_to
from respool.planning.folder_copies import copies_of
from respool.planning.state_wish import StateWish
from respool.targets.state.columns import Mask, Rows
from respool.targets.state.differences import Matched, changed_until
from respool.targets.state.survey import LiveFolder, StateFolder


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wanted:
    """One folder of the backup, and the records of it that the flags of are wanted."""

    folder: StateFolder
    asked: Mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matches:
    """All pairings: ``by_live`` of each live folder, ``gone`` of each of the backup's.

    ``gone`` counts the messages that the live account has no more; where only what changed
    until a later generation is wanted, of those that did.
    """

    by_live: tuple[tuple[Matched, ...], ...]
    gone: tuple[int, ...]


def matches(
    wanted: Sequence[Wanted],
    live: Sequence[LiveFolder],
    later: Sequence[StateFolder] | None,
    wish: StateWish,
) -> Matches:
    """Each live copy answers one of the backup: same folder first, then same id, then any.

    With ``later`` it answers by way of the copy there: a message that the later generation
    has not, has not changed between the two.
    """
    asking = [copies_of(each.folder.mailbox, each.asked) for each in wanted]
    if later is None:
        answers = answers_to(asking, [copies_of(each.mailbox) for each in live])
        chains = [
            list(_pairs(each.folder, answer, live))
            for each, answer in zip(wanted, answers.folders, strict=True)
        ]
        gone = [int(answer.missing().sum()) for answer in answers.folders]
    else:
        chains, gone = _chained(wanted, live, later, wish)
    by_live: list[list[Matched]] = [[] for _ in live]
    for chain in chains:
        for number, matched in chain:
            by_live[number].append(matched)
    return Matches(by_live=tuple(map(tuple, by_live)), gone=tuple(gone))


def _pairs(
    folder: StateFolder, answer: FolderAnswers, there: Sequence[StateFolder]
) -> Iterator[tuple[int, Matched]]:
    """The answered rows of one folder, by the folder that answers them."""
    for number in np.unique(answer.folders[answer.answered()]).tolist():
        rows = np.flatnonzero(answer.folders == number)
        yield (
            number,
            Matched(
                was=folder,
                was_rows=rows,
                now=there[number],
                now_rows=answer.rows[rows].astype(np.int64),
            ),
        )


def _chained(
    wanted: Sequence[Wanted],
    live: Sequence[LiveFolder],
    later: Sequence[StateFolder],
    wish: StateWish,
) -> tuple[list[list[tuple[int, Matched]]], list[int]]:
    """From the backup to the later generation, and from there to the live account."""
    asking = [copies_of(each.folder.mailbox, each.asked) for each in wanted]
    between = [copies_of(each.mailbox) for each in later]
    to_later = answers_to(asking, between)
    asked_later = [
        replace(copies, asked=mask) for copies, mask in zip(between, to_later.taken, strict=True)
    ]
    to_live = answers_to(asked_later, [copies_of(each.mailbox) for each in live])
    chains: list[list[tuple[int, Matched]]] = []
    gone: list[int] = []
    for each, answer in zip(wanted, to_later.folders, strict=True):
        chain: list[tuple[int, Matched]] = []
        lacking = 0
        for number, pair in _pairs(each.folder, answer, later):
            onward = to_live.folders[number]
            lacking += _gone_since(pair, onward, wish)
            chain.extend(_onward(pair, onward, live))
        chains.append(chain)
        gone.append(lacking)
    return chains, gone


def _onward(
    pair: Matched, onward: FolderAnswers, live: Sequence[LiveFolder]
) -> Iterator[tuple[int, Matched]]:
    folders = onward.folders[pair.now_rows]
    for number in np.unique(folders[folders >= 0]).tolist():
        at = np.flatnonzero(folders == number)
        rows: Rows = pair.now_rows[at]
        yield (
            number,
            Matched(
                was=pair.was,
                was_rows=pair.was_rows[at],
                later=pair.now,
                later_rows=rows,
                now=live[number],
                now_rows=onward.rows[rows].astype(np.int64),
            ),
        )


def _gone_since(pair: Matched, onward: FolderAnswers, wish: StateWish) -> int:
    changed = changed_until(pair.was, pair.was_rows, pair.now, pair.now_rows, wish)
    is_gone = onward.answers[pair.now_rows] == Answer.MISSING
    return int((changed & is_gone).sum())
