"""Tasks are followed to their end, done again where forgotten, and never waited for ever."""

from __future__ import annotations

import json

import pytest

from respool.bluemind import api_requests
from respool.bluemind.api_answers import TaskState, TaskStatus
from respool.bluemind.families import Family
from respool.errors import BluemindRefused, BluemindUnreachable, StepFailed
from respool.finishing.tasks import Ended, carried_out, wrong_entries
from tests.unit.finishing.scripted_core import ScriptedCore, fault, status

START = "POST /directory/b.loc/U1/mgmt/_maintenance/repair"
REQUEST = api_requests.repair(Family.BM4, "b.loc", "U1", ["mailboxAcls"])
ID = "repair-U1@b.loc"
LOOK = "GET /tasks/repair-U1%40b.loc"
LOG = f"{LOOK}/_currentLogs"
RUNNING = fault(message=f"status 500: task {ID} already running")
FORGOTTEN = fault("NOT_FOUND", status=404)
SOUND = json.dumps({"entries": [{"id": "mailboxAcls", "state": "OK", "message": ""}]})
DONE = status("Success", 1.0, SOUND)


def core(start: list[object], look: list[object]) -> ScriptedCore:
    return ScriptedCore(answers={START: start, LOOK: look, LOG: [[]]})


def ended(result: str | None, state: TaskState = TaskState.IN_ERROR, *lines: str) -> Ended:
    task = TaskStatus(state=state, steps=1, progress=1, last_line="it broke", result=result)
    return Ended(id=ID, status=task, lines=lines)


def test_a_task_is_looked_at_until_it_ends() -> None:
    one = core([{"id": ID}], [status("NotStarted"), status("InProgress", 0.5), DONE])

    assert carried_out(one.asking, REQUEST, known_id=ID).status.state is TaskState.SUCCESS
    assert one.asked == [START, LOOK, LOOK, LOOK]


def test_one_that_runs_already_ends_first_and_then_ours_is_started() -> None:
    one = core([RUNNING, {"id": ID}], [status("InProgress"), DONE])

    carried_out(one.asking, REQUEST, known_id=ID)

    assert one.asked == [START, LOOK, LOOK, START, LOOK]


def test_one_that_was_forgotten_is_done_again_not_taken_for_done() -> None:
    one = core([{"id": ID}], [status("InProgress", 0.9), FORGOTTEN, DONE])

    carried_out(one.asking, REQUEST, known_id=ID)

    assert one.count(START) == 2


def test_one_that_is_forgotten_each_time_fails_and_can_be_tried_again() -> None:
    with pytest.raises(StepFailed, match="does not know the end") as failed:
        carried_out(core([{"id": ID}], [FORGOTTEN]).asking, REQUEST)
    assert failed.value.can_be_tried_again


def test_a_task_that_says_nothing_new_is_not_waited_for_for_ever() -> None:
    one = core([{"id": ID}], [status("InProgress", 0.5)])

    with pytest.raises(StepFailed, match="comes to no end"):
        carried_out(one.asking, REQUEST)
    assert one.now >= 1800


def test_a_task_that_goes_on_saying_something_is_waited_for() -> None:
    slow = [status("InProgress", each / 2000) for each in range(1000)]
    one = core([{"id": ID}], [*slow, DONE])

    carried_out(one.asking, REQUEST)

    assert one.now > 1800


def test_a_task_that_always_says_something_new_is_left_after_hours_with_what_to_type() -> None:
    progress = iter(range(1_000_000))
    one = core([{"id": ID}], [lambda _: status("InProgress", float(next(progress)))])

    with pytest.raises(StepFailed, match="comes to no end") as failed:
        carried_out(one.asking, REQUEST, by_hand="bm-cli maintenance repair --ops x y")
    assert 6 * 3600 <= one.now < 6 * 3600 + 10
    assert "goes on" in (failed.value.why or "")
    assert "bm-cli maintenance repair --ops x y" in (failed.value.hint or "")


def test_a_core_that_restarts_is_waited_for() -> None:
    away = BluemindUnreachable("away", why="status 503")
    one = core([away, away, {"id": ID}], [away, DONE])

    assert carried_out(one.asking, REQUEST).status.state is TaskState.SUCCESS


def test_a_core_that_stays_away_stops_the_step_after_some_minutes() -> None:
    one = core([BluemindUnreachable("away", why="nobody answers")], [])

    with pytest.raises(StepFailed, match="away") as failed:
        carried_out(one.asking, REQUEST)
    assert 300 <= one.now < 400
    assert "restored and stays" in (failed.value.hint or "")


def test_a_core_that_is_unwell_is_asked_three_times() -> None:
    one = core([fault(message="out of memory")], [])

    with pytest.raises(StepFailed, match="cannot"):
        carried_out(one.asking, REQUEST)
    assert one.count(START) == 3


def test_a_role_that_is_missing_is_named() -> None:
    refused = BluemindRefused("refused", why="U9@b.loc Doesnt have role [manageMailbox]")

    with pytest.raises(StepFailed) as failed:
        carried_out(core([refused], []).asking, REQUEST)
    assert "manageMailbox" in f"{failed.value.why} {failed.value.hint}"
    assert failed.value.can_be_tried_again


def test_the_report_counts_not_the_state() -> None:
    warned = {"id": "mailboxAcls", "state": "WARN", "message": "odd"}
    failed = {"id": "mailboxQuota", "state": "KO", "message": "too much"}
    report = json.dumps({"entries": [{"id": "x", "state": "OK"}, warned, failed]})

    assert list(wrong_entries(ended(report))) == [
        ("mailboxAcls", "WARN", "odd"),
        ("mailboxQuota", "KO", "too much"),
    ]
    assert list(wrong_entries(ended(SOUND, TaskState.SUCCESS))) == []


def test_an_error_that_no_entry_of_the_report_explains_is_an_exception() -> None:
    """What it ended is not in the report."""
    for report in (SOUND, json.dumps({"entries": []})):
        assert list(wrong_entries(ended(report))) == [("", "KO", "it broke")]


def test_since_4_9_the_log_alone_tells_what_went_wrong() -> None:
    lines = ("Error on checking mailbox quota for jdoe@b.loc (uid: U1): over the maximum", "")

    assert list(wrong_entries(ended("", TaskState.SUCCESS, *lines))) == [("", "KO", lines[0])]


def test_the_log_of_a_task_that_is_no_repair_is_no_complaint() -> None:
    lines = ("Consolidating the index of jdoe", "OK")

    assert list(wrong_entries(ended(None, TaskState.SUCCESS, *lines))) == []


def test_an_error_without_any_report_is_one() -> None:
    assert list(wrong_entries(ended(None))) == [("", "KO", "it broke")]
