"""What was restored on this machine, run by run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from respool.app.due import remove_at
from respool.app.raised_quotas import raised_limits
from respool.app.settings import Settings
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text
from respool.planning.plan import PlanHead
from respool.runs.journal import Journal, RunJournal, RunRow
from respool.runs.states import TAKEN_BACK
from respool.verification.report import RaisedLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One run; ``head`` is None for a plan of another version, ``verdict`` before a proof.

    ``batch`` is the one that it was begun with, None where it was asked for alone.
    """

    row: RunRow
    head: PlanHead | None
    verdict: str | None
    messages: int | None
    raised: tuple[RaisedLimit, ...]
    batch: int | None = None

    @property
    def standing(self) -> str:
        """In a word: the verdict, until it is taken back; before a proof the state."""
        is_taken_back = self.row.state in TAKEN_BACK
        return self.row.state.value if is_taken_back else self.verdict or self.row.state.value

    def as_json(self) -> dict[str, Any]:
        """The shape in ``runs --json``."""
        head = self.head
        return {
            "run": self.row.number,
            "batch": self.batch,
            "state": self.row.state.value,
            "started_at": as_utc_text(self.row.started_at),
            "ended_at": as_utc_text(self.row.ended_at),
            "account": None if head is None else head.request.account.address,
            "generation": None if head is None else head.generation_label,
            "target": None if head is None else head.target,
            "into": None if head is None else head.into,
            "verdict": self.verdict,
            "messages": self.messages,
            "note": None if head is None else head.request.note,
            "remove_at": as_utc_text(None if head is None else remove_at(self.row, head)),
            "quota_raised": [each.as_json() for each in self.raised],
        }


def list_runs(settings: Settings) -> tuple[RunSummary, ...]:
    """Every run of the state directory, newest first. Asks no server.

    Raises:
        JournalError: the journal cannot be read.
    """
    if not (settings.state / "journal.db").exists():
        return ()
    journal = Journal(settings.state)
    try:
        batches = journal.batches.of_runs()
        return tuple(
            replace(summary_of(journal, row), batch=batches.get(row.number))
            for row in journal.rows()
        )
    finally:
        journal.close()


def summary_of(journal: Journal, row: RunRow) -> RunSummary:
    """One run, with what its plan and its receipt say."""
    run = journal.run(row.number, STEP_KINDS)
    try:
        head, raised = run.head(), raised_limits(run)
    except (PlanFileInvalid, OSError):
        head, raised = None, ()
    receipt = _receipt(run)
    return RunSummary(
        row=row,
        head=head,
        verdict=receipt.get("verdict"),
        messages=receipt.get("messages"),
        raised=raised,
    )


def _receipt(run: RunJournal) -> dict[str, Any]:
    """The receipt that was kept; empty where the run has none."""
    file: Path = run.directory / "receipt.json"
    try:
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
