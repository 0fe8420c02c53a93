"""An actor in memory whose steps may wait for the disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from respool.planning.step import Step
from respool.runs.actor import Note
from respool.runs.hands import Hands
from tests.support.memory_steps import AddMessages, MemoryStep
from tests.support.memory_target import MemoryActor


@dataclass(slots=True)
class Written:
    """What a step wrote, until it is flushed."""

    note: Note
    actor: AheadActor
    step: Step
    is_closed: bool = False

    def close(self) -> None:
        self.is_closed = True


@dataclass(slots=True)
class AheadActor(MemoryActor):
    """Its additions are on disk only after a flush. ``happens`` before each flush."""

    happens: Callable[[Sequence[Written]], None] = lambda _: None
    ahead: frozenset[str] = frozenset({AddMessages.kind})
    written: list[Written] = field(default_factory=list)
    flushes: list[int] = field(default_factory=list)

    def perform_unflushed(self, step: MemoryStep, before: Note, _hands: Hands) -> Written:
        written = Written(MemoryActor.perform(self, step, before), self, step)
        self.written.append(written)
        return written

    def flush(self, done: Sequence[Written]) -> None:
        self.happens(done)
        self.flushes.append(len(done))
