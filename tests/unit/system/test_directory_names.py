from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from respool.system import directory_names
from respool.system.directory_names import DirectoryNames, KeptNames, stamp_of
from respool.system.entry_kinds import EntryKind
from respool.system.read_only import ReadOnlyTree

LONG_AGO = 1_700_000_000


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of four entries, which is taken for a very large one, of long ago."""
    monkeypatch.setattr(directory_names, "_KEPT_FROM", 2)
    monkeypatch.setattr(directory_names, "_SETTLED_NS", 0)
    place = tmp_path / "large"
    (place / "Sent").mkdir(parents=True)
    for name in ("1.", "2."):
        (place / name).touch()
    (place / "3.").symlink_to("1.")
    time.sleep(0.01)  # more than a step of the clock that files have their times of
    return place


def files_in(names: DirectoryNames) -> set[str]:
    return {name for text in names.files for name in text.split("/")}


def test_all_names_are_told_by_kind(large: Path) -> None:
    names = ReadOnlyTree(large).all_names()

    assert files_in(names) == {"1.", "2."}
    assert set(names.others) == {("Sent", EntryKind.DIRECTORY), ("3.", EntryKind.LINK)}
    assert (names.file_count, names.subdirectories()) == (2, ("Sent",))


def test_an_empty_directory_has_no_names(tmp_path: Path) -> None:
    assert ReadOnlyTree(tmp_path).all_names() == DirectoryNames(files=(), others=(), file_count=0)


def test_a_large_directory_is_listed_once_by_those_who_ask_in_turn(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = ReadOnlyTree(large)
    assert tree.subdirectories() == ("Sent",)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", lambda _: pytest.fail("listed again"))
        assert files_in(tree.all_names()) == {"1.", "2."}

    (large / "1.").unlink()
    assert files_in(tree.all_names()) == {"2."}  # and what was kept is given but once


def test_a_directory_that_changed_is_listed_again(large: Path) -> None:
    tree = ReadOnlyTree(large)
    tree.subdirectories()

    (large / "1.").unlink()

    assert files_in(tree.all_names()) == {"2."}


def test_nothing_is_kept_of_a_directory_that_was_just_changed(tmp_path: Path) -> None:
    """A later change within the same step of the clock could not be told."""
    with ReadOnlyTree(tmp_path).opened_directory("") as descriptor:
        kept, stamp = KeptNames(), stamp_of(descriptor)
    names = DirectoryNames(files=("1.",), others=(), file_count=1_000_000)

    kept.keep(("a",), stamp, names)
    kept.keep(("b",), (*stamp[:2], LONG_AGO, LONG_AGO), names)

    assert kept.take(("a",), stamp) is None
    assert kept.take(("b",), (*stamp[:2], LONG_AGO, LONG_AGO)) is names


def test_no_more_is_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_names, "_KEPT_CHARACTERS", 5)
    kept, stamp = KeptNames(), (1, 2, LONG_AGO, LONG_AGO)
    names = DirectoryNames(files=("1./", "2"), others=(), file_count=1_000_000)

    for name in "ab":
        kept.keep((name,), stamp, names)

    assert [kept.take((name,), stamp) is names for name in "ab"] == [True, False]
