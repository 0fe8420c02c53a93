from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from respool.app import prune as pruning
from respool.app.prune import Pruned, prune
from respool.app.runs import list_runs
from respool.app.settings import Settings, read_settings
from respool.app.state import prepare_state, run_locks
from respool.errors import Declined
from respool.runs.journal import Journal, RunJournal
from respool.runs.states import RunState
from respool.system.locks import exclusive
from respool.targets.spool.steps import RaiseQuota
from tests.unit.app.journals import begun, do, journal_in
from tests.unit.targets.spool.plans import planned_by

LONG_AGO = datetime(2020, 3, 2, 1, tzinfo=UTC)
NO_TIME = timedelta(0)
AGES = timedelta(days=365 * 2000)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = read_settings({"state": str(tmp_path / "state")}, {}, Path("/nonexistent"))
    prepare_state(settings)
    return settings


def ended(journal: Journal, settings: Settings, state: RunState) -> RunJournal:
    """A run that ended long ago."""
    run = begun(journal, settings.state, planned_by("beside"))
    run.mark(state, ended_at=LONG_AGO)
    return run


def agreed(_found: Pruned) -> bool:
    return True


def numbers(settings: Settings) -> list[int]:
    return [each.row.number for each in list_runs(settings)]


@pytest.mark.parametrize("state", [RunState.DONE, RunState.UNDONE, RunState.PARTLY_UNDONE])
def test_an_old_run_that_has_ended_goes_with_its_directory(
    settings: Settings, state: RunState
) -> None:
    with journal_in(settings.state) as journal:
        directory = ended(journal, settings, state).directory
        begun(journal, settings.state, planned_by("beside"))  # at work, or killed

    report = prune(settings, NO_TIME, agreed)

    assert [each.row.number for each in report.runs] == [1]
    assert numbers(settings) == [2]
    assert not directory.exists()
    assert (settings.state / "runs" / "2").exists()


def test_a_younger_run_is_kept_without_a_word(settings: Settings) -> None:
    with journal_in(settings.state) as journal:
        ended(journal, settings, RunState.DONE)

    report = prune(settings, AGES, lambda _: pytest.fail("nothing is to be asked"))

    assert report.is_empty
    assert report.kept == ()
    assert numbers(settings) == [1]


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.RUNNING, RunState.UNDOING])
def test_a_run_that_can_be_gone_on_with_is_kept_and_that_is_said(
    settings: Settings, state: RunState
) -> None:
    with journal_in(settings.state) as journal:
        ended(journal, settings, state)

    report = prune(settings, NO_TIME, lambda _: pytest.fail("nothing is to be asked"))

    assert [each.number for each in report.kept] == [1]
    assert numbers(settings) == [1]


def test_a_run_with_a_limit_still_raised_is_kept(settings: Settings) -> None:
    with journal_in(settings.state) as journal:
        run = begun(journal, settings.state, planned_by("beside", is_raising=True))
        do(run, RaiseQuota)
        run.mark(RunState.DONE, ended_at=LONG_AGO)

    (kept,) = prune(settings, NO_TIME, agreed).kept

    assert "still raised" in kept.why


def test_a_run_that_is_to_be_taken_back_at_a_date_is_kept(settings: Settings) -> None:
    """Though that date has passed: only an undo makes it one that may go."""
    plan = planned_by("beside")
    request = replace(plan.head.request, remove_after_hours=1)
    with journal_in(settings.state) as journal:
        run = begun(
            journal, settings.state, replace(plan, head=replace(plan.head, request=request))
        )
        run.mark(RunState.DONE, ended_at=LONG_AGO)
        (kept,) = prune(settings, NO_TIME, agreed).kept
        run.mark(RunState.UNDONE, ended_at=LONG_AGO)

    assert "undo --due" in kept.why
    assert [each.row.number for each in prune(settings, NO_TIME, agreed).runs] == [1]


def test_a_run_whose_account_is_worked_on_is_kept(settings: Settings) -> None:
    with journal_in(settings.state) as journal:
        head = ended(journal, settings, RunState.DONE).head()

    for lock in run_locks(settings.state, head):
        with exclusive(lock, what="the account"):
            (kept,) = prune(settings, NO_TIME, agreed).kept
        assert "worked on" in kept.why

    assert numbers(settings) == [1]


def test_a_no_forgets_nothing(settings: Settings) -> None:
    with journal_in(settings.state) as journal:
        directory = ended(journal, settings, RunState.DONE).directory

    with pytest.raises(Declined):
        prune(settings, NO_TIME, lambda _: False)

    assert numbers(settings) == [1]
    assert directory.exists()


def test_what_was_cut_off_between_journal_and_directory_goes_the_next_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with journal_in(settings.state) as journal:
        directory = ended(journal, settings, RunState.DONE).directory
    (settings.state / "runs" / "07").mkdir()
    (settings.state / "runs" / "notes").mkdir()

    with monkeypatch.context() as patched:
        patched.setattr(pruning, "remove_directory", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            prune(settings, NO_TIME, agreed)

    assert numbers(settings) == []  # whole or not at all: never a run without its plan
    assert directory.exists()
    assert prune(settings, AGES, agreed).leftovers == (1,)
    assert sorted(each.name for each in (settings.state / "runs").iterdir()) == ["07", "notes"]


def test_where_nothing_was_restored_nothing_is_made(tmp_path: Path) -> None:
    settings = read_settings({"state": str(tmp_path / "none")}, {}, Path("/nonexistent"))

    assert prune(settings, NO_TIME, agreed).is_empty
    assert not settings.state.exists()


def _cut_off(_directory: Path) -> None:
    raise KeyboardInterrupt
