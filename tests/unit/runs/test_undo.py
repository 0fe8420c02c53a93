from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from respool.errors import Interrupted, StepFailed
from respool.planning.step import Step
from respool.runs.actor import Undoing
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import StepState
from respool.runs.undo import TakenBack, Undo, undo_order
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

A, B = "aa" * 20, "bb" * 20
LIVE = {"live": [B]}
STEPS: tuple[Step, ...] = (
    MakeMailbox(lane="", mailbox="one"),
    MakeMailbox(lane="", mailbox="two"),
    AddMessages(lane="one", messages=(message(1, A), message(2, A))),
    AddMessages(lane="two", messages=(message(1, A), message(2, B))),
    SealMailbox(lane="one"),
    SealMailbox(lane="two"),
    CountAccount(lane=""),
)
RUN_CALLS = 35  # each step is looked at, noted as begun, done by one call or more, and noted
UNDO_CALLS = 23


def before() -> MemoryTarget:
    """A target with a mailbox that no run has to do with."""
    target = MemoryTarget()
    target.create("live").receive(B)
    return target


def run_of(state: Path, power: Power | None = None) -> RunJournal:
    """The run, as a new process finds it; begun, where there is none."""
    state.mkdir(exist_ok=True)
    is_new = not (state / "journal.db").exists()
    journal = quick(Journal(state))
    run = begin(journal, state, STEPS) if is_new else journal.run(1, MEMORY_KINDS)
    return run if power is None else MortalJournal.of(run, power)


def carry_out(state: Path, target: MemoryTarget, calls: int | None = None) -> None:
    """Run, in a process that dies before the call after the next ``calls``."""
    run = run_of(state, power := Power(calls=calls))
    actors = dict.fromkeys(MEMORY_KINDS, MemoryActor(target, run, power))
    try:
        Runner(journal=run, actors=actors, stop=Stop(), lanes_at_once=1).run()
    except PowerCut:
        assert calls is not None


def take_back(state: Path, target: MemoryTarget, calls: int | None = None) -> bool:
    """As `carry_out`: take the run back; whether it came to its end."""
    run = run_of(state, power := Power(calls=calls))
    actors = dict.fromkeys(MEMORY_KINDS, MemoryActor(target, run, power))
    try:
        Undo(journal=run, actors=actors, stop=Stop()).run()
    except PowerCut:
        return False
    return True


@pytest.mark.parametrize("cut", [*range(0, RUN_CALLS, 2), None])
def test_taking_back_what_was_cut_off_anywhere_ends_as_before(
    tmp_path: Path, cut: int | None
) -> None:
    target = before()
    carry_out(tmp_path / "state", target, cut)

    assert take_back(tmp_path / "state", target)

    assert (target.guids(), target.waiting(), target.counts) == (LIVE, {}, {})


@pytest.mark.parametrize("cut", range(0, UNDO_CALLS, 2))
def test_an_undo_that_was_cut_off_goes_on(tmp_path: Path, cut: int) -> None:
    target = before()
    carry_out(tmp_path / "state", target)
    assert not take_back(tmp_path / "state", target, cut)

    assert take_back(tmp_path / "state", target)

    assert (target.guids(), target.waiting(), target.counts) == (LIVE, {}, {})


def test_an_undo_that_is_cut_again_and_again_comes_to_its_end(tmp_path: Path) -> None:
    target = before()
    carry_out(tmp_path / "state", target, RUN_CALLS - 6)

    tries = itertools.takewhile(
        lambda is_done: not is_done,
        (take_back(tmp_path / "state", target, 3) for _ in range(UNDO_CALLS)),
    )

    assert len(list(tries)) >= 3
    assert target.guids() == LIVE


