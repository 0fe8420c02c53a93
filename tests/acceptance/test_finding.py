"""The installed command on the story of the golden backup: each question has its answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.live_server import live_truth
from tests.support.restoring import Workplace, live_state
from tests.support.truth import Truth, read_truth

pytestmark = pytest.mark.needs_cyrus
ALICE, JDOE = "alice@bluemind.loc", "jdoe@bluemind.loc"


def sums(truth: Truth, name: str) -> set[str]:
    """What the server said that one folder held, as SHA-1."""
    return {each.sha1 for each in truth.mailboxes[name].messages}


def lines(text: str) -> list[dict[str, object]]:
    """JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def test_where_is_it(untouched: Workplace) -> None:
    """Projects/2017: in which generations, and that the server itself still keeps it."""
    ran = untouched.run(
        "find", "--account", JDOE, "--folder", "=Projects/2017", "--json", "-g", "all"
    )

    assert ran.status == 0
    found = lines(ran.output)
    assert {each["guid"] for each in found} == sums(
        read_truth("dataprotect/truth-1233.json"), "user/jdoe/Projects/2017@bluemind.loc"
    )
    assert {each["generation"] for each in found} == {"88"}
    assert all(each["live_kept"] for each in found)


def test_when_did_it_vanish(untouched: Workplace) -> None:
    ran = untouched.run("history", JDOE, "Projects/2017")

    (line,) = [each for each in ran.output.splitlines() if "deleted on" in each]
    assert line.startswith("89 ")
    assert "Tue 19 Nov 2024 08:00" in line
    assert "last in generation 88" in ran.output


def test_what_does_alice_miss(untouched: Workplace) -> None:
    ran = untouched.run("find", "--account", ALICE, "--only-missing", "--json", "-g", "all")

    name = "user/alice@bluemind.loc"
    missing = sums(read_truth("dataprotect/truth-1233.json"), name) - sums(live_truth(), name)
    assert {each["guid"] for each in lines(ran.output)} == missing
    assert len(missing) == 5


def test_what_moved_is_not_missing(untouched: Workplace) -> None:
    """Between the first two nights jdoe filed three messages elsewhere."""
    ran = untouched.run("diff", JDOE, "88", "-g", "87", "--json")

    assert ran.status == 3
    assert (ran.json["totals"]["missing"], ran.json["totals"]["moved"]) == (0, 3)
    moved = {folder["folder"] for each in ran.json["folders"] for folder in each["moved_to"]}
    assert moved == {"Projects/2017", "Projects/2017/Q3"}


def test_what_was_found_is_restored_and_nothing_else(live: Workplace, tmp_path: Path) -> None:
    """What find says is what restore takes; twice changes nothing, and undo gives it back."""
    before = live_state(live.server, (ALICE,))
    name = "user/alice@bluemind.loc"
    lost = sums(read_truth("dataprotect/truth-1233.json"), name) - sums(live_truth(), name)
    found = tmp_path / "found"
    found.write_text(live.run("find", "--account", ALICE, "--only-missing", "--json").output)

    ran = live.run(
        *("restore", "--selection", str(found), "--only-missing", "--yes", "--json", "-g", "88")
    )

    assert (ran.status, ran.json["messages"]) == (0, len(lost))
    after = live_state(live.server, (ALICE,))
    now = {each.sha1 for each in after.messages[ALICE, "INBOX"]}
    assert now == sums(live_truth(), name) | lost
    again = live.run("restore", ALICE, "--only-missing", "--yes", "--json", "-g", "88")
    assert (again.status, again.json["run"]) == (0, None)
    assert live.run("undo", "1", "--yes").status == 0
    undone = live_state(live.server, (ALICE,))
    assert undone.messages == before.messages


def test_every_screen_fits_eighty_columns(untouched: Workplace) -> None:
    for words in (
        ("catalogue", "--yes"),
        ("find", "--account", JDOE, "--folder", "Projects/2017"),
        ("history", JDOE, "Projects/2017"),
        ("diff", JDOE, "-g", "88", "--details"),
        ("watch",),
        ("show", JDOE, "-g", "88"),
    ):
        ran = untouched.run(*words)
        shown = (ran.output + ran.errors).splitlines()
        long = [each for each in shown if len(each) > 80 and str(untouched.state) not in each]
        assert long == [], words
