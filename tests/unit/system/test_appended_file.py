from __future__ import annotations

import stat
from pathlib import Path

import pytest

from respool.system.appended_file import AppendedFile, cut_back, make_empty_file


def test_what_lies_beyond_the_start_goes_first(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"whole|half")
    with AppendedFile(file, 6) as appended:
        appended.write(b"new")
        assert appended.position == 9
        appended.flush()
    assert file.read_bytes() == b"whole|new"


def test_octets_are_patched_and_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "f"
    make_empty_file(file)
    with AppendedFile(file, 0) as appended:
        appended.write(b"....one")
        appended.write(b"two")
        appended.rewind(7)
        appended.patch(0, b"head")
        appended.write(b"!")
        mtime_ns = appended.flush()
    assert file.read_bytes() == b"headone!"
    assert file.stat().st_mtime_ns == mtime_ns


def test_a_file_that_lost_octets_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"ab")
    with pytest.raises(OSError, match="lost octets"):
        AppendedFile(file, 3)
    assert file.read_bytes() == b"ab"


def test_a_new_file_is_ours_alone_and_stands_in_nobody_s_place(tmp_path: Path) -> None:
    file, other = tmp_path / "f", tmp_path / "g"
    make_empty_file(file)
    make_empty_file(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    other.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        make_empty_file(other)
    assert other.read_bytes() == b"mine"


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(FileExistsError):
        make_empty_file(tmp_path / "link")
    with pytest.raises(OSError, match="link"):
        AppendedFile(tmp_path / "link", 0)


def test_a_group_that_failed_is_cut_away(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_bytes(b"whole|half")
    cut_back(file, 6)
    cut_back(tmp_path / "gone", 6)
    assert file.read_bytes() == b"whole|"
