from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from respool.backups.generation_marks import mark_of
from respool.backups.source import tree_at
from respool.cyrus.spool_paths import uuid_directory
from tests.support.broken_disk import breaks
from tests.support.inventories import spool_generation
from tests.support.small_spools import write_mailbox, write_spool

NAMES = [f"user/u{number:02}@b.loc" for number in range(60)]


def mark(place: Path) -> str | None:
    tree_at.cache_clear()
    return mark_of(spool_generation(place))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write_spool(tmp_path / "a", NAMES)
    return tmp_path / "a"


def test_a_generation_has_the_mark_that_it_had_after_renaming_and_of_hard_links(
    place: Path,
) -> None:
    before = mark(place)
    shutil.copytree(place, place.with_name("linked"), copy_function=os.link)
    place.rename(place.with_name("b"))

    assert mark(place.with_name("b")) == mark(place.with_name("linked")) == before


def test_a_copy_that_is_not_whole_has_another_mark_whatever_lacks(place: Path) -> None:
    """As cp, rsync and tar do: times of directories are set once all below is there."""
    before = mark(place)
    copy = place.with_name("copy")
    for lacking in sorted(place.rglob("cyrus.index"))[7::29]:
        shutil.copytree(place, copy)
        (copy / lacking.relative_to(place)).unlink()
        for above in lacking.relative_to(place).parents:
            os.utime(copy / above)

        assert mark(copy) != before
        shutil.rmtree(copy)


@pytest.mark.parametrize("broken", ["u", "u00"])
def test_what_cannot_be_read_as_a_whole_has_no_mark(
    broken: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the disk is no other mail."""
    assert mark(place) is not None
    breaks(monkeypatch, broken)

    assert mark(place) is None


def test_mailboxes_called_by_their_ids_are_marked_too(tmp_path: Path) -> None:
    base = tmp_path / "var/spool/cyrus"
    ids = [f"{number:02x}{number:02x}-id" for number in range(5)]
    for each in ids:
        directory = uuid_directory(each)
        header = f"\t{each}\n\nanyone\tlrs\t\n"
        write_mailbox(base / "meta/p" / directory, base / "data/p" / directory, header=header)
    before = mark(tmp_path)

    shutil.rmtree(base / "meta/p" / uuid_directory(ids[3]))

    assert mark(tmp_path) != before
