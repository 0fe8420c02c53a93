from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from respool.app import indexing
from respool.app.catalogue import forget_catalogue, opened_catalogue
from respool.app.catalogue_report import catalogue
from respool.app.find import FindWish, finding
from respool.app.indexing import IndexWish
from respool.app.settings import Settings
from respool.errors import (
    CatalogueDamaged,
    CatalogueUnusable,
    Declined,
    Locked,
    NoConfirmation,
)
from respool.model.conditions import Conditions
from respool.system.locks import exclusive
from tests.support.live_spool import settings_for

QUIETLY = IndexWish(agree=bool)
EVERYTHING = FindWish(conditions=Conditions())


@pytest.fixture
def settings(backup_tree: Path, tmp_path: Path) -> Settings:
    found = settings_for(tmp_path / "imapd.conf", backups=backup_tree)
    return replace(found, state=tmp_path / "state")


def nobody(question: str) -> bool:
    raise NoConfirmation("nobody can be asked")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every generation took longer than a minute."""
    monkeypatch.setattr(indexing, "_LONG_SECONDS", -1.0)


def counted(settings: Settings, wish: IndexWish) -> tuple[int, set[str]]:
    with finding(settings, EVERYTHING, wish) as report:
        return len(list(report.messages)), {each.what.value for each in report.not_searched}


def test_what_is_lacking_is_taken_in_without_a_question_where_it_is_quick(
    settings: Settings,
) -> None:
    count, blind = counted(settings, IndexWish(agree=nobody))

    assert count > 140
    assert "generation-not-indexed" not in blind


def test_what_takes_longer_than_a_minute_is_asked_and_without_a_terminal_refused(
    settings: Settings, slow: None
) -> None:
    asked: list[str] = []

    def refuse(question: str) -> bool:
        asked.append(question)
        return False

    with pytest.raises(Declined):
        counted(settings, IndexWish(agree=refuse))
    with pytest.raises(NoConfirmation) as raised:
        counted(settings, IndexWish(agree=nobody))

    assert "3 generations" in asked[0]
    assert raised.value.hint == "respool catalogue --yes does it, or --yes here"


def test_who_says_no_searches_what_is_there_and_is_told_what_is_not(
    settings: Settings, slow: None
) -> None:
    catalogue(settings, "87", IndexWish(agree=lambda _: True))

    count, blind = counted(settings, IndexWish(agree=lambda _: False))

    assert count > 100
    assert "generation-not-indexed" in blind


def test_while_another_writes_what_is_there_can_be_searched(
    settings: Settings, backup_tree: Path
) -> None:
    catalogue(settings, "88", QUIETLY)
    with opened_catalogue(settings) as opened:
        lock = opened.lock

    with exclusive(lock, what="a test"):
        with finding(settings, EVERYTHING, QUIETLY) as report:
            assert len(list(report.messages)) > 100
            assert any("being written" in note for note in report.notes)
        with pytest.raises(Locked):
            catalogue(settings, None, QUIETLY)


def test_nothing_is_written_where_all_is_as_it_was(settings: Settings) -> None:
    catalogue(settings, None, QUIETLY)
    with opened_catalogue(settings) as opened:
        lock = opened.lock

    with exclusive(lock, what="a test"):
        assert catalogue(settings, None, QUIETLY).indexed == ()


def test_a_damaged_one_is_told_and_can_be_made_anew(settings: Settings) -> None:
    report = catalogue(settings, None, QUIETLY)
    report.file.write_bytes(b"damaged" * 1000)

    with pytest.raises(CatalogueDamaged):
        catalogue(settings, None, QUIETLY)
    assert forget_catalogue(settings) > 0

    assert catalogue(settings, None, QUIETLY).messages == report.messages


def test_it_is_in_a_directory_of_its_own_that_nobody_else_may_enter(settings: Settings) -> None:
    file = catalogue(settings, None, QUIETLY).file

    assert file.parent == settings.state / "catalogue"
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_hold_it_is_said(settings: Settings) -> None:
    settings.state.mkdir(mode=0o700)
    (settings.state / "catalogue").write_text("in the way")

    with pytest.raises(CatalogueUnusable) as raised:
        catalogue(settings, None, QUIETLY)

    assert raised.value.hint is not None


def test_who_searched_for_whose_mail_is_noted_and_not_what_for(settings: Settings) -> None:
    wish = FindWish(conditions=Conditions(subject="secret"), account="alice@bluemind.loc")
    with finding(settings, wish, QUIETLY) as report:
        list(report.messages)

    log = (settings.state / "access.log").read_text("utf-8")
    assert '"command": "find", "account": "alice@bluemind.loc"' in log
    assert "secret" not in log
