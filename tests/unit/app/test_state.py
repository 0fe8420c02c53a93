from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from respool.app.settings import Settings, read_settings
from respool.app.state import check_not_inside
from respool.errors import UsageError
from respool.model.generations import StagedDirectories


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A backup, and the directories of an account, both in a directory of the test."""
    staged = StagedDirectories(
        data=(PurePosixPath(tmp_path / "stage/jdoe"),),
        meta=(PurePosixPath(tmp_path / "stage/jdoe-meta"),),
        archive=(PurePosixPath(tmp_path / "archive"),),
    )
    options = {
        "backups": str(tmp_path / "backups"),
        "imapd_conf": str(tmp_path / "no-server.conf"),
    }
    return replace(read_settings(options, {}, tmp_path / "none.toml"), staged=staged)


@pytest.mark.parametrize(
    "place",
    [
        "backups",
        "backups/state",
        "stage/jdoe/state",
        "stage/jdoe-meta",
        "archive/x",
        "stage",
        "link/state",
    ],
)
def test_no_place_to_write_to_lies_in_a_backup_or_holds_one(
    settings: Settings, tmp_path: Path, place: str
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "archive")

    with pytest.raises(UsageError, match=r"lies inside|holds"):
        check_not_inside(tmp_path / place, settings, what="the state directory")


@pytest.mark.parametrize("place", ["state", "stage/state", "jdoe"])
def test_any_other_place_is_right(settings: Settings, tmp_path: Path, place: str) -> None:
    check_not_inside(tmp_path / place, settings, what="the state directory")
