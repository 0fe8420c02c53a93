from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from respool.errors import Interrupted, StepFailed
from respool.planning.step import Step
from respool.runs import ahead, flushing
from respool.runs.actor import Note
from respool.runs.ahead import TOGETHER
from respool.runs.flushing import Flushing
from respool.runs.hands import ALONE, Hands
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import StepState
from respool.runs.stepping import Progress
from tests.support.memory_ahead import AheadActor, Written
from tests.support.memory_steps import MEMORY_KINDS, AddMessages, MakeMailbox, MemoryStep
from tests.support.memory_target import MemoryTarget
from tests.support.power import MortalJournal, Power, PowerCut
from tests.unit.planning.plans import message
from tests.unit.runs.runs import begin, quick

GUID = "aa" * 20
GROUPS = 6
STEPS: tuple[Step, ...] = (
    MakeMailbox(lane="", mailbox="one"),
    MakeMailbox(lane="", mailbox="two"),
    *(AddMessages(lane="one", messages=(message(uid, GUID),)) for uid in range(1, GROUPS + 1)),
    AddMessages(lane="two", messages=(message(1, GUID),)),
)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunJournal]:
    journal = quick(Journal(tmp_path))
    begin(journal, tmp_path, STEPS)
    yield journal.run(1, MEMORY_KINDS)
    journal.close()


def runner(run: RunJournal, actor: AheadActor, **more: object) -> Runner:
    actors = dict.fromkeys(MEMORY_KINDS, actor)
    return Runner(journal=run, actors=actors, **{"stop": Stop(), **more})  # type: ignore[arg-type]


def states(run: RunJournal, lane: str = "one") -> list[StepState]:
    return [row.state for row in run.rows() if row.lane == lane]


def test_no_step_is_noted_as_done_before_its_flush(run: RunJournal) -> None:
    seen: list[StepState] = []

    def look(done: Sequence[Written]) -> None:
        numbers = [number for number, step in run.steps_of_lane("one") if step in STEPS]
        by_step = {repr(run.step(number)): number for number in (*numbers, len(STEPS) - 1)}
        seen.extend(run.state(by_step[repr(each.step)]) for each in done)

    runner(run, AheadActor(MemoryTarget(), run, happens=look)).run()

    assert seen == [StepState.STARTED] * (GROUPS + 1)
    assert states(run) == [StepState.DONE] * GROUPS


def test_the_next_step_is_performed_while_the_former_one_is_flushed(run: RunJournal) -> None:
    gone_on = threading.Event()
    actor = AheadActor(MemoryTarget(), run)

    def wait(_: Sequence[Written]) -> None:
        while len(actor.written) < 2 and not gone_on.wait(0.01):
            pass

    actor.happens = wait
    runner(run, actor, lanes_at_once=1).run()

    assert states(run) == [StepState.DONE] * GROUPS
    assert all(each.is_closed for each in actor.written)


