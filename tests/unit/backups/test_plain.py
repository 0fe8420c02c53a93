from __future__ import annotations

import os
from pathlib import Path

import pytest

from respool.backups.discovery import open_backup
from respool.backups.spool_layout import find_partitions
from respool.model.generations import GenerationState
from respool.system.read_only import ReadOnlyTree
from tests.support.small_spools import write_spool


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    write_spool(tmp_path, ["user/jdoe@b.loc"], partition="b_loc")
    return tmp_path


@pytest.mark.parametrize("below", ["", "var/spool/cyrus", "var/spool/cyrus/data/b_loc"])
def test_a_spool_is_known_from_its_root_its_base_and_a_partition(spool: Path, below: str) -> None:
    backup = open_backup(spool / below)

    assert backup.root.kind == "plain"
    assert [each.state for each in backup.generations] == [GenerationState.UNDATED]
    assert [account.label for account in backup.generations] == ["undated"]


def test_its_date_is_about_that_of_the_newest_index(spool: Path) -> None:
    generation = open_backup(spool).generations[0]
    newest = max(path.stat().st_mtime for path in spool.rglob("cyrus.index"))

    assert generation.is_about
    assert generation.taken_at is not None
    assert generation.taken_at.timestamp() == int(newest)


def test_without_any_index_its_date_is_about_that_of_the_newest_message(spool: Path) -> None:
    for index in spool.rglob("cyrus.index"):
        index.unlink()
    (message,) = spool.rglob("1.")
    os.utime(message, (2_000_000_000, 2_000_000_000))

    taken_at = open_backup(spool).generations[0].taken_at

    assert taken_at is not None
    assert taken_at.timestamp() == 2_000_000_000


def test_partitions_of_data_meta_and_archive_are_joined_by_name(spool: Path) -> None:
    (spool / "var/spool/bm-hsm/cyrus-archives/b_loc/domain").mkdir(parents=True)
    (spool / "var/spool/cyrus/meta/only_meta").mkdir()

    found = {str(each.name): each for each in find_partitions(ReadOnlyTree(spool))}

    assert set(found) == {"b_loc", "only_meta"}
    assert len(found["b_loc"].roots) == 3
    assert found["only_meta"].data is None


def test_a_folder_of_other_things_is_no_spool(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()

    assert find_partitions(ReadOnlyTree(tmp_path)) == ()
