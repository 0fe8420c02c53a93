from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from respool.system.append import append_line


def test_lines_follow_each_other_in_a_file_of_our_own(tmp_path: Path) -> None:
    file = tmp_path / "access.log"

    append_line(file, b"one", is_flushed=False)
    append_line(file, b"two", is_flushed=True)

    assert file.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_line_that_was_cut_off_stays_one_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    file.write_bytes(b'{"at": "20')

    append_line(file, b"next", is_flushed=False)

    assert file.read_bytes() == b'{"at": "20\nnext\n'


def test_a_line_of_which_only_a_part_fits_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", lambda _descriptor, octets: len(octets) - 1)

    with pytest.raises(OSError, match="space") as caught:
        append_line(tmp_path / "access.log", b"line", is_flushed=False)

    assert caught.value.errno == errno.ENOSPC


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "access.log").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic"):
        append_line(tmp_path / "access.log", b"line", is_flushed=False)

    assert not (tmp_path / "elsewhere").exists()
