"""``respool runs`` alone, and the commands below it, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from respool.app.settings import read_settings
from respool.errors import NoConfirmation, RunNotFound, UsageError
from tests.support.command import document, printed
from tests.support.kept_journals import keep_sample


@pytest.fixture
def state(tmp_path: Path) -> str:
    """A state directory with a run that was killed, and one that is done."""
    place = str(tmp_path / "state")
    values = {f"UIDVALIDITY{number}": "1" for number in range(4)} | {"LOGIN2": "berta"}
    keep_sample(read_settings({"state": place}, {}, Path("/nonexistent")), values)
    return place


def test_alone_it_lists_all_runs(state: str) -> None:
    assert [each["run"] for each in document("runs", "--state", state)["runs"]] == [2, 1]
    assert "berta@bluemind.loc back" in printed("runs", "--state", state)


def test_one_run_is_shown_and_nothing_else(state: str) -> None:
    shown = printed("runs", "show", "2", "--state", state)

    assert shown.startswith("RUN 2  DONE\n")
    assert "        4 of 4  Projects/2017 -> back/Projects/2017  [" in shown
    assert "Next: respool verify 2\nNext: respool undo 2\n" in shown
    assert json.loads(printed("runs", "show", "1", "--state", state, "--json"))["run"] == 1


def test_a_run_that_is_not_there_is_an_error(state: str) -> None:
    with pytest.raises(RunNotFound):
        printed("runs", "show", "9", "--state", state)


def test_options_before_the_command_below_are_refused_not_dropped(state: str) -> None:
    with pytest.raises(UsageError, match="behind its name"):
        printed("runs", "--state", state, "show", "2")


def test_old_runs_are_forgotten_where_that_is_agreed_to(
    state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (Path(state) / "runs" / "7").mkdir()

    said = printed("runs", "prune", "--older-than", "99999d", "--yes", "--state", state)

    assert said == "forgotten: what was left of 7\n"
    assert "remove what is left of run 7" in capsys.readouterr().err
    assert "nothing to forget" in printed(
        "runs", "prune", "--older-than", "99999d", "--state", state
    )


@pytest.mark.parametrize("age", ["0d", "90", "soon"])
def test_an_age_that_is_none_is_refused(state: str, age: str) -> None:
    with pytest.raises(UsageError, match="--older-than"):
        printed("runs", "prune", "--older-than", age, "--state", state)


def test_nobody_is_no_yes(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (Path(state) / "runs" / "7").mkdir()
    monkeypatch.setattr("respool.cli.confirm.Path", lambda _: Path("/nonexistent/tty"))

    with pytest.raises(NoConfirmation):
        printed("runs", "prune", "--older-than", "99999d", "--state", state)

    assert (Path(state) / "runs" / "7").is_dir()
