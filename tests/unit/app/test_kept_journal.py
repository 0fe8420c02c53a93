"""A journal and plans that an earlier version wrote, kept as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from respool.app.run_details import show_run
from respool.app.runs import list_runs
from respool.app.settings import Settings, read_settings
from respool.app.wiring import STEP_KINDS
from respool.cli.run_text import run_screen
from respool.planning.codec import check_plan
from respool.runs.states import RunState, StepState
from tests.support.kept_journals import PLAN_3, RUNS, keep_sample

VALUES = {"LOGIN1": "anna", "LOGIN2": "berta", "SERVER": "mail", "BACKUP": "/srv/backup"} | {
    f"UIDVALIDITY{number}": str(number + 1) for number in range(4)
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = read_settings({"state": str(tmp_path / "state")}, {}, Path("/nonexistent"))
    keep_sample(settings, VALUES)
    return settings


def test_its_runs_are_listed(settings: Settings) -> None:
    listed = list_runs(settings)

    assert [(each.row.number, each.row.state) for each in listed] == [
        (2, RunState.DONE),
        (1, RunState.RUNNING),
    ]
    assert all(each.head is not None for each in listed)
    assert [each.as_json()["note"] for each in listed] == ["a kept sample"] * 2


def test_each_step_of_its_plans_is_still_known(settings: Settings) -> None:
    for number in RUNS:
        file = settings.state / "runs" / str(number) / "plan.jsonl"
        tail = check_plan(file.read_text("ascii").splitlines(), STEP_KINDS)

        assert tail.digest == show_run(settings, number).digest
        assert tail.steps == len(show_run(settings, number).steps) == 24


def test_the_one_that_was_killed_can_be_gone_on_with(settings: Settings) -> None:
    run = show_run(settings, 1)

    assert run.counts == {StepState.STARTED: 1, StepState.WAITING: 23}
    assert run.next_commands == ("respool resume 1", "respool undo 1")
    assert "may stand there, empty" in (run.changed or "")
    assert "CUT OFF" in run_screen(run)


def test_the_one_that_is_done_says_what_it_copied(settings: Settings) -> None:
    run = show_run(settings, 2)

    assert [(each.planned.target_path, each.copied) for each in run.folders] == [
        ("back", 0),
        ("back/Projects", 0),
        ("back/Projects/2017", 4),
        ("back/Projects/2017/Q3", 6),
    ]
    assert set(run.counts) == {StepState.DONE}


def test_the_sample_names_no_machine() -> None:
    for file in sorted(PLAN_3.iterdir()):
        text = file.read_text("utf-8")
        assert "/tmp" not in text
        assert "@SERVER@" in text
