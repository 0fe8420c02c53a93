"""Nothing is changed without a yes: from the terminal, or by ``--yes``."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.imap_contents import folder_names, messages_in
from tests.support.restoring import Ran, Workplace, held, left_behind
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
JDOE, ALICE = "jdoe@bluemind.loc", "alice@bluemind.loc"
INTO = "restored-2024-11-19"
QUESTION = f"Add 13 messages to the mailbox of {JDOE}? [y/N] "
COMMAND = ("restore", JDOE, "Projects/2017", "--json")


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a terminal: a person's, and a program's."""
    person, program = os.openpty()
    try:
        yield person, program
    finally:
        os.close(person)
        os.close(program)


def read_until(end: int, text: str) -> str:
    read = b""
    while text.encode() not in read:
        read += os.read(end, 1024)
    return read.decode()


def answered(
    live: Workplace,
    answer: str,
    *,
    command: tuple[str, ...] = COMMAND,
    question: str = QUESTION,
    piped: Path | None = None,
) -> Ran:
    """The command, asked at its terminal, while its standard input is none, or a file."""
    with terminal() as (person, program):
        process = live.start(*command, terminal=program, piped=piped)
        read_until(person, question)
        os.write(person, answer.encode())
        output, errors = process.communicate(timeout=60)
    assert left_behind(process.pid) == ()
    return Ran(status=process.returncode, output=output, errors=errors, pid=process.pid)


def test_without_a_terminal_nothing_is_done(untouched: Workplace) -> None:
    ran = untouched.run(*COMMAND)
    assert (ran.status, ran.error["error"]) == (2, "no-confirmation")
    assert "--yes" in ran.error["hint"]
    assert not has_new_folder(untouched)


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_yes_at_the_terminal_restores(live: Workplace, answer: str) -> None:
    """
    The plan was shown before the question.
    """
    ran = answered(live, answer)
    assert ran.status == 0
    assert ran.json["verdict"] == "proven"
    assert "FROM  generation 88" in ran.errors
    assert has_new_folder(live)


def test_what_was_piped_in_is_asked_about_at_the_terminal_all_the_same(
    live: Workplace, tmp_path: Path
) -> None:
    """
    The messages that alice has lost, as a search has found them in the generation before.
    """
    name = f"user/{ALICE}"
    truth = read_truth("dataprotect/truth-1233.json").mailboxes[name]
    lost = [each for each in truth.messages if each.uid in {1, 2, 3, 5, 7}]
    fields = {"account": ALICE, "generation": "88", "mailbox": name}
    lines = [json.dumps({**fields, "uid": each.uid, "guid": each.sha1}) for each in lost]
    piped = tmp_path / "lines"
    piped.write_text("\n".join(lines), "ascii")
    ran = answered(
        live,
        "y\n",
        command=("restore", "--selection", "-", "--json"),
        question=f"Add 5 messages to the mailbox of {ALICE}? [y/N] ",
        piped=piped,
    )
    assert ran.status == 0, ran.errors
    assert "PICK  of 10 messages 5, chosen one by one" in ran.errors
    with live.server.client_as(ALICE) as client:
        assert messages_in(client, INTO) == tuple(map(held, lost))


@pytest.mark.parametrize("answer", ["n\n", "\n", "yess\n", "\x04"])
def test_anything_else_at_the_terminal_is_a_no(untouched: Workplace, answer: str) -> None:
    ran = answered(untouched, answer)
    assert (ran.status, ran.error["error"]) == (130, "declined")
    assert ran.error["changed"] is None
    assert not has_new_folder(untouched)
    assert list((untouched.state / "plans").iterdir()) == []


def test_control_c_at_the_question_changes_nothing(untouched: Workplace) -> None:
    ran = answered(untouched, "\x03")
    assert ran.status == 130
    assert not has_new_folder(untouched)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_at_the_question_changes_nothing(untouched: Workplace, number: int) -> None:
    """
    And the door is closed.
    """
    with terminal() as (person, program):
        process = untouched.start(*COMMAND, terminal=program)
        read_until(person, QUESTION)
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 130
    assert left_behind(process.pid) == ()
    assert not has_new_folder(untouched)


def has_new_folder(live: Workplace) -> bool:
    with live.server.client_as(JDOE) as client:
        return any(INTO in name for name in folder_names(client))
