"""Restores that are taken back by themselves: a rehearsal at once, others when they are due."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from respool.app.due import due_runs, undo_due
from respool.app.undo import UndoConversation
from tests.support.as_before import as_before
from tests.support.directions import INTO, fresh_target
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages
from tests.support.restoring import Workplace, restored, settings_for, wish
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
SOURCE = SPOOLS["3.4.9"]
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n")
AGREEING = UndoConversation(agree=lambda _run, _head: True, on_begin=lambda _run, _head: None)


def test_a_rehearsal_is_proven_and_leaves_nothing(
    restoring_uuid: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    place = Workplace(server=restoring_uuid, backups=unpacked(SOURCE), state=tmp_path / "state")
    target = fresh_target(restoring_uuid, "user")
    before = as_before(restoring_uuid, target)

    done = place.run("restore", JDOE, "--to", target.written, "--rehearse", "--yes", "--json")

    assert (done.status, done.json["verdict"]) == (0, "proven"), done.errors
    assert done.json["rehearsal"] == {"taken_back": True, "kept": []}
    assert done.json["into"].startswith("rehearsal-")
    assert as_before(restoring_uuid, target) == before
    assert [each["state"] for each in place.run("runs", "--json").json["runs"]] == ["undone"]
    kept = (place.state / "runs" / "1" / "receipt.txt").read_text("utf-8")
    assert "a rehearsal: all of it was taken back again" in kept


def test_what_is_due_is_taken_back_and_what_somebody_touched_is_left(
    restoring_names: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    """
    Nothing goes before its time, nor what has none.
    """
    settings = settings_for(restoring_names, unpacked(SOURCE), tmp_path / "state")
    target, touched, other = (fresh_target(restoring_names, "user") for _ in range(3))
    before = as_before(restoring_names, target)
    wanted = wish(JDOE, "INBOX", into=INTO, remove_after=timedelta(hours=1))
    for each in (target, touched):
        restored(settings, replace(wanted, to=each.written))
    restored(settings, replace(wanted, to=other.written, remove_after=None))
    with restoring_names.client_as(touched.login) as client:
        append_messages(client, INTO, [NEW])
    now = datetime.now(UTC)
    assert due_runs(settings, now=now) == ()
    assert due_runs(settings, now=now + timedelta(hours=2)) == (1, 2)
    _let_pass(settings.state / "journal.db")

    first, second = undo_due(settings, AGREEING)

    assert first.report is not None
    assert first.report.state.value == "undone"
    assert as_before(restoring_names, target).folders == before.folders
    assert second.report is not None
    assert "1 message is new" in str(second.report.kept[0].kept)
    assert due_runs(settings, now=now + timedelta(days=9)) == ()
    with restoring_names.client_as(other.login) as client:
        assert client.folder_exists(INTO)


def _let_pass(journal: Path) -> None:
    """As if two hours had gone by."""
    import sqlite3  # noqa: PLC0415 - the journal's own module is the only importer else

    long_ago = (datetime.now(UTC) - timedelta(hours=2)).isoformat(timespec="seconds")
    with sqlite3.connect(journal) as database:
        database.execute("UPDATE run SET ended_at = ?", (long_ago,))
    database.close()
