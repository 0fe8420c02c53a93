"""Taking a run back: its steps in the opposite order, all of it noted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from respool.errors import Interrupted, RespoolError, StepFailed
from respool.model.dataclasses import dataclass
from respool.planning.codec import StepKinds
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import Actor, Undoing
from respool.runs.journal import RunJournal, StepRow
from respool.runs.runner import Stop
from respool.runs.states import StepState

_LEFT_ALONE = frozenset({StepState.WAITING, StepState.UNDONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """One step was taken back, or left: ``kept`` says why."""

    kind: str
    lane: str
    kept: str | None


def _unheard(_taken: TakenBack) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Takes one run back. Called again after a crash, `run` goes on where it was.

    ``is_forced``: what was kept, because somebody touched it, is tried again and goes.
    """

    journal: RunJournal
    actors: Mapping[str, Actor[Any]]
    stop: Stop
    is_forced: bool = False
    on_progress: Callable[[TakenBack], None] = _unheard

    def run(self) -> None:
        """Take back every step that was begun; what somebody touched is left, and noted.

        Raises:
            StepFailed: one could not be taken back; it and all before it still stand.
            Interrupted: a stop was asked for, between two steps.
        """
        is_mail_kept = False
        for row in undo_order(self.journal.rows(), self.journal.kinds):
            if row.state in _LEFT_ALONE:
                continue
            if self.stop.wish.is_set():
                raise Interrupted(
                    f"taking run {self.journal.number} back was stopped",
                    why="the step under way was finished first",
                )
            kept = self._take_back(row, is_mail_kept=is_mail_kept)
            is_mail_kept |= kept is not None and row.lane != ACCOUNT_LANE

    def _take_back(self, row: StepRow, *, is_mail_kept: bool) -> str | None:
        """Take one step back; why it is left, if it is."""
        number = row.number
        if row.state is not StepState.UNDOING:
            self.journal.record(number, StepState.UNDOING, error=row.error)
        undoing = Undoing(
            before=self.journal.before(number),
            done=self.journal.receipt(number) or {},
            is_forced=self.is_forced,
            was_cut_off=row.state is StepState.UNDOING,
            kept=(row.error or {}).get("kept"),
            is_mail_kept=is_mail_kept,
        )
        try:
            kept = self.actors[row.kind].take_back(self.journal.step(number), undoing)
        except RespoolError as error:
            raise self._failed(row, error) from error
        if kept is None:
            self.journal.record(number, StepState.UNDONE)
        else:
            self.journal.record(number, StepState.KEPT, error={"kept": kept})
        self.on_progress(TakenBack(kind=row.kind, lane=row.lane, kept=kept))
        return kept

    def _failed(self, row: StepRow, error: RespoolError) -> StepFailed:
        why = error.what if error.why is None else f"{error.what}: {error.why}"
        return StepFailed(
            f"step {row.number} ({row.kind}) of run {self.journal.number} was not taken back"
            + (f" for {row.lane}" if row.lane else ""),
            why=why,
            hint=error.hint,
            step_number=row.number,
        )


def undo_order(rows: Sequence[StepRow], kinds: StepKinds) -> list[StepRow]:
    """The steps as they are taken back: the last first, of each rank."""
    return sorted(rows, key=lambda row: (kinds[row.kind].undo_rank, -row.number))
