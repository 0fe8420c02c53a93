from __future__ import annotations

from pathlib import Path

import pytest

from respool.system.cyrus_server import MailboxDirectories
from respool.targets.spool.live_files import (
    foreign_files,
    forget_unfinished,
    message_directories,
    message_files,
    note_unfinished,
    unfinished_files,
    waiting_files,
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

    assert message_files(directories.data) == {"1.", "42.", "7."}


def test_copies_that_wait_are_ours_alone(directories: MailboxDirectories) -> None:
    """
    Neither the note, nor a cache that waits, nor what somebody else hides is a message.
    """
    put(directories.data, ".respool-1.", ".respool-filling", ".respool-cyrus.cache", "1.", ".2.")
    put(directories.data, ".respool-x.", ".respool-", ".respool-01.")

    found = waiting_files(directories.data)

    assert found[".respool-1."] == "1."
    assert set(found) <= {".respool-1.", ".respool-01."}


def test_what_no_run_of_ours_was_naming_is_somebody_s_mail(
    directories: MailboxDirectories,
) -> None:
    assert directories.archive is not None
    put(directories.data, "1.", "2.", "9.")
    put(directories.archive, "3.", "8.")

    assert foreign_files(directories) == {"1.", "2.", "3.", "8.", "9."}
    note_unfinished(directories, ["2.", "1.", "3.", "4."])
    assert unfinished_files(directories) == {"1.", "2.", "3.", "4."}
    assert foreign_files(directories) == {"8.", "9."}
    forget_unfinished(directories)
    forget_unfinished(directories)
    assert unfinished_files(directories) == frozenset()
    assert foreign_files(directories) == {"1.", "2.", "3.", "8.", "9."}


@pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"../1. x cyrus.index 1", b"1.\x00 2."])
def test_a_note_that_is_spoilt_makes_nothing_ours(
    note: bytes, directories: MailboxDirectories
) -> None:
    put(directories.data, "1.")
    (directories.data / ".respool-filling").write_bytes(note)

    assert foreign_files(directories) == {"1."}


def test_a_directory_that_is_not_there_yet_holds_nothing(tmp_path: Path) -> None:
    """
    With metadata elsewhere a server makes the data directory for the first message.
    """
    absent = MailboxDirectories(data=tmp_path / "no", meta=tmp_path, archive=tmp_path / "none")

    assert list(message_directories(absent)) == []
    assert foreign_files(absent) == frozenset()
    assert unfinished_files(absent) == frozenset()
