from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from respool.system.cyrus_server import MailboxDirectories
from respool.targets.spool.live_files import (
    files_in,
    foreign_files,
    forget_unfinished,
    message_directories,
    note_unfinished,
    one_by_one,
    unfinished_files,
)


@pytest.fixture
def directories(tmp_path: Path) -> MailboxDirectories:
    """Data and archive directory of a mailbox, empty."""
    for name in ("data", "archive"):
        (tmp_path / name).mkdir()
    return MailboxDirectories(
        data=tmp_path / "data", meta=tmp_path / "meta", archive=tmp_path / "archive"
    )


def put(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).write_bytes(b"x")


def test_message_files_are_told_from_what_else_lies_there(directories: MailboxDirectories) -> None:
    """
    A subfolder that is called like one counts: nothing may take its place.
    """
    put(directories.data, "1.", "42.", "cyrus.index", ".respool-1.", ".respool-filling", "notes")
    (directories.data / "7.").mkdir()
    (directories.data / "Sent").mkdir()

    found = files_in(directories.data)
    assert (found.uids.tolist(), found.no_files.tolist()) == ([1, 7, 42], [7])
    assert files_in(directories.data).odd == frozenset()


def test_copies_that_wait_are_ours_alone(directories: MailboxDirectories) -> None:
    """
    Neither the note, nor a cache that waits, nor what somebody else hides is a message.
    """
    put(directories.data, ".respool-1.", ".respool-filling", ".respool-cyrus.cache", "1.", ".2.")
    put(directories.data, ".respool-x.", ".respool-", ".respool-01.")

    assert files_in(directories.data).waiting.tolist() == [1]
    assert files_in(directories.data).uids.tolist() == [1]


def test_a_name_that_is_nearly_a_message_s_is_somebody_s(directories: MailboxDirectories) -> None:
    put(directories.data, "01.", "4294967296.", "2.")

    assert files_in(directories.data).odd == {"01.", "4294967296."}
    assert len(foreign_files(directories)) == 3


def test_what_no_run_of_ours_was_naming_is_somebody_s_mail(
    directories: MailboxDirectories,
) -> None:
    assert directories.archive is not None
    put(directories.data, "1.", "2.", "9.")
    put(directories.archive, "3.", "8.")

    assert foreign_files(directories).uids.tolist() == [1, 2, 3, 8, 9]
    note_unfinished(directories, np.array([1, 2, 3, 4], dtype="u4"))
    assert unfinished_files(directories).tolist() == [1, 2, 3, 4]
    assert foreign_files(directories).uids.tolist() == [8, 9]
    forget_unfinished(directories)
    forget_unfinished(directories)
    assert unfinished_files(directories).tolist() == []
    assert foreign_files(directories).uids.tolist() == [1, 2, 3, 8, 9]


def test_a_note_of_many_is_read_back_whole(directories: MailboxDirectories) -> None:
    uids = np.arange(1, 10_001, dtype="u4")

    note_unfinished(directories, uids)

    assert (unfinished_files(directories) == uids).all()
    assert list(one_by_one(uids)) == uids.tolist()


@pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"../1. x cyrus.index 1", b"1.\x00 2."])
def test_a_note_that_is_spoilt_makes_nothing_ours(
    note: bytes, directories: MailboxDirectories
) -> None:
    put(directories.data, "1.")
    (directories.data / ".respool-filling").write_bytes(note)

    assert foreign_files(directories).uids.tolist() == [1]


def test_a_directory_that_is_not_there_yet_holds_nothing(tmp_path: Path) -> None:
    """
    With metadata elsewhere a server makes the data directory for the first message.
    """
    absent = MailboxDirectories(data=tmp_path / "no", meta=tmp_path, archive=tmp_path / "none")

    assert list(message_directories(absent)) == []
    assert len(foreign_files(absent)) == 0
    assert len(unfinished_files(absent)) == 0
