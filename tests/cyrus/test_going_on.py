"""The command, stopped or killed, resumed and undone from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.as_before import as_before
from tests.support.directions import INTO, TargetAccount, fresh_target
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages
from tests.support.restoring import Workplace
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
SOURCE = SPOOLS["3.4.9"]
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n")


@pytest.fixture
def place(
    restoring_names: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> Workplace:
    """The command, on a server that other tests use, too."""
    return Workplace(server=restoring_names, backups=unpacked(SOURCE), state=tmp_path / "state")


def stopped(place: Workplace, target: TargetAccount, *signals: int) -> tuple[int, str]:
    """A restore that gets ``signals`` once it has begun: its status and what it said."""
    process = begun(place, target)
    for each in signals:
        os.kill(process.pid, each)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def begun(place: Workplace, target: TargetAccount) -> subprocess.Popen[str]:
    """A restore that has begun to change something."""
    words = ("restore", JDOE, "--to", target.written, "--into", INTO, "--yes", "--json")
    process = place.start(*words)
    journal = place.state / "journal.db-wal"
    until = time.monotonic() + 60
    while not (journal.exists() and journal.stat().st_size > 200_000):
        assert time.monotonic() < until
        time.sleep(0.005)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_present_step_and_the_command_to_go_on_is_given(
    number: int, place: Workplace
) -> None:
    target = fresh_target(place.server, "user")

    status, errors = stopped(place, target, number)

    assert status == 130, errors
    assert "`respool resume 1` goes on, `respool undo 1` takes it back" in errors
    resumed = place.run("resume", "1", "--json")
    assert (resumed.status, resumed.json["verdict"]) == (0, "proven"), resumed.errors
    assert resumed.json["into"] == INTO


def test_a_second_signal_stops_at_once_and_it_can_be_gone_on_with(place: Workplace) -> None:
    target = fresh_target(place.server, "user")

    status, errors = stopped(place, target, signal.SIGINT, signal.SIGINT)

    assert status == 130, errors
    resumed = place.run("resume", "1", "--json")
    assert (resumed.status, resumed.json["verdict"]) == (0, "proven"), resumed.errors


def test_a_run_that_was_killed_is_undone_and_nothing_is_left(place: Workplace) -> None:
    target = fresh_target(place.server, "user")
    before = as_before(place.server, target)
    status, _ = stopped(place, target, signal.SIGKILL)
    assert status == -signal.SIGKILL

    undone = place.run("undo", "1", "--yes", "--json")

    assert (undone.status, undone.json["state"]) == (0, "undone"), undone.errors
    assert as_before(place.server, target) == before
    again = place.run("resume", "1", "--json")
    assert (again.status, again.error["error"]) == (12, "run-refused")


def test_an_undo_that_leaves_something_says_what_and_how_to_remove_it(place: Workplace) -> None:
    target = fresh_target(place.server, "user")
    done = place.run("restore", JDOE, "Sent", "--to", target.written, "--into", INTO, "--yes")
    assert "respool undo 1" in done.output
    with place.server.client_as(target.login) as client:
        append_messages(client, f"{INTO}/Sent", [NEW])

    left = place.run("undo", "1", "--yes")

    assert left.status == 21
    assert "PARTLY UNDONE" in left.output
    assert "1 message is new" in left.output
    assert "respool undo 1 --force" in left.output


def test_an_undo_asks_first(place: Workplace) -> None:
    target = fresh_target(place.server, "user")
    place.run("restore", JDOE, "Sent", "--to", target.written, "--into", INTO, "--yes")

    refused = place.run("undo", "1", "--json")

    assert (refused.status, refused.error["error"]) == (2, "no-confirmation")
    with place.server.client_as(target.login) as client:
        assert client.folder_exists(f"{INTO}/Sent")


def test_a_second_command_is_refused_while_one_works_and_goes_on_once_that_is_killed(
    place: Workplace,
) -> None:
    target = fresh_target(place.server, "user")
    process = begun(place, target)
    os.kill(process.pid, signal.SIGSTOP)

    refused = [place.run(*words, "--json") for words in (("resume", "1"), ("undo", "1", "--yes"))]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    resumed = place.run("resume", "1", "--json")

    assert [(each.status, "locked" in each.errors) for each in refused] == [(11, True)] * 2
    assert (resumed.status, resumed.json["verdict"]) == (0, "proven"), resumed.errors
