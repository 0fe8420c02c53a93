"""Runs of a restore in a journal, each step where a test wants it to stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from respool.app.wiring import STEP_KINDS
from respool.planning.step import Step
from respool.runs.journal import Journal, RunJournal
from respool.runs.states import StepState
from respool.targets.spool.sequence import SpoolPlan
from tests.unit.runs.runs import begin, quick


@contextmanager
def journal_in(state: Path) -> Iterator[Journal]:
    """The journal of a state directory, which a use case may open again afterwards."""
    with closing(quick(Journal(state))) as opened:
        yield opened


def begun(journal: Journal, state: Path, plan: SpoolPlan) -> RunJournal:
    """A new run of ``plan``, of which nothing is done."""
    return begin(journal, state, plan.steps(), STEP_KINDS, plan.head)


def start(run: RunJournal, kind: type[Step], at: int = 0) -> int:
    """Start the step of ``kind`` that comes as number ``at``; its number in the run."""
    number = [row.number for row in run.rows() if row.kind == kind.kind][at]
    run.record(number, StepState.STARTED, before={})
    return number


def do(run: RunJournal, kind: type[Step], at: int = 0, **receipt: Any) -> None:  # noqa: ANN401
    """Note that step as done, with what it said."""
    run.record(start(run, kind, at), StepState.DONE, receipt=receipt)


def fail(run: RunJournal, kind: type[Step], at: int = 0) -> None:
    """Note that step as failed."""
    run.record(start(run, kind, at), StepState.FAILED, error={"error": "step-failed"})
