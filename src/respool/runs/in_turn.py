"""Steps one after the other: that one is done, and that the next one is begun, is one note.

Each note waits for the disk, and a folder has several short steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from respool.errors import JournalError
from respool.model.dataclasses import dataclass
from respool.planning.step import Step
from respool.runs.journal import Change, StepRow, record_together
from respool.runs.states import StepState
from respool.runs.stepping import Stepping


def carry_out_in_turn(
    rows: Iterable[StepRow], stepping: Stepping, check: Callable[[], None]
) -> None:
    """Do ``rows``, each from where it stands to its end, on disk.

    ``check`` is called before each, and raises if the run is to stop. No step is performed
    before the former one is noted as done. Only looking at what it will change comes
    between, where that is soon done; elsewhere nothing does.

    Raises:
        StepFailed: one failed, and that is noted.
        JournalError, and what ``check`` raises.
    """
    turn = _Turn(stepping, check)
    try:
        for row in rows:
            turn.take(row)
    except BaseException:
        with suppress(JournalError):  # what went wrong first is what to tell
            turn.end()
        raise
    turn.end()


@dataclass(slots=True)
class _Turn:
    """``performed`` is the step that was done last, and what is to be noted of it."""

    stepping: Stepping
    check: Callable[[], None]
    performed: tuple[Step, Change] | None = None

    def take(self, row: StepRow) -> None:
        if row.state is StepState.STARTED or not self.stepping.is_soon_looked_at(row):
            self.end()
        self.check()
        step = self.stepping.journal.step(row.number)
        with self.stepping.failing(row):
            if row.state is not StepState.STARTED:
                before = self.stepping.before(row, step)
                self._note(Change(number=row.number, state=StepState.STARTED, before=before))
            receipt = self.stepping.perform(row, step)
        done = Change(number=row.number, state=StepState.DONE, receipt=receipt)
        self.performed = (step, done)

    def end(self) -> None:
        """Note the step that was performed last; there may be none."""
        if self.performed is not None:
            self._note()

    def _note(self, *begun: Change) -> None:
        if self.performed is None:
            record_together(self.stepping.journal, begun)
            return
        step, done = self.performed
        record_together(self.stepping.journal, [done, *begun])
        self.performed = None
        self.stepping.tell(step)
