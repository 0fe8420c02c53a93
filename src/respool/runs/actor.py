"""What carries out the steps of one outside thing, and what it may look up meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from respool.planning.step import Step

Note: TypeAlias = dict[str, Any]  # what the journal keeps as JSON

StepT_contra = TypeVar("StepT_contra", bound=Step, contravariant=True)


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


class RunRecord(Protocol):
    """What an actor may look up about its own run."""

    def steps_of_lane(self, lane: str) -> Iterator[tuple[int, Step]]:
        """Number and step, in order, lazily."""

    def receipt(self, number: int) -> Mapping[str, Any] | None:
        """What step ``number`` said it did; None where it is not done."""

    def receipts_of_lane(self, lane: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Kind and receipt of each step of a lane that is done, in order."""