def test_what_somebody_touched_is_kept_with_the_reason_and_all_else_goes(tmp_path: Path) -> None:
    target = before()
    carry_out(tmp_path / "state", target)
    target.mailboxes["two"].receive(B)

    take_back(tmp_path / "state", target)

    assert target.guids() == {**LIVE, "two": [A, B, B]}
    states = {row.number: row.state for row in run_of(tmp_path / "state").rows()}
    kept = {number for number, state in states.items() if state is StepState.KEPT}
    assert kept == {1, 3, 5}
    assert states[2] is StepState.UNDONE


def test_what_was_kept_is_tried_again_by_the_next_undo(tmp_path: Path) -> None:
    target = before()
    carry_out(tmp_path / "state", target)
    target.mailboxes["two"].receive(B)
    take_back(tmp_path / "state", target)
    target.mailboxes["two"].messages.popitem()

    take_back(tmp_path / "state", target)

    assert target.guids() == LIVE


def test_the_last_step_is_taken_back_first_and_what_counts_all_at_the_end(
    tmp_path: Path,
) -> None:
    class Late(CountAccount):
        undo_rank = 1

    kinds = {**MEMORY_KINDS, CountAccount.kind: Late}

    order = [row.number for row in undo_order(run_of(tmp_path / "state").rows(), kinds)]

    assert order == [5, 4, 3, 2, 1, 0, 6]


def test_a_stop_takes_effect_between_two_steps_and_the_next_undo_goes_on(tmp_path: Path) -> None:
    target, stop = before(), Stop()
    carry_out(tmp_path / "state", target)
    heard: list[TakenBack] = []

    def hear(taken: TakenBack) -> None:
        heard.append(taken)
        stop.wish.set()

    run = run_of(tmp_path / "state")
    actors = dict.fromkeys(MEMORY_KINDS, MemoryActor(target, run))
    undo = Undo(journal=run, actors=actors, stop=stop, on_progress=hear)
    with pytest.raises(Interrupted, match="run 1 back was stopped"):
        undo.run()

    assert [each.kind for each in heard] == [CountAccount.kind]
    assert take_back(tmp_path / "state", target)
    assert target.guids() == LIVE


def test_a_step_that_cannot_be_taken_back_holds_all_earlier_ones(tmp_path: Path) -> None:
    class Refusing(MemoryActor):
        __slots__ = ()

        def take_back(self, step: MemoryStep, undoing: Undoing) -> str | None:
            if isinstance(step, AddMessages):
                raise StepFailed("the disk is read-only", hint="mend it")
            return MemoryActor.take_back(self, step, undoing)

    target = before()
    carry_out(tmp_path / "state", target)
    run = run_of(tmp_path / "state")
    actors = dict.fromkeys(MEMORY_KINDS, Refusing(target, run))
    with pytest.raises(StepFailed, match="was not taken back for two") as failed:
        Undo(journal=run, actors=actors, stop=Stop()).run()

    assert (failed.value.step_number, failed.value.hint) == (3, "mend it")
    assert "live" in target.guids()
    assert take_back(tmp_path / "state", target)
    assert target.guids() == LIVE


@dataclass
class Listening(MemoryActor):
    """Writes down of which steps it was told that mail of the run is left."""

    told: list[tuple[str, str, bool]] = field(default_factory=list)

    def take_back(self, step: MemoryStep, undoing: Undoing) -> str | None:
        self.told.append((step.kind, step.lane, undoing.is_mail_kept))
        return super().take_back(step, undoing)


def test_a_step_of_the_whole_account_is_told_that_mail_of_the_run_is_left(tmp_path: Path) -> None:
    """Who made the account itself must know it: nothing else may remove what is left in it."""
    target = before()
    carry_out(tmp_path / "state", target)
    target.mailboxes["two"].receive(B)
    run = run_of(tmp_path / "state")
    actor = Listening(target, run, Power())

    Undo(journal=run, actors=dict.fromkeys(MEMORY_KINDS, actor), stop=Stop()).run()

    assert [is_kept for kind, _, is_kept in actor.told if kind == MakeMailbox.kind] == [True, True]
    assert not actor.told[0][2]
