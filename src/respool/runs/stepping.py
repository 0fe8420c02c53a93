"""What is done with a step of a run: looked at, told of when it is done, noted if it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from respool.errors import Interrupted, JournalError, RespoolError, StepFailed
from respool.model.dataclasses import dataclass
from respool.planning.step import MessageStep, Step
from respool.runs.actor import Actor, ActsAhead, ActsByHands, LooksSoon, Note
from respool.runs.hands import ALONE, Hands
from respool.runs.journal import RunJournal, StepRow
from respool.runs.states import StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step was done."""

    kind: str
    lane: str
    messages: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepping:
    """The steps of one run, and who carries them out."""

    journal: RunJournal
    actors: Mapping[str, Actor[Any]]
    on_progress: Callable[[Progress], None]
    hands: Hands = ALONE

    def before(self, row: StepRow, step: Step) -> Note | None:
        """What ``step`` is about to change; None where that was noted at an earlier try."""
        return self.actors[row.kind].observe(step) if row.state is StepState.WAITING else None

    def perform(self, row: StepRow, step: Step) -> Note:
        """Have it done by its actor; what to note of it."""
        actor, before = self.actors[row.kind], self.journal.before(row.number)
        if isinstance(actor, ActsByHands):
            return actor.perform_by(step, before, self.hands)
        return actor.perform(step, before)

    def is_ahead(self, row: StepRow) -> bool:
        """Whether a step may wait for the disk while the next ones are performed."""
        return self.ahead_of(row) is not None

    def ahead_of(self, row: StepRow) -> ActsAhead | None:
        """The actor of such a step; None for any other."""
        actor = self.actors[row.kind]
        return actor if isinstance(actor, ActsAhead) and row.kind in actor.ahead else None

    def is_soon_looked_at(self, row: StepRow) -> bool:
        """Whether `before` is soon done, so that the former step can wait for its note."""
        actor = self.actors[row.kind]
        return isinstance(actor, LooksSoon) and row.kind in actor.looks_soon

    def tell(self, step: Step) -> None:
        """Say that ``step`` is done."""
        self.on_progress(progress_of(step))

    @contextmanager
    def failing(self, row: StepRow) -> Iterator[None]:
        """Note what goes wrong in the block as the failure of a step that was begun.

        One that is cut off by whoever stops the run stays begun: it has not failed.
        """
        try:
            yield
        except Interrupted:
            raise
        except RespoolError as error:
            self._note_failure(row, error)
            raise self._failed(row, error) from error

    def _note_failure(self, row: StepRow, error: RespoolError) -> None:
        with suppress(JournalError):  # the step's own error is the one to tell
            if self.journal.state(row.number) is StepState.STARTED:
                note = {"error": error.code, "what": error.what, "why": error.why}
                self.journal.record(row.number, StepState.FAILED, error=note)

    def _failed(self, row: StepRow, error: RespoolError) -> RespoolError:
        if isinstance(error, StepFailed):
            error.step_number = row.number
            return error
        why = error.what if error.why is None else f"{error.what}: {error.why}"
        return StepFailed(
            f"step {row.number} ({row.kind}) of run {self.journal.number} failed"
            + (f" for {row.lane}" if row.lane else ""),
            why=why,
            hint=error.hint,
            step_number=row.number,
        )


def progress_of(step: Step) -> Progress:
    """What is told of a step once it is done."""
    messages = step.messages if isinstance(step, MessageStep) else ()
    return Progress(
        kind=step.kind,
        lane=step.lane,
        messages=len(messages),
        size_bytes=sum(message.size_bytes for message in messages),
    )
