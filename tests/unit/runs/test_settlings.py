"""Steps that raised something are open until it is noted what became of that."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from respool.runs.journal import Journal, RunJournal
from respool.runs.states import StepState
from respool.targets.spool.steps import RaiseQuota
from tests.unit.app.journals import begun
from tests.unit.runs.runs import quick
from tests.unit.targets.spool.plans import planned_by

KIND = RaiseQuota.kind


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(quick(Journal(tmp_path))) as opened:
        yield opened


@pytest.fixture
def run(journal: Journal, tmp_path: Path) -> RunJournal:
    return begun(journal, tmp_path, planned_by("beside", is_raising=True))


def raising(run: RunJournal, *states: StepState) -> int:
    (number,) = [row.number for row in run.rows() if row.kind == KIND]
    for each in states:
        run.record(number, each, receipt={"limits": 1} if each is StepState.DONE else None)
    return number


@pytest.mark.parametrize(
    "states",
    [
        (StepState.STARTED,),
        (StepState.STARTED, StepState.FAILED),
        (StepState.STARTED, StepState.DONE),
        (StepState.STARTED, StepState.DONE, StepState.UNDOING, StepState.UNDONE),
    ],
    ids=lambda states: str(states[-1]),
)
def test_a_run_is_open_from_the_beginning_of_the_step_until_that_is_noted(
    states: tuple[StepState, ...], journal: Journal, run: RunJournal
) -> None:
    assert journal.settlings.open_runs(KIND) == []
    number = raising(run, *states)
    assert journal.settlings.open_runs(KIND) == [run.number]

    journal.settlings.note(run.number, number, "yes")

    assert journal.settlings.open_runs(KIND) == []
    assert run.state(number) is (StepState.FAILED if len(states) == 1 else states[-1])


def test_one_that_is_begun_again_is_open_again(journal: Journal, run: RunJournal) -> None:
    number = raising(run, StepState.STARTED)
    journal.settlings.note(run.number, number, "yes")

    run.record(number, StepState.STARTED)

    assert journal.settlings.open_runs(KIND) == [run.number]


def test_they_are_found_without_reading_the_others(journal: Journal, tmp_path: Path) -> None:
    """After every account of a batch of thousands."""
    assert journal.settlings.open_runs(KIND) == []
    with closing(sqlite3.connect(tmp_path / "journal.db")) as database:
        plan = database.execute(
            f"EXPLAIN QUERY PLAN SELECT DISTINCT run FROM step WHERE kind = '{KIND}'"
            " AND state <> ?",
            ("waiting",),
        ).fetchall()
    assert "step_raising" in str(plan)
