from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from respool.app.run_details import show_run
from respool.app.settings import Settings, read_settings
from respool.app.state import run_locks
from respool.app.wiring import STEP_KINDS
from respool.cli.run_text import run_screen
from respool.errors import RunNotFound
from respool.runs.states import RunState, StepState
from respool.system.locks import exclusive, is_held
from respool.targets.spool.steps import CopyMessages, CreateMailbox, RaiseQuota, WriteIndex
from tests.unit.app.journals import begun, do, fail, journal_in, start
from tests.unit.runs.runs import NOW
from tests.unit.targets.spool.plans import planned_by


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "locks").mkdir()
    return read_settings({"state": str(tmp_path)}, {}, Path("/nonexistent"))


def test_a_run_that_nobody_knows_is_not_found(settings: Settings) -> None:
    with pytest.raises(RunNotFound):
        show_run(settings, 4)


def test_a_stopped_run_says_how_far_it_is_why_it_stopped_and_what_to_type(
    settings: Settings,
) -> None:
    with journal_in(settings.state) as journal:
        run = begun(journal, settings.state, planned_by("beside"))
        do(run, CreateMailbox)
        do(run, CopyMessages, copied=2, lost={"7": "its file is gone"}, guids={})
        fail(run, WriteIndex)
        run.mark(RunState.STOPPED, ended_at=NOW)
        steps = run.rows()

    found = show_run(settings, 1)
    folder = next(each for each in found.folders if each.copied)
    assert (folder.copied, folder.lost) == (2, 1)
    assert found.counts[StepState.FAILED] == 1
    assert found.next_commands == ("respool resume 1", "respool undo 1")
    assert found.changed is not None
    assert found.changed.startswith("NOTHING THAT WAS LIVE WAS CHANGED")
    told = json.loads(json.dumps(found.as_json()))
    assert [each["step"] for each in told["steps"]] == [row.number for row in steps]
    assert {each["error"]["error"] for each in told["steps"] if each["error"]} == {"step-failed"}
    assert told["step_states"]["done"] == 2
    assert told["at_work"] is False


def test_a_step_that_was_cut_off_is_called_so_where_nobody_works_on_it_any_more(
    settings: Settings,
) -> None:
    with journal_in(settings.state) as journal:
        run = begun(journal, settings.state, planned_by("beside"))
        start(run, CreateMailbox)
        run.mark(RunState.STOPPED, ended_at=NOW)
        head = run.head()

    screen = run_screen(show_run(settings, 1))
    assert "cut off  spool-create-mailbox" in screen
    assert "perhaps done" in screen
    with journal_in(settings.state) as journal:
        journal.run(1, STEP_KINDS).mark(RunState.RUNNING, ended_at=None)
    with ExitStack() as held:
        for file in run_locks(settings.state, head):
            held.enter_context(exclusive(file, what="the account"))
        screen = run_screen(show_run(settings, 1))
    assert "started  spool-create-mailbox" in screen
    assert "cut off" not in screen


def test_the_screen_names_what_is_not_done_what_was_lost_and_what_to_type(
    settings: Settings,
) -> None:
    with journal_in(settings.state) as journal:
        run = begun(journal, settings.state, planned_by("beside", is_raising=True))
        do(run, RaiseQuota)
        do(run, CopyMessages, copied=0, lost={"7": "its file is gone"}, guids={})
        run.mark(RunState.STOPPED, ended_at=NOW)

    screen = run_screen(show_run(settings, 1))
    assert "RUN 1  STOPPED" in screen
    assert "7: its file is gone" in screen
    assert "waiting  spool-create-mailbox" in screen
    assert "QUOTA RAISED" in screen
    assert "Next: respool resume 1\nNext: respool undo 1\n" in screen


@pytest.mark.parametrize(
    ("state", "commands"),
    [
        (RunState.DONE, ("respool verify 1", "respool undo 1")),
        (RunState.UNDOING, ("respool undo 1",)),
        (RunState.PARTLY_UNDONE, ("respool undo 1", "respool undo 1 --force")),
        (RunState.UNDONE, ()),
    ],
)
def test_what_can_be_typed_hangs_on_how_it_stands(
    settings: Settings, state: RunState, commands: tuple[str, ...]
) -> None:
    with journal_in(settings.state) as journal:
        begun(journal, settings.state, planned_by("beside")).mark(state, ended_at=NOW)

    assert show_run(settings, 1).next_commands == commands


def test_a_run_whose_account_is_held_is_at_work_and_else_was_cut_off(settings: Settings) -> None:
    with journal_in(settings.state) as journal:
        head = begun(journal, settings.state, planned_by("beside")).head()
    lock = run_locks(settings.state, head)[0]

    assert "CUT OFF" in run_screen(show_run(settings, 1))
    assert not lock.exists()  # a look makes nothing

    with exclusive(lock, what="the account"):
        assert is_held(lock)
        working = show_run(settings, 1)

    assert (working.is_at_work, working.next_commands) == (True, ())
    assert "a process works on it now" in run_screen(working)


def test_a_run_whose_plan_is_lost_still_shows_its_steps(settings: Settings) -> None:
    with journal_in(settings.state) as journal:
        run = begun(journal, settings.state, planned_by("beside"))
        (run.directory / "plan.jsonl").unlink()

    found = show_run(settings, 1)
    assert (found.folders, found.changed, found.next_commands) == ((), None, ())
    assert found.as_json()["plan"]["software"] is None
    assert "Its plan is lost" in run_screen(found)
