"""Many accounts at once: one plan, one question, one report, and back again."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.restoring import Workplace, live_state

pytestmark = pytest.mark.needs_cyrus
USERS = ("jdoe@bluemind.loc", "alice@bluemind.loc", "john.doe@bluemind.loc")


def test_every_account_that_can_be_is_restored_proven_and_taken_back(
    live: Workplace, tmp_path: Path
) -> None:
    """One that is nowhere stops no other, and is named with its reason."""
    before = live_state(live.server, USERS)
    accounts = tmp_path / "accounts"
    accounts.write_text(
        "jdoe@bluemind.loc  # who deleted it\n\nnobody@bluemind.loc\n"
        "share/contact@bluemind.loc alice@bluemind.loc\n"
    )

    ran = live.run("restore", "--accounts", str(accounts), "--yes", "--json")

    assert ran.status == 20
    told = {each["account"]: each for each in ran.json["accounts"]}
    assert ran.json["counts"] == {"proven": 2, "failed": 1}
    assert told["nobody@bluemind.loc"]["error"]["error"] == "account-not-in-generation"
    assert (
        told["jdoe@bluemind.loc"]["receipt"]["messages"] == told["jdoe@bluemind.loc"]["messages"]
    )
    assert "alice" in told["share/contact@bluemind.loc"]["receipt"]["target"]
    assert "nobody@bluemind.loc" in ran.errors
    runs = live.run("runs", "--json").json["runs"]
    assert [(each["run"], each["batch"]) for each in runs] == [(2, 1), (1, 1)]
    assert live.run("verify", "batch:1", "--json").json["counts"] == {"proven": 2, "failed": 1}

    undone = live.run("undo", "batch:1", "--yes", "--json")

    assert undone.status == 0
    assert [each["run"] for each in undone.json["accounts"]] == [2, 1]
    assert live_state(live.server, USERS) == before
    assert live.run("undo", "batch:1", "--yes").status == 0
    idle = live.run("restore", "--accounts", "user/alice*", "--only-missing", "--yes", "--json")
    assert (idle.status, idle.json["batch"]) == (0, None)
    assert idle.json["counts"] == {"nothing to do": 1}


def begun(live: Workplace, run: int, *words: str) -> subprocess.Popen[str]:
    """The command, at work on run ``run``."""
    process = live.start(*words)
    deadline = time.monotonic() + 60
    while not (live.state / "runs" / str(run) / "plan.jsonl").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def test_a_batch_that_was_stopped_and_then_killed_goes_on_with_what_is_left(
    live: Workplace,
) -> None:
    """What had ended stays ended, what was cut off goes on, and then the others begin."""
    started = begun(live, 1, "restore", "--accounts", "user/*@bluemind.loc", "--yes", "--json")
    time.sleep(0.2)  # the handler comes with the run
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=60)
    assert started.returncode == 130
    assert "respool resume batch:1" in json.loads(errors.splitlines()[-1])["hint"]

    started = begun(live, 2, "resume", "batch:1")
    started.send_signal(signal.SIGKILL)
    started.communicate(timeout=60)
    shown = live.run("runs", "show", "batch:1", "--json").json["accounts"]
    assert shown[0]["state"] in {"proven", "stopped", "running"}  # it went on, or not yet
    assert [each["state"] for each in shown[2:]] == ["waiting", "waiting"]

    ran = live.run("resume", "batch:1", "--json")

    assert [each["error"] for each in ran.json["accounts"] if each["error"]] == []
    assert ran.status == 0
    assert [each["run"] for each in ran.json["accounts"]] == [1, 2, 3, 4]
    assert ran.json["counts"] == {"proven": 4}
    assert live.run("resume", "batch:1", "--json").json == ran.json


def test_a_plan_of_many_accounts_is_a_file_and_is_carried_out_as_it_is(
    live: Workplace, tmp_path: Path
) -> None:
    plan = tmp_path / "all.plan"
    planned = live.run(
        "plan", "--accounts", "user/j*", "=INBOX", "-g", "part:1233", "--out", str(plan)
    )
    assert planned.status == 0
    assert "3 accounts" in planned.output

    ran = live.run("restore", "--plan", str(plan), "--yes", "--json")

    assert ran.status == 0
    assert {each["account"] for each in ran.json["accounts"]} == {
        "jdoe@bluemind.loc",
        "john.doe@bluemind.loc",
        "jdoe@example.org",
    }


def test_flags_of_many_accounts_and_single_messages_come_back(live: Workplace) -> None:
    """An account that has none of the messages asked for has nothing to do."""
    for user in ("jdoe@bluemind.loc", "alice@bluemind.loc"):
        with live.server.client_as(user) as client:
            client.select_folder("INBOX")
            client.add_flags(client.search("NOT FLAGGED")[:2], ["\\Flagged"])
    marked = live_state(live.server, USERS).messages

    flags = live.run(
        *("restore", "--accounts", "user/*@bluemind.loc", "--state-only=flagged", "--exact"),
        *("-g", "89", "--yes", "--json"),
    )
    mail = live.run(
        *("restore", "--accounts", "user/*@bluemind.loc", "--subject", "Training plan"),
        *("-g", "88", "--only-missing", "--yes", "--json"),
    )
    lines = [
        live.run("find", "--account", each, "-g", "88", "--limit", "1", "--json").output
        for each in USERS[:2]
    ]
    (live.state / "found").write_text("".join(lines))
    chosen = live.run("restore", "--selection", str(live.state / "found"), "--yes", "--json")
    nobody = live.run(
        *("restore", "--accounts", "user/*", "--subject", "no such thing", "--yes", "--json")
    )

    assert (flags.status, flags.json["counts"]) == (0, {"proven": 2, "nothing to do": 2})
    assert (mail.status, mail.json["counts"]) == (0, {"proven": 1, "nothing to do": 3})
    assert mail.json["messages"] == 1
    assert (nobody.status, nobody.error["error"]) == (10, "nothing-matches")
    assert (chosen.status, chosen.json["counts"]) == (0, {"proven": 2})
    assert chosen.json["messages"] == 2
    for batch in (3, 2, 1):
        assert live.run("undo", f"batch:{batch}", "--yes", "--json").status == 0
    assert live_state(live.server, USERS).messages == marked


def test_what_only_one_account_can_have_is_refused_for_several(untouched: Workplace) -> None:
    ran = untouched.run("restore", "--accounts", "*", "--to", "alice@bluemind.loc", "--json")
    nobody = untouched.run("restore", "--accounts", "*@nowhere", "--json")

    assert (ran.status, ran.error["error"]) == (2, "usage")
    assert (nobody.status, nobody.error["error"]) == (10, "account-not-in-generation")
