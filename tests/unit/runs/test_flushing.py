"""When steps of several lanes are flushed, and how many wait for that."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from respool.planning.step import Step
from respool.runs import ahead, flushing
from respool.runs.actor import Note
from respool.runs.hands import Hands
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Runner, Stop
from tests.support.memory_ahead import AheadActor, Written
from tests.support.memory_steps import MEMORY_KINDS, AddMessages, MakeMailbox, MemoryStep
from tests.support.memory_target import MemoryTarget
from tests.unit.planning.plans import message
from tests.unit.runs.runs import begin, quick

GUID, GROUPS = "aa" * 20, 6
LANES = ("one", "two", "three", "four")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunJournal]:
    """So many lanes with so many groups each."""
    steps: list[Step] = [MakeMailbox(lane="", mailbox=name) for name in LANES]
    groups = [(message(uid, GUID),) for uid in range(1, GROUPS + 1)]
    steps += [AddMessages(lane=name, messages=group) for name in LANES for group in groups]
    journal = quick(Journal(tmp_path))
    begin(journal, tmp_path, steps)
    yield journal.run(1, MEMORY_KINDS)
    journal.close()


def carry_out(run: RunJournal, actor: AheadActor) -> None:
    actors = dict.fromkeys(MEMORY_KINDS, actor)
    Runner(journal=run, actors=actors, stop=Stop(), lanes_at_once=len(LANES)).run()


def test_many_lanes_wait_together_when_much_is_not_flushed(
    run: RunJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step that is not flushed holds descriptors, of which a process has few."""
    most = 2 * len(LANES)
    monkeypatch.setattr(ahead, "UNFLUSHED_IN_ALL", most)
    all_lanes, never = threading.Barrier(len(LANES), timeout=5), threading.Event()
    waiting: list[int] = []

    @dataclass(slots=True)
    class Meets(AheadActor):
        def perform_unflushed(self, step: MemoryStep, before: Note, hands: Hands) -> Written:
            assert isinstance(step, AddMessages)
            if step.messages[0].uid == 1:
                all_lanes.wait()
            return AheadActor.perform_unflushed(self, step, before, hands)

    def hold(_: Sequence[Written]) -> None:
        never.wait(0.1)
        waiting.append(sum(not each.is_closed for each in list(actor.written)))

    actor = Meets(MemoryTarget(), run, happens=hold)
    carry_out(run, actor)

    assert max(waiting) <= most


def test_a_lane_that_needs_a_flush_does_not_wait_for_a_later_one(
    run: RunJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flushing, "_REST_SECONDS", 20.0)
    begun_at = time.monotonic()
    carry_out(run, AheadActor(MemoryTarget(), run))
    assert time.monotonic() - begun_at < 15
