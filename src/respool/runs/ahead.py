"""Steps of one lane that follow each other before the former ones are flushed and noted.

They are performed one after the other, or by several hands at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Final

from respool.errors import Interrupted, JournalError
from respool.model.dataclasses import dataclass
from respool.planning.step import Step
from respool.runs.actor import Note
from respool.runs.flushing import Flushing
from respool.runs.hands import Hands
from respool.runs.journal import Change, StepRow, record_together
from respool.runs.states import StepState
from respool.runs.stepping import Stepping

TOGETHER: Final = 4  # steps of a lane, each of up to 64 MiB: noted as begun, or not flushed


@dataclass(frozen=True, slots=True)
class _Begun:
    row: StepRow
    step: Step
    before: Note


@dataclass(frozen=True, slots=True)
class _Ended:
    """A step that was performed, and when it is flushed and noted."""

    row: StepRow
    noted: Future[None]


def carry_out_ahead(
    rows: Sequence[StepRow],
    stepping: Stepping,
    flushing: Flushing,
    hands: Hands,
    check: Callable[[], None],
) -> None:
    """Do ``rows``, steps of one lane in order that all may wait for the disk.

    ``check`` is called before each, by whichever hand performs it, and raises if the run is
    to stop. When this ends, in whatever way, nothing that was performed waits any more. A few
    steps are noted as begun at once, and one that was begun may have had no effect: so it is
    if this ends early.

    Raises:
        StepFailed: one failed, and that is noted.
        JournalError, and what ``check`` raises.
    """

    def perform(begun: _Begun) -> _Ended:
        check()
        return _perform(begun, stepping, flushing, hands)

    waiting: deque[Future[_Ended]] = deque()
    most = TOGETHER + hands.count - 1
    try:
        for start in range(0, len(rows), TOGETHER):
            check()
            for begun in _begin(rows[start : start + TOGETHER], stepping):
                waiting.append(hands.begin(perform, begun))
                while waiting and (len(waiting) >= most or _is_settled(waiting[0])):
                    _settle(waiting.popleft(), stepping)
                _raise_failed(waiting)
        while waiting:
            _settle(waiting.popleft(), stepping)
    except BaseException as error:
        failures = _failures(waiting, stepping)
        if failures and isinstance(error, Interrupted):
            raise failures[0] from error
        raise


def _begin(rows: Sequence[StepRow], stepping: Stepping) -> Sequence[_Begun]:
    """Note all of ``rows`` as begun, with what was there before each."""
    begun = []
    changes = []
    for row in rows:
        step = stepping.journal.step(row.number)
        with stepping.failing(row):
            before = stepping.before(row, step)
        if row.state is not StepState.STARTED:
            changes.append(Change(number=row.number, state=StepState.STARTED, before=before))
        known = stepping.journal.before(row.number) if before is None else before
        begun.append(_Begun(row, step, known))
    with stepping.failing(rows[0]):
        record_together(stepping.journal, changes)
    return begun


def _perform(begun: _Begun, stepping: Stepping, flushing: Flushing, hands: Hands) -> _Ended:
    row = begun.row
    actor = stepping.ahead_of(row)
    if actor is None:
        raise TypeError(f"{row.kind} is not done ahead")
    with stepping.failing(row):
        done = actor.perform_unflushed(begun.step, begun.before, hands)
    return _Ended(row, flushing.end(row.number, begun.step, actor, done))


def _is_settled(performed: Future[_Ended]) -> bool:
    """Whether `_settle` would not wait."""
    if not performed.done():
        return False
    return performed.exception() is not None or performed.result().noted.done()


def _raise_failed(waiting: Iterable[Future[_Ended]]) -> None:
    """What one of them raised, if one has: nothing more is begun then."""
    for each in waiting:
        if each.done():
            each.result()


def _settle(performed: Future[_Ended], stepping: Stepping) -> None:
    ended = performed.result()
    error = ended.noted.exception()
    if isinstance(error, JournalError):
        raise error  # nothing can be noted of the step either
    with stepping.failing(ended.row):
        ended.noted.result()


def _failures(waiting: Iterable[Future[_Ended]], stepping: Stepping) -> list[BaseException]:
    """What failed of those that a hand is busy with, each to its end; no hand takes the others.

    All together they can be a gigabyte, and whoever stops a run waits for it.
    """
    found: list[BaseException] = []
    for each in [each for each in waiting if not each.cancel()]:
        try:
            _settle(each, stepping)
        except Interrupted:
            continue
        except BaseException as error:  # noqa: BLE001 - raised by the caller
            found.append(error)
    return found
