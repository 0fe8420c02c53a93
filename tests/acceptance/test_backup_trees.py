"""The installed command reads trees that are not BlueMind's, and restores from them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.backup_trees import set_time
from tests.support.restoring import Workplace, check_server_sound, held, owner_sees
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
INTO = "restored-2024-11-19"
LOST = ("Projects/2017", "Projects/2017/Q3")
MAIL = "dp_spool/rsync/192.168.122.56/mail/imap"


@pytest.fixture(scope="module")
def rsnapshot(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three golden nights as rsnapshot keeps them, hard links too, and a copy under way."""
    nights = golden.unpack_dataprotect(tmp_path_factory.mktemp("nights")) / MAIL
    root = tmp_path_factory.mktemp("rsnapshot")
    for number, (part, day) in enumerate((("1234", 20), ("1233", 19), ("1232", 18))):
        (root / f"daily.{number}").mkdir()
        shutil.move(nights / part, root / f"daily.{number}" / "localhost")
        set_time(root / f"daily.{number}", f"2024-11-{day}T01:20:00Z")
    (root / ".sync/localhost").mkdir(parents=True)
    return root


def test_generations_are_shown_with_what_is_not_used(
    untouched: Workplace, rsnapshot: Path
) -> None:
    place = replace(untouched, backups=rsnapshot)

    listed, shown = place.run("backups", "--json"), place.run("backups")

    assert [each["label"] for each in listed.json["generations"]] == [
        "daily.0",
        "daily.1",
        "daily.2",
    ]
    assert listed.json["not_used"] == [{"name": ".sync", "why": "a copy under way"}]
    assert "rsnapshot (daily)" in shown.output
    assert "not used: .sync (a copy under way)" in shown.output
    assert "about Wed 20 Nov 2024 01:20" in shown.output


def test_a_lost_folder_comes_back_from_the_newest_that_has_it(
    live: Workplace, rsnapshot: Path
) -> None:
    place = replace(live, backups=rsnapshot)

    ran = place.run("restore", JDOE, "Projects/2017", "--yes", "--json")

    truth = read_truth("dataprotect/truth-1233.json")
    assert (ran.status, ran.json["generation"], ran.json["into"]) == (0, "daily.1", INTO)
    assert owner_sees(live.server, JDOE, [f"{INTO}/{path}" for path in LOST]) == {
        f"{INTO}/{path}": tuple(
            map(held, truth.mailboxes[f"user/jdoe/{path}@bluemind.loc"].messages)
        )
        for path in LOST
    }
    check_server_sound(live.server, JDOE)
