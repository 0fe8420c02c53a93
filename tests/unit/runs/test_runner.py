from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from respool.errors import Interrupted, StepFailed
from respool.planning.step import Step
from respool.runs.actor import Note
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import StepState
from respool.runs.stepping import Progress
from tests.support.memory_server import Mail
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

A, B, C = "aa" * 20, "bb" * 20, "cc" * 20
STEPS: tuple[Step, ...] = (
    MakeMailbox(lane="", mailbox="one"),
    MakeMailbox(lane="", mailbox="two"),
    AddMessages(lane="one", messages=(message(1, A), message(2, A))),
    AddMessages(lane="two", messages=(message(1, A),)),
    AddMessages(lane="one", messages=(message(3, B), message(4, A))),
    AddMessages(lane="two", messages=(message(2, A), message(5, C))),
    CountAccount(lane=""),
    SealMailbox(lane="one"),
    SealMailbox(lane="two"),
    CountAccount(lane=""),
)
MAILBOXES = {"one": [A, A, B, A], "two": [A, A, C]}
COUNTS = {"one": 4, "two": 3, "": 7}
# Each step is looked at, noted as begun, done, and noted as done; each message is one call,
# and so is asking whether the mailbox is still the run's, and shutting a new one.
CALLS = 3 * len(STEPS) + sum(len(getattr(step, "messages", "1")) for step in STEPS) + 8


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with a run of STEPS that has only begun."""
    state = tmp_path_factory.mktemp("begun")
    journal = Journal(state)
    begin(journal, state, STEPS)
    journal.close()
    return state


@pytest.fixture
def state(begun: Path, tmp_path: Path) -> Path:
    """The same, for one test alone."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return tmp_path


@contextmanager
def opened(state: Path) -> Iterator[RunJournal]:
    """The run, as a new process finds it."""
    journal = quick(Journal(state))
    try:
        yield journal.run(1, MEMORY_KINDS)
    finally:
        journal.close()


def runner_of(run: RunJournal, actor: MemoryActor, *, lanes_at_once: int = 2) -> Runner:
    actors = dict.fromkeys(MEMORY_KINDS, actor)
    return Runner(journal=run, actors=actors, stop=Stop(), lanes_at_once=lanes_at_once)


def run_until_cut(state: Path, target: MemoryTarget, calls: int, *, lanes_at_once: int) -> bool:
    """Run in a process that dies before the call after the next ``calls``; did it?"""
    power = Power(calls=calls)
    with opened(state) as run:
        mortal = MortalJournal.of(run, power)
        actor = MemoryActor(target, mortal, power)
        try:
            runner_of(mortal, actor, lanes_at_once=lanes_at_once).run()
        except PowerCut:
            return True
    return False


def finish(state: Path, target: MemoryTarget) -> None:
    """Go on to the end, in a new process."""
    with opened(state) as run:
        runner_of(run, MemoryActor(target, run), lanes_at_once=1).run()
        assert {row.state for row in run.rows()} == {StepState.DONE}


def states(run: RunJournal) -> list[StepState]:
    return [row.state for row in run.rows()]


def test_a_clean_run_does_every_step_once_and_gives_what_the_plan_says(state: Path) -> None:
    target = MemoryTarget()

    finish(state, target)

    assert (target.guids(), target.counts) == (MAILBOXES, COUNTS)
    assert sorted(map(repr, target.performed)) == sorted(map(repr, STEPS))


@pytest.mark.parametrize(
    ("lanes_at_once", "cut"),
    [*((1, cut) for cut in range(CALLS)), *((2, cut) for cut in range(0, CALLS, 5))],
)
def test_going_on_after_a_power_cut_ends_like_a_clean_run(
    state: Path, lanes_at_once: int, cut: int
) -> None:
    """The same message twice in a mailbox comes back twice, wherever the cut fell."""
    target = MemoryTarget()
    assert run_until_cut(state, target, cut, lanes_at_once=lanes_at_once)

    finish(state, target)

    assert (target.guids(), target.counts) == (MAILBOXES, COUNTS)


def test_the_cuts_fell_at_every_call(state: Path) -> None:
    """With one call more the run ends: none was left out above."""
    assert not run_until_cut(state, MemoryTarget(), CALLS, lanes_at_once=1)


@pytest.mark.parametrize("calls", [2, 3, 5, 7])
def test_a_run_that_is_cut_again_and_again_ends_like_a_clean_run(state: Path, calls: int) -> None:
    target = MemoryTarget()

    cuts = itertools.takewhile(
        bool, (run_until_cut(state, target, calls, lanes_at_once=1) for _ in range(CALLS))
    )

    assert len(list(cuts)) >= CALLS // calls - 1
    finish(state, target)
    assert (target.guids(), target.counts) == (MAILBOXES, COUNTS)


def test_a_run_that_has_ended_does_nothing_when_run_again(state: Path) -> None:
    target = MemoryTarget()
    finish(state, target)
    target.performed.clear()

    finish(state, target)

    assert target.performed == []


@pytest.mark.parametrize("lanes_at_once", [1, 2, 8])
def test_account_steps_are_barriers_and_lanes_keep_their_order(
    state: Path, lanes_at_once: int
) -> None:
    """No lane begins before the account steps above it are done, nor they before the lanes."""
    target = MemoryTarget()
    with opened(state) as run:
        runner_of(run, MemoryActor(target, run), lanes_at_once=lanes_at_once).run()

    done = target.performed
    assert tuple(done[:2]) == STEPS[:2]
    assert (done[6], done[9]) == (STEPS[6], STEPS[9])
    for lane in ("one", "two"):
        assert [step for step in done if step.lane == lane] == [
            step for step in STEPS if step.lane == lane
        ]


