"""The access log: a line for each look at somebody's mail, and none for nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from respool.app.access_log import LOG_FILE, Access, note_change, note_reading, of_run
from respool.app.cat import get_message
from respool.app.check import CheckWish, opened_check
from respool.app.ls import list_messages
from respool.app.selection import Wanted
from respool.app.settings import Settings, read_settings
from respool.app.show import show_account
from respool.errors import NotPermitted, UsageError
from tests.support.small_spools import write_spool
from tests.unit.targets.spool.plans import planned_by

ACCOUNT = "jdoe@b.loc"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    backups = tmp_path / "backup"
    write_spool(backups, ["user/jdoe@b.loc"])
    options = {"state": str(tmp_path / "state"), "backups": str(backups)}
    return read_settings(options, {}, Path("/nonexistent"))


def lines(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (settings.state / LOG_FILE).read_bytes().splitlines()]


def wanted(*folders: str) -> Wanted:
    return Wanted(account=ACCOUNT, folders=folders)


def read_one(settings: Settings) -> None:
    get_message(settings, wanted("INBOX"), "1").file.close()


def check_all(settings: Settings) -> None:
    with opened_check(settings, CheckWish(jobs=1)):
        pass


READING: dict[str, tuple[Callable[[Settings], object], dict[str, Any]]] = {
    "show": (lambda each: show_account(each, wanted()), {}),
    "ls": (lambda each: list_messages(each, wanted("INBOX")), {"folders": ["INBOX"]}),
    "cat": (read_one, {"folders": ["INBOX"], "message": "1", "messages": 1}),
    "check": (check_all, {"account": None}),
}


@pytest.mark.parametrize("command", READING)
def test_each_look_at_mail_is_a_line(command: str, settings: Settings) -> None:
    look, more = READING[command]

    look(settings)

    (line,) = lines(settings)
    assert line.keys() == {
        *("at", "who", "command", "account", "target", "folders", "generation"),
        *("run", "messages", "message"),
    }
    assert line["who"].keys() == {"name", "uid", "acts_as"}
    expected = {"command": command, "account": ACCOUNT, "folders": [], "run": None, **more}
    assert {name: line[name] for name in expected} == expected
    assert b"Hello" not in (settings.state / LOG_FILE).read_bytes()


def test_a_run_is_told_with_both_accounts_and_how_many_messages(settings: Settings) -> None:
    head = planned_by("onto-a-share").head

    note_change(settings, of_run("restore", 4, head))

    (line,) = lines(settings)
    assert (line["run"], line["account"], line["target"]) == (4, ACCOUNT, "contact@b.loc")
    assert line["messages"] == head.messages


def test_where_a_look_cannot_be_noted_it_goes_on_and_that_is_said(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.state.mkdir(mode=0o700)
    (settings.state / LOG_FILE).mkdir()

    with caplog.at_level(logging.WARNING):
        assert show_account(settings, wanted()).account.address == ACCOUNT

    assert "not in the access log" in caplog.text


def test_a_state_directory_that_others_may_enter_gets_no_log(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.state.mkdir(mode=0o755)

    note_reading(settings, Access(command="show"))

    assert "open to others" in caplog.text
    assert list(settings.state.iterdir()) == []
    with pytest.raises(UsageError):
        note_change(settings, Access(command="undo"))


def test_where_a_change_cannot_be_noted_nothing_is_to_be_changed(settings: Settings) -> None:
    settings.state.mkdir(mode=0o700)
    (settings.state / LOG_FILE).mkdir()

    with pytest.raises(NotPermitted, match="cannot be written"):
        note_change(settings, Access(command="restore"))


def test_no_log_is_written_into_a_backup(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inside = read_settings(
        {"state": str(settings.backups / "state"), "backups": str(settings.backups)},
        {},
        Path("/nonexistent"),
    )

    show_account(inside, wanted())

    assert not inside.state.exists()
    assert "lies inside" in caplog.text
