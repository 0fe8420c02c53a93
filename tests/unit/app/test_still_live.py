"""Plan and show say how much of it is still there, where live mail can be looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import golden
from tests.support.command import document, printed
from tests.support.live_spool import at_its_place

JDOE = "jdoe@bluemind.loc"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The story's backup, and the configuration of its live server."""
    place = tmp_path_factory.mktemp("story")
    backups = golden.unpack_dataprotect(place / "backups")
    return backups, at_its_place(golden.unpack_live(place / "live"))


@pytest.fixture
def words(story: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("RESPOOL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("RESPOOL_IMAPD_CONF", str(story[1]))
    return ["--backups", str(story[0])]


def planned(*words: str, to: Path) -> dict[str, Any]:
    """The head of a plan of an export."""
    lines = printed("plan", *words, "--to", f"maildir:{to / 'out'}", "--json").splitlines()
    head: dict[str, Any] = json.loads(lines[0])
    return head


def test_show_says_how_much_live_mail_still_has(words: list[str]) -> None:
    totals = document("diff", JDOE, "-g", "87", *words)["totals"]

    shown = printed("show", JDOE, "-g", "87", *words)

    left = totals["messages"] - totals["missing"] - totals["kept"]
    assert (
        f"\n{left} of these {totals['messages']} messages are still there, in live mail\n" in shown
    )
    assert document("show", JDOE, "-g", "87", *words)["still_there"] == left


def test_show_of_a_folder_speaks_of_that_folder_s_mail_wherever_it_is_now(
    words: list[str],
) -> None:
    assert (
        document("show", JDOE, "Projects/2017", "-g", "88", *words)["still_there"] == 2
    )  # copies that INBOX has


def test_the_plan_has_it_in_its_head(words: list[str], tmp_path: Path) -> None:
    assert planned(JDOE, "-g", "88", *words, to=tmp_path)["live_has"] == 79
    assert planned(JDOE, "Drafts", "-g", "88", *words, to=tmp_path)["live_has"] == 2


def test_the_plan_on_screen_says_it_in_a_line(words: list[str], tmp_path: Path) -> None:
    shown = printed("plan", JDOE, "-g", "88", *words, "--to", f"zip:{tmp_path / 'a.zip'}")

    assert "NOTE  79 of these are still there, in live mail" in shown.splitlines()


def test_nothing_is_said_where_live_mail_is_not_here(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESPOOL_IMAPD_CONF", str(tmp_path / "none.conf"))

    assert document("show", JDOE, *words)["still_there"] is None
    assert planned(JDOE, *words, to=tmp_path)["live_has"] is None
    assert "still there" not in printed("show", JDOE, *words)


def test_nothing_is_said_of_an_account_that_the_live_server_does_not_have(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    (empty / "mail").mkdir(parents=True)
    (empty / "imapd.conf").write_text(
        f"configdirectory: {empty}\npartition-default: {empty}/mail\n"
    )
    monkeypatch.setenv("RESPOOL_IMAPD_CONF", str(empty / "imapd.conf"))

    assert document("show", JDOE, *words)["still_there"] is None
