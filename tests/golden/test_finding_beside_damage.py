"""What may have gone where nobody can look is not called gone."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.find import FindWish, finding
from respool.app.history import HistoryWish, MessageHistory, history
from respool.app.indexing import IndexWish
from respool.app.settings import Settings
from respool.model.conditions import Conditions
from tests.support import golden
from tests.support.live_spool import settings_for

FILED = "9ec7f493"  # it begins so: filed from INBOX to Projects/2017 before generation 88
QUIETLY = IndexWish(agree=bool)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    backups = golden.unpack_dataprotect(tmp_path / "backup")
    return replace(
        settings_for(tmp_path / "imapd.conf", backups=backups), state=tmp_path / "state"
    )


def index_of_2017(settings: Settings) -> Path:
    assert settings.backups is not None
    (file,) = [
        each
        for each in settings.backups.rglob("Projects/2017/cyrus.index")
        if "/1233/" in str(each) and "jdoe" in str(each)
    ]
    return file


def filed() -> str:
    """The GUID of the message."""
    said = json.dumps(golden.truth("dataprotect/truth-1233.json"))
    return said[said.index(FILED) :][:40]


def test_a_message_is_not_called_gone_that_may_be_in_a_folder_whose_index_is_damaged(
    settings: Settings,
) -> None:
    assert settings.backups is not None
    for place in settings.backups.rglob("1234"):
        shutil.rmtree(place)
    file = index_of_2017(settings)
    file.write_bytes(file.read_bytes()[:300])

    with finding(settings, FindWish(conditions=Conditions(guids=(filed(),))), QUIETLY) as report:
        gone = [each.found.deleted_at for each in report.messages]
    wish = HistoryWish(account=None, folder=None, guid=filed())
    (story,) = history(settings, wish, QUIETLY).histories

    assert gone == [None]
    assert isinstance(story, MessageHistory)
    assert story.passed_over == ("88",)
    assert {each.what.value for each in story.events} == {"first-seen"}


@pytest.mark.parametrize("lacking", ["bluemind_loc", "bluemind_loc/domain/b/bluemind.loc/j"])
def test_an_account_is_not_called_gone_where_its_partition_or_letter_lacks_as_a_whole(
    lacking: str, settings: Settings
) -> None:
    assert settings.backups is not None
    places = [
        each
        for root in ("meta", "data")
        for each in settings.backups.rglob(f"1234/var/spool/cyrus/{root}/{lacking}")
    ]
    assert len(places) == 2
    for each in places:
        shutil.rmtree(each)

    wish = HistoryWish(account="jdoe@bluemind.loc", folder="Projects/2024", guid=None)
    (story,) = history(settings, wish, QUIETLY).histories

    assert story.passed_over == ("89",)
    assert story.is_there
    assert "gone" not in {each.what.value for each in story.events}
