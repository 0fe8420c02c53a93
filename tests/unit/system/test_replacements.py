from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from respool.system import replacements
from respool.system.replacements import Replacements


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two files with former octets, in two directories."""
    for name in ("data", "meta"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"former")
    return tmp_path / "data" / "file", tmp_path / "meta" / "file"


def names(directory: Path) -> list[str]:
    return sorted(each.name for each in directory.iterdir())


def write_new(*files: Path, is_cut_off: bool = False) -> None:
    with Replacements(mode=0o600) as new:
        for file in files:
            new.begin(file).write(b"new")
        if is_cut_off:
            raise ZeroDivisionError
        new.put_in_place()


def test_what_stood_there_stays_until_all_take_their_places(files: tuple[Path, Path]) -> None:
    with Replacements(mode=0o640) as new:
        for file in files:
            new.begin(file).write(b"new")
        assert [file.read_bytes() for file in files] == [b"former"] * 2

        new.put_in_place()

        assert [file.read_bytes() for file in files] == [b"new"] * 2
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o640] * 2
    assert [names(file.parent) for file in files] == [["file"]] * 2


def test_what_was_not_put_in_place_goes_again(files: tuple[Path, Path]) -> None:
    with pytest.raises(ZeroDivisionError):
        write_new(*files, is_cut_off=True)

    assert [file.read_bytes() for file in files] == [b"former"] * 2
    assert [names(file.parent) for file in files] == [["file"]] * 2


def test_what_was_left_beside_by_one_that_was_killed_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".respool-file").write_bytes(b"left, and longer")

    write_new(tmp_path / "file")

    assert (tmp_path / "file").read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_all_is_flushed_before_the_first_takes_its_place(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One flush for each file system; the octets have left our own memory by then."""
    seen: list[list[bytes]] = []
    beside = [file.with_name(".respool-file") for file in files]

    def flush(_descriptor: int) -> None:
        seen.append([each.read_bytes() for each in (*files, *beside)])

    monkeypatch.setattr(replacements, "flush_file_system_of", flush)
    with Replacements(mode=0o600) as new:
        for file in files:
            new.begin(file).write(b"new")
        new.put_in_place([tmp_path])

    assert seen == [[b"former", b"former", b"new", b"new"]]


def test_they_take_their_places_in_the_order_they_were_begun(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = files
    real = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target == second:
            raise PermissionError
        return real(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(PermissionError):
        write_new(*files)

    assert (first.read_bytes(), second.read_bytes()) == (b"new", b"former")


def test_what_cannot_be_flushed_leaves_all_as_it_was(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(replacements, "flush_file_system_of", full)
    with pytest.raises(OSError, match="No space"):
        write_new(files[0])

    assert files[0].read_bytes() == b"former"
    assert names(files[0].parent) == ["file"]


def test_octets_that_did_not_reach_the_disk_take_no_place_though_the_flush_says_nothing(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is with the ``syncfs`` of kernels before 5.8: each file alone tells."""

    def lost(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(replacements, "flush_file_system_of", lambda _descriptor: None)
    monkeypatch.setattr(os, "fsync", lost)
    with pytest.raises(OSError, match="Input/output"):
        write_new(files[0])

    assert files[0].read_bytes() == b"former"
    assert names(files[0].parent) == ["file"]


def test_one_has_its_place_on_disk_before_the_next_takes_its_own_in_another_directory(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, list[bytes]]] = []

    def flush(directory: Path) -> None:
        seen.append((directory.name, [each.read_bytes() for each in files]))

    monkeypatch.setattr(replacements, "flush_directory", flush)

    write_new(*files)

    assert seen == [("data", [b"new", b"former"]), ("meta", [b"new", b"new"])]
