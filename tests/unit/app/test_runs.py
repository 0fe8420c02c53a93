from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.runs import list_runs
from respool.app.settings import Settings, read_settings
from respool.runs.journal import RunJournal
from respool.runs.states import RunState
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import RaiseQuota
from tests.unit.app.journals import begun, do, journal_in
from tests.unit.runs.runs import NOW
from tests.unit.targets.spool.plans import INBOX, planned_by


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"state": str(tmp_path)}, {}, Path("/nonexistent"))


def noted(plan: SpoolPlan) -> SpoolPlan:
    return replace(
        plan, head=replace(plan.head, request=replace(plan.head.request, note="ticket 4711"))
    )


def kept_receipt(run: RunJournal, text: str) -> None:
    (run.directory / "receipt.json").write_text(text, "utf-8")


def test_a_machine_on_which_nothing_was_restored_has_no_runs(settings: Settings) -> None:
    """And gets no journal by being asked."""
    assert list_runs(settings) == ()
    assert list(settings.state.iterdir()) == []


def test_runs_are_listed_newest_first_with_all_that_is_known(
    settings: Settings, tmp_path: Path
) -> None:
    with journal_in(tmp_path) as journal:
        first = begun(journal, tmp_path, noted(planned_by("onto-a-share")))
        kept_receipt(first, json.dumps({"verdict": "proven", "messages": 4}))
        first.mark(RunState.DONE, ended_at=NOW)
        second = begun(journal, tmp_path, planned_by("beside", is_raising=True))
        do(second, RaiseQuota)
        second.mark(RunState.STOPPED, ended_at=NOW)

    assert [each.as_json() for each in list_runs(settings)] == [
        {
            "run": 2,
            "batch": None,
            "state": "stopped",
            "started_at": "2026-03-02T01:00:00Z",
            "ended_at": "2026-03-02T01:00:00Z",
            "account": "jdoe@b.loc",
            "generation": "1234",
            "target": "jdoe@b.loc on mail, Cyrus 3.6.1",
            "into": "restored",
            "verdict": None,
            "messages": None,
            "note": None,
            "remove_at": None,
            "quota_raised": [{"root": INBOX, "resource": "MESSAGE", "former": 8, "limit": 11}],
        },
        {
            "run": 1,
            "batch": None,
            "state": "done",
            "started_at": "2026-03-02T01:00:00Z",
            "ended_at": "2026-03-02T01:00:00Z",
            "account": "jdoe@b.loc",
            "generation": "1234",
            "target": "contact@b.loc on mail, Cyrus 3.6.1",
            "into": "restored",
            "verdict": "proven",
            "messages": 4,
            "note": "ticket 4711",
            "remove_at": None,
            "quota_raised": [],
        },
    ]


def test_a_run_that_is_at_work_or_was_killed_has_no_end(
    settings: Settings, tmp_path: Path
) -> None:
    with journal_in(tmp_path) as journal:
        begun(journal, tmp_path, planned_by("beside"))

    (found,) = list_runs(settings)
    assert (found.row.state, found.row.ended_at, found.verdict) == (RunState.RUNNING, None, None)


@pytest.mark.parametrize("text", ["", "[]", "not JSON", "{"])
def test_a_receipt_that_cannot_be_read_hides_no_run(
    settings: Settings, tmp_path: Path, text: str
) -> None:
    with journal_in(tmp_path) as journal:
        kept_receipt(begun(journal, tmp_path, planned_by("beside")), text)

    (found,) = list_runs(settings)
    assert (found.verdict, found.messages) == (None, None)


def test_a_run_of_another_version_or_without_its_plan_is_listed_by_its_number(
    settings: Settings, tmp_path: Path
) -> None:
    with journal_in(tmp_path) as journal:
        older = begun(journal, tmp_path, planned_by("beside"))
        kept_receipt(older, json.dumps({"verdict": "proven", "messages": 3}))
        plan = older.directory / "plan.jsonl"
        plan.write_text(plan.read_text("ascii").replace('"version":3', '"version":1', 1), "ascii")
        lost = begun(journal, tmp_path, planned_by("beside"))
        (lost.directory / "plan.jsonl").unlink()

    found = list_runs(settings)
    assert [(each.row.number, each.head, each.verdict) for each in found] == [
        (2, None, None),
        (1, None, "proven"),
    ]
    assert found[1].as_json()["account"] is None


def test_a_proven_run_that_was_taken_back_is_not_listed_as_proven(
    settings: Settings, tmp_path: Path
) -> None:
    with journal_in(tmp_path) as journal:
        run = begun(journal, tmp_path, planned_by("beside"))
        kept_receipt(run, '{"verdict": "proven", "messages": 1}')
        run.mark(RunState.DONE, ended_at=NOW)
        assert [each.standing for each in list_runs(settings)] == ["proven"]
        run.mark(RunState.UNDONE, ended_at=NOW)

    assert [each.standing for each in list_runs(settings)] == ["undone"]
