"""Whether mailboxes of a run are still the same: when the server is asked."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from respool.cyrus.header import MAGIC, MOTTO
from respool.errors import ProgramFailed, StepFailed
from respool.planning.step import ACCOUNT_LANE
from respool.system.cyrus_server import MailboxDirectories
from respool.targets.spool import created
from respool.targets.spool.created import CreatedMailboxes
from respool.targets.spool.steps import CreateMailbox

MAILBOX = "user/jdoe/back@bluemind.loc"
ID, ANOTHER = "6f0a3c1e", "99999999"


class Server:
    """Tells what it is given; counts the questions."""

    version = (3, 6, 1)
    configuration = SimpleNamespace(meta_kinds=frozenset())

    def __init__(self, data: Path) -> None:
        self.told: tuple[str | None, str | None] = (ID, "default")
        self.data = data
        self.is_known = True
        self.questions = 0

    def id_and_partition(self, _mailbox: str) -> tuple[str | None, str | None]:
        self.questions += 1
        return self.told

    def directories_of(self, names: list[str]) -> dict[str, MailboxDirectories]:
        return {each: self.directories(each) for each in names if self.is_known}

    def directories(self, mailbox: str) -> MailboxDirectories:
        if not self.is_known:
            raise ProgramFailed(f"mbpath does not know {mailbox}")
        return MailboxDirectories(data=self.data, meta=self.data)


class Record:
    """A run that has made one mailbox."""

    overtaken: frozenset[str] = frozenset()
    number = 1

    def steps_of_lane(self, lane: str) -> list[tuple[int, CreateMailbox]]:
        step = CreateMailbox(lane=lane, mailbox=MAILBOX, partition="default", is_seen_shared=False)
        return [(1, step)] if lane == ACCOUNT_LANE else []

    def receipt(self, _number: int) -> dict[str, Any]:
        return {"uniqueid": ID, "uidvalidity": 7}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """It has the mailbox, and the id in its header."""
    found = Server(tmp_path)
    write_header(found, ID)
    return found


@pytest.fixture
def mailboxes(server: Server) -> CreatedMailboxes:
    """Of that run, on that server, which has just made it."""
    found = CreatedMailboxes(server, Record())  # type: ignore[arg-type]
    found.note_seen(MAILBOX)
    return found


def write_header(server: Server, uniqueid: str) -> None:
    text = f"\t{uniqueid}\n\n\n\n"
    (server.data / "cyrus.header").write_bytes(MAGIC + MOTTO + text.encode())


def test_nobody_is_asked_for_each_group_of_copies(
    server: Server, mailboxes: CreatedMailboxes
) -> None:
    found = [mailboxes.directories_to_copy(MAILBOX).data for _ in range(3)]
    assert (found, server.questions) == ([server.data] * 3, 0)


def test_a_run_that_is_gone_on_with_asks_before_the_first_copy(server: Server) -> None:
    mailboxes = CreatedMailboxes(server, Record())  # type: ignore[arg-type]
    for _ in range(2):
        mailboxes.directories_to_copy(MAILBOX)
    assert server.questions == 1


def test_of_a_folder_that_was_made_a_while_ago_the_first_copy_asks(
    server: Server, mailboxes: CreatedMailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account may have many folders, and their turn comes late."""
    later = time.monotonic() + 60
    monkeypatch.setattr(time, "monotonic", lambda: later)
    for _ in range(2):
        mailboxes.directories_to_copy(MAILBOX)
    assert server.questions == 1


def test_who_writes_an_index_asks_each_time(server: Server, mailboxes: CreatedMailboxes) -> None:
    for _ in range(2):
        mailboxes.directories(MAILBOX)
    assert server.questions == 2


def test_the_server_is_asked_again_after_a_while(
    server: Server, mailboxes: CreatedMailboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailboxes.directories_to_copy(MAILBOX)
    monkeypatch.setattr(created, "_STANDS_SECONDS", 0.0)
    server.told = (ANOTHER, "default")
    with pytest.raises(StepFailed, match="not the folder any more"):
        mailboxes.directories_to_copy(MAILBOX)
    assert server.questions == 1


def test_a_header_of_another_is_seen_at_once(server: Server, mailboxes: CreatedMailboxes) -> None:
    mailboxes.directories_to_copy(MAILBOX)
    write_header(server, ANOTHER)
    server.told = (ANOTHER, "default")
    with pytest.raises(StepFailed, match="not the folder any more"):
        mailboxes.directories_to_copy(MAILBOX)


def test_a_folder_that_a_later_run_fills_is_seen_at_once(server: Server) -> None:
    record = Record()
    mailboxes = CreatedMailboxes(server, record)  # type: ignore[arg-type]
    mailboxes.directories_to_copy(MAILBOX)
    record.overtaken = frozenset({MAILBOX})
    with pytest.raises(StepFailed, match="a later run"):
        mailboxes.directories_to_copy(MAILBOX)
    assert server.questions == 1


def test_a_directory_that_is_not_named_any_more_is_another(
    server: Server, mailboxes: CreatedMailboxes
) -> None:
    server.is_known = False
    server.told = (None, None)
    with pytest.raises(StepFailed, match="not the folder any more"):
        mailboxes.directories_to_copy(MAILBOX)


def test_of_a_server_that_tells_no_partition_each_group_asks(
    server: Server, mailboxes: CreatedMailboxes
) -> None:
    server.version = (2, 4, 22)
    server.told = (ID, None)
    for _ in range(2):
        mailboxes.directories_to_copy(MAILBOX)
    assert server.questions == 2
