"""Steps of one lane that follow each other before the former ones are flushed and noted.

They are performed one after the other, or by several hands at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import field
from typing import Final

from respool.errors import Interrupted, JournalError
from respool.model.dataclasses import dataclass
from respool.planning.step import MessageStep, Step
from respool.runs.actor import Note
from respool.runs.flushing import Flushing
from respool.runs.hands import Hands
from respool.runs.journal import Change, StepRow, record_together
from respool.runs.states import StepState
from respool.runs.stepping import Stepping

TOGETHER: Final = 4  # steps of a lane that are noted as begun at once
UNFLUSHED: Final = 16  # steps of a lane under way or performed, that are not flushed, and of
UNFLUSHED_OCTETS: Final = 256 << 20  # no more than these but for one: whoever stops waits for it
UNFLUSHED_IN_ALL: Final = 64  # steps of all lanes together: each holds two descriptors or so
_LEAST: Final = 2  # steps of a lane that may be so, however many lanes there are


@dataclass(frozen=True, slots=True)
class _Begun:
    row: StepRow
    step: Step
    before: Note

    @property
    def octets(self) -> int:
        """What it writes, as planned."""
        if not isinstance(self.step, MessageStep):
            return 0
        return sum(message.size_bytes for message in self.step.messages)


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

    waiting = _Waiting(stepping, flushing, most_begun=TOGETHER + hands.count - 1)
    with flushing.for_lane():
        try:
            for start in range(0, len(rows), TOGETHER):
                check()
                for begun in _begin(rows[start : start + TOGETHER], stepping):
                    waiting.add(hands.begin(perform, begun), begun.octets)
            waiting.settle_all()
        except BaseException as error:
            failures = waiting.failures()
            if failures and isinstance(error, Interrupted):
                raise failures[0] from error
            raise


@dataclass(slots=True)
class _Waiting:
    """Steps of a lane that are not known to be flushed and noted, in order."""

    stepping: Stepping
    flushing: Flushing
    most_begun: int  # and not performed
    steps: deque[tuple[Future[_Ended], int]] = field(default_factory=deque)

    def add(self, performed: Future[_Ended], octets: int) -> None:
        """One more, of so many octets; then wait until the next one may be begun.

        Raises:
            What went wrong with one of them: nothing more is to be begun then.
        """
        self.steps.append((performed, octets))
        while self.steps and (self._is_much or self._is_first_settled):
            self._settle_first()
        begun = [each for each, _ in self.steps if not each.done()]
        if len(begun) >= self.most_begun:
            begun[0].result()
        for each, _ in self.steps:
            if each.done():
                each.result()

    def settle_all(self) -> None:
        """Wait for all of them; errors as `add`."""
        while self.steps:
            self._settle_first()

    def failures(self) -> list[BaseException]:
        """What failed of those that a hand is busy with, each to its end; the others are left.

        All together they can be a gigabyte, and whoever stops a run waits for it.
        """
        found: list[BaseException] = []
        for each in [each for each, _ in self.steps if not each.cancel()]:
            try:
                self._settle(each)
            except Interrupted:
                continue
            except BaseException as error:  # noqa: BLE001 - raised by the caller
                found.append(error)
        return found

    @property
    def _is_much(self) -> bool:
        octets = sum(octets for _, octets in self.steps)
        share = max(_LEAST, UNFLUSHED_IN_ALL // self.flushing.lanes)
        return len(self.steps) >= min(UNFLUSHED, share) or octets >= UNFLUSHED_OCTETS

    @property
    def _is_first_settled(self) -> bool:
        """Whether settling it would not wait."""
        performed, _ = self.steps[0]
        if not performed.done():
            return False
        return performed.exception() is not None or performed.result().noted.done()

    def _settle_first(self) -> None:
        self._settle(self.steps.popleft()[0])

    def _settle(self, performed: Future[_Ended]) -> None:
        ended = performed.result()
        error = self.flushing.failure_of(ended.noted)
        if isinstance(error, JournalError):
            raise error  # nothing can be noted of the step either
        with self.stepping.failing(ended.row):
            ended.noted.result()


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
