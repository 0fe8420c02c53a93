"""What carries out the steps of one outside thing, and what it may look up meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from respool.model.dataclasses import dataclass
from respool.planning.plan import PlanHead
from respool.planning.step import Step
from respool.runs.hands import ALONE, Hands

Note: TypeAlias = dict[str, Any]  # what the journal keeps as JSON

StepT_contra = TypeVar("StepT_contra", bound=Step, contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undoing:
    """What is known of a step that is taken back.

    ``before`` is what was noted before it, ``done`` its receipt, empty where it did not
    end. ``is_forced``: what the run itself made goes, though somebody touched it.
    ``was_cut_off``: an undo was at this very step before, and did not come to its end.
    ``kept`` is why the last undo left it, if one did. ``is_mail_kept``: this undo has left
    something in a mailbox of the run.
    """

    before: Note
    done: Mapping[str, Any]
    is_forced: bool = False
    was_cut_off: bool = False
    kept: str | None = None
    is_mail_kept: bool = False


class Actor(Protocol[StepT_contra]):
    """Performs steps of one kind, and takes them back."""

    def observe(self, step: StepT_contra) -> Note:
        """What ``step`` is about to change, as it is now. Changes nothing.

        Recorded before ``perform``, it must suffice to tell later whether the step
        took effect, and to put things back.
        """

    def perform(self, step: StepT_contra, before: Note) -> Note:
        """Do ``step`` unless it was already done since ``before``; say what was done.

        Raises:
            StepFailed: the target is as before or as after, never between.
        """

    def take_back(self, step: StepT_contra, undoing: Undoing) -> str | None:
        """Put back what ``step`` changed; why it is left, where somebody touched it since.

        Twice is the same as once. A step that was begun may have had no effect.

        Raises:
            StepFailed: the target is as before or as after, never between.
        """


class Unflushed(Protocol):
    """What a step has done, and what may not be on disk yet."""

    @property
    def note(self) -> Note:
        """As `Actor.perform` gives it."""

    def close(self) -> None:
        """Let go of what is held until the flush; twice is the same as once."""


@runtime_checkable
class ActsAhead(Protocol):
    """An actor of whose steps several may wait for the disk together.

    Those of ``ahead`` (kinds): the next one of a lane is performed while the former ones are
    flushed. None is noted as done before its flush.
    """

    @property
    def ahead(self) -> frozenset[str]:
        """The kinds of those steps."""

    def perform_unflushed(
        self,
        step: Any,  # noqa: ANN401 - one of ahead
        before: Note,
        hands: Hands,
    ) -> Unflushed:
        """As `Actor.perform`, but for the flush; ``hands`` do what takes long."""

    def flush(self, done: Sequence[Any]) -> None:
        """Make all of ``done`` last, of what `perform_unflushed` gave.

        Raises:
            StepFailed: it cannot be written; each step can be done again.
        """


@runtime_checkable
class ActsByHands(Protocol):
    """An actor that lets several hands do its steps, or a part of them."""

    def perform_by(
        self,
        step: Any,  # noqa: ANN401 - one of its own
        before: Note,
        hands: Hands,
    ) -> Note:
        """As `Actor.perform`."""


@runtime_checkable
class LooksSoon(Protocol):
    """An actor that looks at some steps without waiting for anything that may not answer.

    So the step before one of ``looks_soon`` (kinds) is noted as done together with its
    beginning: what is looked at does not depend on that note.
    """

    @property
    def looks_soon(self) -> frozenset[str]:
        """The kinds of those steps."""


def perform_alone(actor: ActsAhead, step: Step, before: Note) -> Note:
    """One step of ``ahead`` as `Actor.perform` does it: its note is true on disk, too."""
    done = actor.perform_unflushed(step, before, ALONE)
    try:
        actor.flush([done])
    finally:
        done.close()
    return done.note


class OnlyLooks:
    """Of an actor whose steps change nothing: there is nothing to take back."""

    __slots__ = ()

    def take_back(self, _step: Step, _undoing: Undoing) -> str | None:
        """Nothing."""
        return None


class RunRecord(Protocol):
    """What an actor may look up about its own run."""

    def head(self) -> PlanHead:
        """The head of its plan."""

    def steps_of_lane(self, lane: str) -> Iterator[tuple[int, Step]]:
        """Number and step, in order, lazily."""

    def before(self, number: int) -> Mapping[str, Any]:
        """What was noted before step ``number``; empty where it was not begun."""

    def receipt(self, number: int) -> Mapping[str, Any] | None:
        """What step ``number`` said it did; None where it never ended."""

    def receipts_of_lane(self, lane: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Kind and receipt of each step of a lane that is done, in order."""

    @property
    def overtaken(self) -> frozenset[str]:
        """Mailboxes that a later run for the same target has begun to work on."""
