"""An actor that dies with the power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from respool.planning.step import Step
from respool.runs.actor import Actor, ActsAhead, Note, Undoing, Unflushed
from respool.runs.hands import Hands
from tests.support.power import Power


class ActingAhead(Actor[Any], ActsAhead, Protocol):
    """An actor of whose steps some wait for the disk together."""


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


@dataclass(frozen=True, slots=True)
class MortalAhead(MortalActor):
    """The same of an actor some of whose steps wait for the disk together."""

    actor: ActingAhead

    @property
    def ahead(self) -> frozenset[str]:
        """As the actor's."""
        return self.actor.ahead

    def perform_unflushed(self, step: Step, before: Note, hands: Hands) -> Unflushed:
        """As the actor does; what comes after it is the flush."""
        self.power.use()
        return self.actor.perform_unflushed(step, before, hands)

    def flush(self, done: Sequence[Unflushed]) -> None:
        """As the actor does, one after the other; what comes after it is the note."""
        for each in done:
            self.power.use()
            self.actor.flush([each])


def mortal(actor: Actor[Any], power: Power) -> MortalActor:
    """The actor, as one that dies with the power."""
    if isinstance(actor, ActsAhead) and actor.ahead:
        return MortalAhead(cast("ActingAhead", actor), power)
    return MortalActor(actor, power)
