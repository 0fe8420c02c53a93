"""Runs that are to be taken back by themselves, and taking back those whose time has come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from respool.app.settings import Settings
from respool.app.undo import UndoConversation, UndoReport, undo
from respool.app.wiring import STEP_KINDS
from respool.errors import EndedBySignal, Interrupted, PlanFileInvalid, RespoolError
from respool.model.dataclasses import dataclass
from respool.planning.plan import PlanHead
from respool.runs.journal import Journal, RunRow
from respool.runs.states import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What became of one run that was due: its report, or why it was not taken back."""

    run: int
    report: UndoReport | None
    failure: RespoolError | None

    def as_json(self) -> dict[str, object]:
        """The shape in ``undo --due --json``."""
        failure = self.failure
        return {
            "run": self.run,
            "undo": None if self.report is None else self.report.as_json(),
            "error": None
            if failure is None
            else {"error": failure.code, "what": failure.what, "why": failure.why},
        }


def remove_at(row: RunRow, head: PlanHead) -> datetime | None:
    """When a run is to be taken back by itself; None: never, or it has not ended.

    One that was begun to be taken back goes on; one of which something was kept does not.
    """
    hours = head.request.remove_after_hours
    is_waiting = row.state in {RunState.DONE, RunState.UNDOING}
    begun = row.ended_at or row.started_at
    return begun + timedelta(hours=hours) if hours is not None and is_waiting else None


def due_runs(settings: Settings, *, now: datetime) -> tuple[int, ...]:
    """The runs whose time has come, oldest first. Asks no server.

    Raises:
        JournalError: the journal cannot be read.
    """
    if not (settings.state / "journal.db").exists():
        return ()
    journal = Journal(settings.state)
    try:
        return tuple(sorted(_due(journal, now)))
    finally:
        journal.close()


def _due(journal: Journal, now: datetime) -> Iterator[int]:
    for row in journal.rows():
        try:
            at = remove_at(row, journal.run(row.number, STEP_KINDS).head())
        except (PlanFileInvalid, OSError):  # of an older version, which had no such date; or gone
            continue
        if at is not None and at <= now:
            yield row.number


def undo_due(settings: Settings, conversation: UndoConversation) -> tuple[Due, ...]:
    """Take back every run whose time has come; one that cannot be does not stop the others.

    Raises:
        Interrupted: a stop was asked for.
    """
    done: list[Due] = []
    for number in due_runs(settings, now=datetime.now(UTC)):
        try:
            report = undo(settings, number, conversation)
            done.append(Due(run=number, report=report, failure=None))
        except (Interrupted, EndedBySignal):
            raise
        except RespoolError as error:
            done.append(Due(run=number, report=None, failure=error))
    return tuple(done)
