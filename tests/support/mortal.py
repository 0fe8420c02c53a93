"""An actor that dies with the power."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from respool.planning.step import Step
from respool.runs.actor import Actor, Note, Undoing
from tests.support.power import Power


@dataclass(frozen=True, slots=True)
class MortalActor:
    """An actor that dies with the power: before or after each of its calls."""

    actor: Actor[Any]
    power: Power

    def observe(self, step: Step) -> Note:
        """As the actor does."""
        self.power.use()
        note = self.actor.observe(step)
        self.power.use()
        return note

    def perform(self, step: Step, before: Note) -> Note:
        """As the actor does."""
        self.power.use()
        note = self.actor.perform(step, before)
        self.power.use()
        return note

    def take_back(self, step: Step, undoing: Undoing) -> str | None:
        """As the actor does."""
        self.power.use()
        kept = self.actor.take_back(step, undoing)
        self.power.use()
        return kept
