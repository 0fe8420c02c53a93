"""The journal's file, when it is let go while other threads are at it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from respool.errors import JournalError
from respool.runs.database import Database

PRUNED = "DELETE FROM run"


def test_it_is_let_go_only_once_no_thread_is_in_the_midst_of_a_change(tmp_path: Path) -> None:
    database = Database(tmp_path / "journal.db")
    closing = threading.Thread(target=database.close)

    with database.transaction() as cursor:
        cursor.execute(PRUNED)
        closing.start()
        closing.join(timeout=0.2)
        assert closing.is_alive()
        cursor.execute(PRUNED)

    closing.join()


def test_what_comes_too_late_is_told_as_any_trouble_with_the_journal(tmp_path: Path) -> None:
    database = Database(tmp_path / "journal.db")
    database.close()

    with pytest.raises(JournalError), database.transaction() as cursor:
        cursor.execute(PRUNED)
    with pytest.raises(JournalError):
        database.write(PRUNED, ())
    with pytest.raises(JournalError):
        database.one("SELECT 1", ())
