from __future__ import annotations

from pathlib import Path

import pytest

from respool.system.nameless_file import NamelessFile


def test_octets_come_back_from_where_they_were_put(tmp_path: Path) -> None:
    file = NamelessFile(tmp_path)
    places = {file.put(octets): octets for octets in (b"one", b"", b"three" * 100_000)}

    assert all(file.get(place, len(octets)) == octets for place, octets in places.items())


def test_nothing_stands_in_its_directory(tmp_path: Path) -> None:
    NamelessFile(tmp_path).put(b"octets")

    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_directory_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        NamelessFile(tmp_path / "gone")


def test_octets_that_are_not_there_are_an_error_and_not_awaited(tmp_path: Path) -> None:
    file = NamelessFile(tmp_path)
    file.put(b"few")

    with pytest.raises(OSError, match="shorter"):
        file.get(0, 4)
