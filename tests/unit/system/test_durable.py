from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from respool.system import durable
from respool.system.durable import (
    TEMPORARY_PREFIX,
    flush_directory,
    flush_file,
    flush_file_system,
    make_directory,
    new_private_file,
    rename_to_new,
    write_durably,
)
from respool.system.ownership import Owner

NOBODY = Owner(uid=65534, gid=65534)


@contextmanager
def no_file_larger_than(size_bytes: int) -> Iterator[None]:
    """As on a disk that becomes full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_what_was_written_stands_there_alone(tmp_path: Path) -> None:
    write_durably(tmp_path / "a", b"octets", mode=0o640)

    assert (tmp_path / "a").read_bytes() == b"octets"
    assert mode_of(tmp_path / "a") == 0o640
    assert names(tmp_path) == ["a"]


def test_what_stood_there_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Whoever has the old file open reads it to its end."""
    file = tmp_path / "a"
    file.write_bytes(b"a longer text than before")
    with file.open("rb") as old:
        write_durably(file, b"new")

        assert (old.read(), file.read_bytes()) == (b"a longer text than before", b"new")


def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "a").symlink_to(tmp_path / "other")

    write_durably(tmp_path / "a", b"new")

    assert (tmp_path / "other").read_bytes() == b"other"
    assert not (tmp_path / "a").is_symlink()


def test_a_link_in_place_of_the_temporary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / f"{TEMPORARY_PREFIX}a").symlink_to(tmp_path / "other")

    with pytest.raises(OSError, match="symbolic links"):
        write_durably(tmp_path / "a", b"new")

    assert (tmp_path / "other").read_bytes() == b"other"


def test_what_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    (tmp_path / f"{TEMPORARY_PREFIX}a").write_bytes(b"half of something longer")

    write_durably(tmp_path / "a", b"new")

    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_full_disk_leaves_what_stood_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    with no_file_larger_than(1000), pytest.raises(OSError, match="too large"):
        write_durably(tmp_path / "a", b"x" * 5000)

    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_place_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    with pytest.raises(IsADirectoryError):
        write_durably(tmp_path / "a", b"new")

    assert names(tmp_path) == ["a"]


def test_the_file_then_its_name_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    monkeypatch.setattr(
        os,
        "fsync",
        lambda descriptor: flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink()),
    )

    write_durably(tmp_path / "a", b"new")

    assert flushed == [tmp_path / f"{TEMPORARY_PREFIX}a", tmp_path]


def test_an_owner_is_set_by_root(as_root: None, tmp_path: Path) -> None:
    write_durably(tmp_path / "a", b"new", owner=NOBODY)
    make_directory(tmp_path / "b" / "c", mode=0o700, owner=NOBODY)

    for path in (tmp_path / "a", tmp_path / "b", tmp_path / "b" / "c"):
        assert (path.stat().st_uid, path.stat().st_gid) == (NOBODY.uid, NOBODY.gid)


def test_directories_that_were_there_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a").chmod(0o755)

    make_directory(tmp_path / "a" / "b" / "c", mode=0o700, owner=None)
    make_directory(tmp_path / "a" / "b" / "c", mode=0o750, owner=None)

    assert [mode_of(tmp_path / path) for path in ("a", "a/b", "a/b/c")] == [0o755, 0o700, 0o700]


def test_a_directory_comes_into_sight_with_its_owner(
    as_root: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before, nothing stands there that the server could not enter."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.chown", killed)
    with pytest.raises(KeyboardInterrupt):
        make_directory(tmp_path / "a", mode=0o700, owner=NOBODY)
    assert names(tmp_path) == []


@pytest.mark.parametrize("known", [True, False])
def test_nothing_is_replaced_by_a_rename(
    known: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not known:
        monkeypatch.setitem(vars(durable._LIBC), "renameat2", None)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    with pytest.raises(FileExistsError):
        rename_to_new(tmp_path / "a", tmp_path / "b")
    rename_to_new(tmp_path / "a", tmp_path / "c")

    assert names(tmp_path) == ["b", "c"]


def test_directories_may_be_made_by_several_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(max_workers=8) as pool:
        for number in range(50):
            place = tmp_path / str(number) / "a" / "b" / "c"
            made = [
                pool.submit(make_directory, place / str(each), mode=0o700, owner=None)
                for each in range(8)
            ]
            assert [each.result() for each in made] == [None] * 8


def test_a_file_in_the_place_of_a_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")

    with pytest.raises(FileExistsError):
        make_directory(tmp_path / "a", mode=0o700, owner=None)


def test_a_private_file_is_ours_alone_and_new(tmp_path: Path) -> None:
    with new_private_file(tmp_path / "a") as file:
        file.write("text")

    assert mode_of(tmp_path / "a") == 0o600
    with pytest.raises(FileExistsError):
        new_private_file(tmp_path / "a")
    assert (tmp_path / "a").read_text("ascii") == "text"


def test_a_private_file_takes_ascii_only(tmp_path: Path) -> None:
    with new_private_file(tmp_path / "a") as file, pytest.raises(UnicodeEncodeError):
        file.write("\u00e9")


@pytest.mark.parametrize("flush", [flush_directory, flush_file_system])
def test_only_a_directory_is_flushed_as_one(tmp_path: Path, flush: object) -> None:
    assert callable(flush)
    (tmp_path / "a").write_bytes(b"")

    flush(tmp_path)

    with pytest.raises(NotADirectoryError):
        flush(tmp_path / "a")
    flush_file(tmp_path / "a")


def test_a_directory_hands_its_group_down_as_the_server_s_own_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o2750)

    make_directory(tmp_path / "a" / "b", mode=0o700, owner=None)

    modes = [(tmp_path / each).stat().st_mode & 0o7777 for each in ("a", "a/b")]
    assert modes == [0o2700, 0o2700]
