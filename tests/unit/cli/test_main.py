from __future__ import annotations

import json
import sys

import pytest
import typer

from respool.cli import failures, main
from respool.errors import FolderNotInGeneration


def test_the_help_names_every_command_that_there_is() -> None:
    group = typer.main.get_command(main.app)
    commands = getattr(group, "commands", {})

    assert sorted(commands) == sorted(command.name for command in main.COMMANDS)
    assert all(f"  {name} " in main.help_text() for name in commands)


def test_every_command_has_examples_of_itself() -> None:
    for name, command in getattr(typer.main.get_command(main.app), "commands", {}).items():
        assert f"respool {name}" in command.epilog


def test_an_error_says_first_whether_anything_was_changed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = FolderNotInGeneration('"Sent" is not there', why="it is gone", hint="respool show x")

    assert failures.report(error, as_json=False) == 10
    assert capsys.readouterr().err == (
        "error: folder-not-in-generation   NOTHING WAS CHANGED\n"
        '  "Sent" is not there\n'
        "  why:  it is gone\n"
        "  hint: respool show x\n"
    )


def test_an_error_is_json_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    failures.report(FolderNotInGeneration("what"), as_json=True)

    said = json.loads(capsys.readouterr().err)
    assert {key: said[key] for key in ("error", "what", "why", "hint", "exit_status")} == {
        "error": "folder-not-in-generation",
        "what": "what",
        "why": None,
        "hint": None,
        "exit_status": 10,
    }


def test_what_was_not_expected_is_called_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    assert failures.report_unexpected(ZeroDivisionError("x")) == 1
    assert "bug of respool" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status"),
    [([], 2), (["--help"], 0), (["-h"], 0), (["--version"], 0), (["nonsense"], 2), (["show"], 2)],
)
def test_usage_has_its_own_status(
    arguments: list[str],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["respool", *arguments])

    with pytest.raises(SystemExit) as caught:
        main.main()

    assert caught.value.code == status
    assert capsys.readouterr()
