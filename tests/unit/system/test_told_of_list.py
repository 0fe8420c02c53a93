"""What programs told of a list of mailboxes, and when it has to be asked again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from respool.system.programs import Finished
from respool.system.told_of_list import ToldOfList

WORDS = ("mbpath", "--", "user/jdoe")
LONG_AGO = 1_000_000_000


def said(output: str, status: int = 0) -> Finished:
    return Finished(command=WORDS, status=status, signal_name=None, output=output, errors="")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A list that nobody has written to for long."""
    made = tmp_path / "mailboxes.db"
    made.write_bytes(b"list")
    os.utime(made, (LONG_AGO, LONG_AGO))
    return made


def told_after(
    file: Path, change: Callable[[], object], *, answer: Finished | None = None
) -> bool:
    """Whether an answer still stands after a change."""
    memory = ToldOfList(file, "twoskip")
    with memory.asking() as told:
        told[WORDS] = answer or said("/spool/jdoe\n")
    change()
    with memory.asking() as told:
        return WORDS in told


def test_what_was_told_stands_while_nobody_writes_to_the_list(file: Path) -> None:
    assert told_after(file, lambda: None)


@pytest.mark.parametrize("octets", [b"tsil", b"longer"])
def test_it_is_asked_again_once_somebody_wrote(file: Path, octets: bytes) -> None:
    assert not told_after(file, lambda: file.write_bytes(octets))


def test_a_list_that_another_took_the_place_of_is_another(file: Path, tmp_path: Path) -> None:
    def replaced() -> None:
        other = tmp_path / "other"
        other.write_bytes(b"tsil")
        os.utime(other, (LONG_AGO, LONG_AGO))
        other.replace(file)

    assert not told_after(file, replaced)


def test_of_a_list_that_was_written_to_a_moment_ago_nothing_is_kept(file: Path) -> None:
    """It may be written to again within one tick of the file system's clock."""
    os.utime(file)
    assert not told_after(file, lambda: None)


def test_a_program_that_failed_is_asked_again(file: Path) -> None:
    assert not told_after(file, lambda: None, answer=said("", status=75))


def test_more_than_fits_is_not_kept(file: Path) -> None:
    assert not told_after(file, lambda: None, answer=said("x" * (2 << 20)))


def test_a_list_of_another_kind_tells_nothing_by_its_file(file: Path) -> None:
    """SQL, LMDB and zeroskip are no single file that is written by write(2)."""
    memory = ToldOfList(file, "lmdb")
    with memory.asking() as told:
        told[WORDS] = said("/spool/jdoe\n")
    with memory.asking() as told:
        assert not told


def test_a_list_that_is_not_there_is_asked_of_each_time(tmp_path: Path) -> None:
    assert not told_after(tmp_path / "none", lambda: None)
