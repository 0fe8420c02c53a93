"""``diff`` as people see it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from respool.app.diff import compare_account
from respool.backups.envelopes import Envelopes
from respool.cli import main
from respool.cli.main import app
from respool.errors import BackupUnreadable
from tests.support import golden
from tests.support.live_spool import at_its_place, settings_for


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that name the story's backup and its live server."""
    place = tmp_path_factory.mktemp("story")
    backups = golden.unpack_dataprotect(place / "backups")
    imapd_conf = at_its_place(golden.unpack_live(place / "live"))
    return ["--backups", str(backups), "--imapd-conf", str(imapd_conf)]


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPOOL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TZ", "UTC")


def status(*words: str) -> object:
    return app(args=["diff", *words], prog_name="respool", standalone_mode=False)


def test_what_was_lost_is_a_table_that_eighty_columns_hold(
    story: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("jdoe@bluemind.loc", "-g", "87", *story) == 3

    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "now: live mail"
    assert lines[2].split() == ["FOLDER", "MISSING", "KEPT*", "MOVED", "STATE", "NEW", "NOTES"]
    assert ["Projects/2017/Q3", "0", "6", "0", "0", "0", "deleted"] in [
        line.split() for line in lines
    ]
    assert ["in", "all", "0", "13", "0", "2", "10"] in [line.split() for line in lines]
    assert "13 folders are equal" in lines
    assert max(map(len, lines)) <= 80


def test_what_is_equal_is_one_line(story: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status("jdoe@bluemind.loc", "88", "-g", "88", *story) == 0

    assert "nothing became of it: 17 folders, all equal" in capsys.readouterr().out


def test_details_name_each_message(story: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status("alice@bluemind.loc", "-g", "88", "--details", *story) == 3

    shown = capsys.readouterr().out
    assert "INBOX: missing\n       1  John Doe: New colleague from Monday\n" in shown
    assert "INBOX: new\n" in shown


@pytest.mark.parametrize("account", ["jdoe@bluemind.loc", "alice@bluemind.loc"])
@pytest.mark.parametrize("later", ["live", "88"])
def test_json_with_details_is_the_value_written_whole(
    account: str, later: str, story: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(account, later, "-g", "87", "--details", "--json", *story) == 3

    out = capsys.readouterr().out
    settings = settings_for(Path(story[3]), backups=Path(story[1]))
    found = compare_account(settings, account, "87", later)
    told = {
        **found.as_json(),
        "against_taken_at": json.loads(out)["against_taken_at"],
        "differences": [each.as_json() for each in found.messages()],
    }
    assert len(told["differences"]) == sum(
        found.total(name) for name in ("missing", "kept", "moved", "changed", "new")
    )
    assert out == json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def test_an_error_in_the_midst_of_details_is_told_as_elsewhere(
    story: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise BackupUnreadable("it cannot be read")

    monkeypatch.setattr(Envelopes, "of", fails)
    words = ["diff", "alice@bluemind.loc", "-g", "88", "--details", "--json", *story]
    monkeypatch.setattr(sys, "argv", ["respool", *words])

    with pytest.raises(SystemExit) as caught:
        main.main()

    said = capsys.readouterr()
    assert caught.value.code == BackupUnreadable.exit_status
    assert json.loads(said.err)["error"] == BackupUnreadable.code
    with pytest.raises(json.JSONDecodeError):
        json.loads(said.out)