@pytest.mark.parametrize("limit", ["UNFLUSHED", "UNFLUSHED_OCTETS"])
def test_a_lane_waits_when_much_is_not_flushed(
    run: RunJournal, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 3
    size_bytes = message(1, GUID).size_bytes
    monkeypatch.setattr(ahead, limit, most * (size_bytes if limit == "UNFLUSHED_OCTETS" else 1))
    never, actor = threading.Event(), AheadActor(MemoryTarget(), run)
    waiting: list[int] = []

    def hold(_: Sequence[Written]) -> None:
        while not waiting and len(actor.written) < most:
            never.wait(0.01)
        never.wait(0.0 if waiting else 0.05)
        waiting.append(len(actor.written))

    actor.happens = hold
    runner(run, actor, lanes_at_once=1).run()

    assert waiting[0] == most


def test_few_flushes_are_made_while_no_lane_needs_one(run: RunJournal) -> None:
    actor = AheadActor(MemoryTarget(), run)
    runner(run, actor, lanes_at_once=1).run()
    assert len(actor.flushes) <= 3  # a slow machine may rest once in the middle of a lane
    assert sum(actor.flushes) == GROUPS + 1


def test_a_step_does_not_wait_for_ever_that_no_lane_needs(
    run: RunJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks at the progress, or is killed, finds little that was done in vain."""
    monkeypatch.setattr(flushing, "_REST_SECONDS", 0.01)
    noted = threading.Event()

    @dataclass(slots=True)
    class Waits(AheadActor):
        def perform_unflushed(self, step: MemoryStep, before: Note, hands: Hands) -> Written:
            if self.written:
                assert noted.wait(5)
            return AheadActor.perform_unflushed(self, step, before, hands)

    def told(progress: Progress) -> None:
        if progress.kind == AddMessages.kind:
            noted.set()

    actor = Waits(MemoryTarget(), run)
    runner(run, actor, lanes_at_once=1, on_progress=told).run()
    assert states(run) == [StepState.DONE] * GROUPS


def test_what_cannot_be_flushed_is_noted_as_failed_and_tried_again(run: RunJournal) -> None:
    def full(_: Sequence[Written]) -> None:
        raise StepFailed("the disk is full")

    target = MemoryTarget()
    with pytest.raises(StepFailed, match="the disk is full"):
        runner(run, AheadActor(target, run, happens=full), lanes_at_once=1).run()
    assert StepState.FAILED in states(run)
    assert StepState.DONE not in states(run)

    runner(run, AheadActor(target, run)).run()
    assert states(run) == [StepState.DONE] * GROUPS


def test_what_was_performed_before_a_failure_is_flushed_and_noted(run: RunJournal) -> None:
    @dataclass(slots=True)
    class Fails(AheadActor):
        def perform_unflushed(self, step: MemoryStep, before: Note, hands: Hands) -> Written:
            if len(self.written) == 2:
                raise StepFailed("no third one")
            return AheadActor.perform_unflushed(self, step, before, hands)

    with pytest.raises(StepFailed, match="no third one"):
        runner(run, Fails(MemoryTarget(), run), lanes_at_once=1).run()

    done, failed = [StepState.DONE] * 2, [StepState.FAILED]
    assert states(run)[:3] == done + failed
    assert StepState.DONE not in states(run)[3:]


def test_a_stop_leaves_nothing_that_is_performed_and_not_noted(
    run: RunJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "UNFLUSHED", 2)
    stop, actor = Stop(), AheadActor(MemoryTarget(), run)

    def told(progress: Progress) -> None:
        if progress.lane == "one":
            stop.wish.set()

    with pytest.raises(Interrupted):
        runner(run, actor, stop=stop, on_progress=told, lanes_at_once=1).run()

    assert states(run).count(StepState.DONE) == len(actor.written) < GROUPS


def test_lanes_share_a_flush(run: RunJournal) -> None:
    both, actor = threading.Barrier(2, timeout=5), AheadActor(MemoryTarget(), run)

    def met(_: Sequence[Written]) -> None:
        if not actor.flushes:
            both.wait()

    @dataclass(slots=True)
    class Meets(AheadActor):
        def perform_unflushed(self, step: MemoryStep, before: Note, hands: Hands) -> Written:
            done = AheadActor.perform_unflushed(self, step, before, hands)
            if step.lane == "two":
                both.wait()
            return done

    actor = Meets(MemoryTarget(), run)
    actor.happens = met
    runner(run, actor).run()

    assert sum(actor.flushes) == GROUPS + 1
    assert states(run, "two") == [StepState.DONE]


@pytest.fixture(params=[1, 3])
def hands(request: pytest.FixtureRequest) -> Iterator[Hands]:
    """One, or as many threads of this process."""
    with ThreadPoolExecutor(request.param) as threads:
        yield ALONE if request.param == 1 else Hands(request.param, threads=threads)


@pytest.mark.parametrize("calls", [0, 7, 13, 17, 21, 25, 29, 33])
def test_going_on_after_a_power_cut_ends_like_a_clean_run(
    run: RunJournal, calls: int, hands: Hands
) -> None:
    target, power = MemoryTarget(), Power(calls=calls)
    mortal = MortalJournal.of(run, power)
    with suppress(PowerCut):
        runner(mortal, AheadActor(target, mortal, power), hands=hands).run()

    runner(run, AheadActor(target, run)).run()

    assert states(run) == [StepState.DONE] * GROUPS
    waiting = {name: set(box.waiting) for name, box in target.mailboxes.items()}
    assert waiting == {"one": set(range(1, GROUPS + 1)), "two": {1}}


def test_several_hands_perform_steps_of_a_lane_at_the_same_time(run: RunJournal) -> None:
    three = threading.Barrier(3, timeout=5)

    @dataclass(slots=True)
    class Meets(AheadActor):
        def perform_unflushed(self, step: MemoryStep, before: Note, hands: Hands) -> Written:
            if step.lane == "one":
                three.wait()
            return AheadActor.perform_unflushed(self, step, before, hands)

    with ThreadPoolExecutor(3) as threads:
        runner(run, Meets(MemoryTarget(), run), hands=Hands(3, threads=threads)).run()

    assert states(run) == [StepState.DONE] * GROUPS


def test_a_stop_does_not_wait_for_what_no_hand_has_begun_with(run: RunJournal) -> None:
    stop = Stop()

    @dataclass(slots=True)
    class Stops(AheadActor):
        def perform_unflushed(self, step: MemoryStep, before: Note, hands: Hands) -> Written:
            while not stop.wish.is_set():
                if states(run).count(StepState.STARTED) == TOGETHER:
                    stop.wish.set()
            return AheadActor.perform_unflushed(self, step, before, hands)

    actor = Stops(MemoryTarget(), run)
    with ThreadPoolExecutor(1) as threads, pytest.raises(Interrupted):
        runner(run, actor, stop=stop, hands=Hands(3, threads=threads), lanes_at_once=1).run()

    assert states(run).count(StepState.DONE) == len(actor.written) == 1


def test_a_step_that_fails_while_others_are_stopped_is_what_is_told(run: RunJournal) -> None:
    stop, both = Stop(), threading.Barrier(2, timeout=5)

    @dataclass(slots=True)
    class Fails(AheadActor):
        def perform_unflushed(self, step: MemoryStep, before: Note, hands: Hands) -> Written:
            assert isinstance(step, AddMessages)
            both.wait()
            stop.wish.set()
            if step.messages[0].uid == 2:
                raise StepFailed("no second one")
            return AheadActor.perform_unflushed(self, step, before, hands)

    actor = Fails(MemoryTarget(), run)
    with ThreadPoolExecutor(2) as threads, pytest.raises(StepFailed, match="no second one"):
        runner(run, actor, stop=stop, hands=Hands(2, threads=threads), lanes_at_once=1).run()

    assert states(run)[:2] == [StepState.DONE, StepState.FAILED]


def test_when_one_hand_fails_what_the_others_did_is_noted_and_nothing_more_begun(
    run: RunJournal,
) -> None:
    begun, failed = threading.Barrier(2, timeout=5), threading.Event()

    @dataclass(slots=True)
    class Fails(AheadActor):
        def perform_unflushed(self, step: MemoryStep, before: Note, hands: Hands) -> Written:
            assert isinstance(step, AddMessages)
            if step.lane == "two":
                return AheadActor.perform_unflushed(self, step, before, hands)
            if step.messages[0].uid < 3:
                begun.wait()
            if step.messages[0].uid == 1:
                failed.set()
                raise StepFailed("no first one")
            failed.wait(5)
            return AheadActor.perform_unflushed(self, step, before, hands)

    actor = Fails(MemoryTarget(), run)
    with ThreadPoolExecutor(2) as threads, pytest.raises(StepFailed, match="no first one"):
        runner(run, actor, hands=Hands(2, threads=threads), lanes_at_once=1).run()

    found = states(run)
    assert found[:2] == [StepState.FAILED, StepState.DONE]
    assert found.count(StepState.DONE) == len(actor.written) <= TOGETHER
    assert found[-1] is not StepState.DONE


def test_a_lane_that_still_works_when_the_block_was_left_flushes_and_notes_for_itself(
    run: RunJournal,
) -> None:
    """Else it would wait for ever: a second signal leaves the block at once."""
    actor: Any = AheadActor(MemoryTarget(), run)
    number, step = next(iter(run.steps_of_lane("one")))
    run.record(number, StepState.STARTED, before={})
    with Flushing(run, lambda _step: None) as flushing:
        pass

    noted = flushing.end(number, step, actor, Written({}, actor, step))

    assert noted.result(timeout=5) is None
    assert (run.state(number), actor.flushes) == (StepState.DONE, [1])


def test_a_step_that_is_cut_off_by_who_stops_the_run_stays_begun_and_can_be_gone_on_with(
    run: RunJournal,
) -> None:
    @dataclass(slots=True)
    class IsCutOff(AheadActor):
        def perform_unflushed(self, *_: object) -> Written:
            raise Interrupted("this work was cut off")

    target = MemoryTarget()
    with pytest.raises(Interrupted):
        runner(run, IsCutOff(target, run), lanes_at_once=1).run()
    assert StepState.FAILED not in states(run)
    assert states(run)[0] is StepState.STARTED

    runner(run, AheadActor(target, run)).run()
    assert states(run) == [StepState.DONE] * GROUPS
