"""Steps of which each is noted as done together with the beginning of the next one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from respool.errors import Interrupted, JournalError, ServerSaidNo, StepFailed
from respool.planning.step import Step
from respool.runs.actor import Note
from respool.runs.in_turn import carry_out_in_turn
from respool.runs.journal import Change, Journal, RunJournal
from respool.runs.states import StepState
from respool.runs.stepping import Stepping
from tests.support.memory_steps import (
    MEMORY_KINDS,
    AddMessages,
    CountAccount,
    MakeMailbox,
    MemoryStep,
    SealMailbox,
)
from tests.support.memory_target import MemoryActor, MemoryTarget
from tests.support.power import MortalJournal, Power, PowerCut
from tests.unit.planning.plans import message
from tests.unit.runs.runs import begin, quick

GUID = "aa" * 20
STEPS: tuple[Step, ...] = (
    MakeMailbox(lane="", mailbox="one"),
    AddMessages(lane="one", messages=(message(1, GUID), message(2, GUID))),
    AddMessages(lane="one", messages=(message(3, GUID),)),
    SealMailbox(lane="one"),
    CountAccount(lane=""),
)
DONE, STARTED, WAITING = StepState.DONE, StepState.STARTED, StepState.WAITING
CALLS = 21


@dataclass(slots=True)
class SoonActor(MemoryActor):
    """Looks soon at what it will change. ``happens`` before each step is performed."""

    looks_soon: frozenset[str] = frozenset(MEMORY_KINDS)
    happens: Callable[[MemoryStep], None] = lambda _: None

    def perform(self, step: MemoryStep, before: Note) -> Note:
        self.happens(step)
        return MemoryActor.perform(self, step, before)


@dataclass(slots=True)
class Told:
    """What was told, and what is asked before each step."""

    steps: list[str] = field(default_factory=list)
    most: int = len(STEPS)

    def check(self) -> None:
        if len(self.steps) >= self.most:
            raise Interrupted("asked for")


class CountingJournal(MortalJournal):
    """Keeps how many changes each note had."""

    notes: list[int]

    def _note(self, changes: Sequence[Change]) -> None:
        super()._note(changes)
        self.notes.append(len(changes))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunJournal]:
    journal = quick(Journal(tmp_path))
    begin(journal, tmp_path, STEPS)
    yield journal.run(1, MEMORY_KINDS)
    journal.close()


def carry_out(run: RunJournal, actor: MemoryActor, told: Told | None = None) -> None:
    told = told or Told()
    actors = dict.fromkeys(MEMORY_KINDS, actor)
    stepping = Stepping(
        journal=run, actors=actors, on_progress=lambda each: told.steps.append(each.kind)
    )
    left = [row for row in run.rows() if row.state is not DONE]
    carry_out_in_turn(left, stepping, told.check)


def states(run: RunJournal) -> list[StepState]:
    return [row.state for row in run.rows()]


def test_a_step_is_done_and_the_next_one_begun_by_one_note(run: RunJournal) -> None:
    journal = CountingJournal.of(run, Power())
    assert isinstance(journal, CountingJournal)
    journal.notes = []

    carry_out(journal, SoonActor(MemoryTarget(), journal))

    assert journal.notes == [1, *[2] * (len(STEPS) - 1), 1]


def test_no_step_is_performed_before_the_former_one_is_noted(run: RunJournal) -> None:
    seen: list[list[StepState]] = []

    carry_out(run, SoonActor(MemoryTarget(), run, happens=lambda _: seen.append(states(run))))

    count = len(STEPS)
    assert seen == [[*[DONE] * at, STARTED, *[WAITING] * (count - at - 1)] for at in range(count)]


def test_what_looks_long_is_looked_at_after_the_note(run: RunJournal) -> None:
    seen: list[int] = []

    class Looks(SoonActor):
        def observe(self, step: MemoryStep) -> Note:
            seen.append(states(run).count(DONE))
            return MemoryActor.observe(self, step)

    carry_out(run, Looks(MemoryTarget(), run, looks_soon=frozenset()))

    assert seen == list(range(len(STEPS)))


@pytest.mark.parametrize("cut", range(CALLS))
def test_going_on_after_a_power_cut_ends_like_a_clean_run(run: RunJournal, cut: int) -> None:
    target, power = MemoryTarget(), Power(calls=cut)
    mortal = MortalJournal.of(run, power)
    with pytest.raises(PowerCut):
        carry_out(mortal, SoonActor(target, mortal, power))

    carry_out(run, SoonActor(target, run))

    assert target.guids() == {"one": [GUID] * 3}
    assert target.counts == {"one": 3, "": 3}
    assert set(states(run)) == {DONE}


def test_the_cuts_fell_at_every_call(run: RunJournal) -> None:
    power = Power(calls=CALLS)
    mortal = MortalJournal.of(run, power)

    carry_out(mortal, SoonActor(MemoryTarget(), mortal, power))

    assert power.used == CALLS


def test_a_stop_leaves_nothing_begun(run: RunJournal) -> None:
    told = Told(most=1)
    with pytest.raises(Interrupted):
        carry_out(run, SoonActor(MemoryTarget(), run), told)

    assert set(states(run)) == {DONE, WAITING}
    assert states(run).count(DONE) == len(told.steps)


def test_a_failure_leaves_the_former_step_noted(run: RunJournal) -> None:
    def fail(step: MemoryStep) -> None:
        if isinstance(step, SealMailbox):
            raise StepFailed("the disk is full")

    with pytest.raises(StepFailed, match="the disk is full"):
        carry_out(run, SoonActor(MemoryTarget(), run, happens=fail))

    assert states(run) == [DONE, DONE, DONE, StepState.FAILED, WAITING]


def test_what_cannot_be_looked_at_leaves_the_former_step_noted(run: RunJournal) -> None:
    class Blind(SoonActor):
        def observe(self, step: MemoryStep) -> Note:
            if isinstance(step, SealMailbox):
                raise ServerSaidNo("not now", why="the test wants it so")
            return MemoryActor.observe(self, step)

    with pytest.raises(StepFailed, match="failed for one"):
        carry_out(run, Blind(MemoryTarget(), run))

    assert states(run) == [DONE, DONE, DONE, WAITING, WAITING]


def test_where_nothing_can_be_noted_the_first_failure_is_told(run: RunJournal) -> None:
    class FullJournal(MortalJournal):
        def _note(self, changes: Sequence[Change]) -> None:
            if any(each.number == 1 and each.state is DONE for each in changes):
                raise JournalError("the journal cannot be written", why="no space")
            super()._note(changes)

    full = FullJournal.of(run, Power())
    with pytest.raises(StepFailed, match="step 2") as caught:
        carry_out(full, SoonActor(MemoryTarget(), full))

    assert "the journal cannot be written" in str(caught.value.why)
    assert states(run) == [DONE, STARTED, WAITING, WAITING, WAITING]