def test_lanes_run_at_the_same_time(state: Path) -> None:
    """Each first step of a lane waits for that of the other: alone it would wait for ever."""

    @dataclass(slots=True)
    class Meeting(MemoryActor):
        both: threading.Barrier = field(default_factory=lambda: threading.Barrier(2, timeout=5))

        def observe(self, step: MemoryStep) -> Note:
            if step in STEPS[2:4]:
                self.both.wait()
            return MemoryActor.observe(self, step)

    target = MemoryTarget()
    with opened(state) as run:
        runner_of(run, Meeting(target, run), lanes_at_once=2).run()

    assert target.guids() == MAILBOXES


def test_a_step_that_fails_is_noted_and_all_later_ones_wait(state: Path) -> None:
    target = MemoryTarget()
    with opened(state) as run:
        refusing = MemoryActor(target, run, refused=frozenset({"one"}))

        with pytest.raises(StepFailed, match="of run 1 failed for one") as caught:
            runner_of(run, refusing, lanes_at_once=1).run()

        assert states(run)[2] is StepState.FAILED
        assert {states(run)[number] for number in range(3, 10)} == {StepState.WAITING}
    assert (caught.value.step_number, caught.value.why) == (
        2,
        "one is refused: so the test wants it",
    )


def test_what_failed_is_tried_again_by_the_next_run(state: Path) -> None:
    """With what was noted before the first attempt, even where that had an effect."""
    target = MemoryTarget()
    with opened(state) as run, pytest.raises(StepFailed):
        runner_of(run, MemoryActor(target, run, refused=frozenset({"one"}))).run()
    target.mailboxes["one"].waiting[1] = Mail(uid=1, guid=A)

    finish(state, target)

    assert (target.guids(), target.counts) == (MAILBOXES, COUNTS)


def test_an_account_step_that_fails_holds_all_lanes_back(state: Path) -> None:
    target = MemoryTarget()
    with opened(state) as run:
        with pytest.raises(StepFailed) as caught:
            runner_of(run, MemoryActor(target, run, refused=frozenset({""}))).run()

        assert states(run) == [StepState.FAILED, *[StepState.WAITING] * 9]
    assert caught.value.step_number == 0
    assert target.performed == []


def test_a_step_that_fails_by_its_own_words_keeps_them_and_gets_its_number(state: Path) -> None:
    @dataclass(slots=True)
    class Wordy(MemoryActor):
        def observe(self, step: MemoryStep) -> Note:
            raise StepFailed(
                f"no room for {step.kind}", why="the disk is full", can_be_tried_again=False
            )

    with opened(state) as run, pytest.raises(StepFailed, match="no room for memory") as caught:
        runner_of(run, Wordy(MemoryTarget(), run)).run()

    assert (caught.value.step_number, caught.value.can_be_tried_again) == (0, False)


def test_an_error_of_ours_in_an_actor_leaves_the_step_begun(state: Path) -> None:
    """Perhaps done, perhaps not: the next run settles it."""

    @dataclass(slots=True)
    class Broken(MemoryActor):
        def perform(self, step: MemoryStep, before: Note) -> Note:
            MemoryActor.perform(self, step, before)
            raise ZeroDivisionError

    target = MemoryTarget()
    with opened(state) as run:
        with pytest.raises(ZeroDivisionError):
            runner_of(run, Broken(target, run)).run()
        assert states(run)[0] is StepState.STARTED

    finish(state, target)

    assert (target.guids(), target.counts) == (MAILBOXES, COUNTS)


@pytest.mark.parametrize(
    ("lanes_at_once", "after"),
    [*((1, after) for after in range(1, len(STEPS))), (2, 3), (2, 5), (2, 8)],
)
def test_a_stop_takes_effect_between_two_steps(
    state: Path, lanes_at_once: int, after: int
) -> None:
    """What is under way is finished and noted; the next run goes on behind it."""
    target = MemoryTarget()
    heard: list[Progress] = []
    with opened(state) as run:
        runner = runner_of(run, MemoryActor(target, run), lanes_at_once=lanes_at_once)

        def stop_after(progress: Progress) -> None:
            heard.append(progress)
            if len(heard) >= after:
                runner.stop.wish.set()

        with pytest.raises(Interrupted, match="run 1 was stopped"):
            replace(runner, on_progress=stop_after).run()

        assert after <= len(heard) <= after + lanes_at_once - 1
        assert set(states(run)) == {StepState.DONE, StepState.WAITING}
        assert states(run).count(StepState.DONE) == len(heard)
    finish(state, target)
    assert (target.guids(), target.counts) == (MAILBOXES, COUNTS)


def test_progress_tells_of_each_step_and_its_messages(state: Path) -> None:
    heard: list[Progress] = []
    with opened(state) as run:
        runner = runner_of(run, MemoryActor(MemoryTarget(), run), lanes_at_once=1)
        replace(runner, on_progress=heard.append).run()

    assert len(heard) == len(STEPS)
    assert heard[2] == Progress(kind=AddMessages.kind, lane="one", messages=2, size_bytes=200)
    assert sum(progress.messages for progress in heard) == 7
