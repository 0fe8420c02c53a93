"""Rights that the administrator had borrowed go back, though the command was killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.system.borrowed_rights import borrowed_rights, give_back
from respool.system.cyrus_server import CyrusServer, ServerAccess, reach_server
from tests.support.directions import fresh_target
from tests.support.private_cyrus import PrivateCyrus

pytestmark = pytest.mark.needs_cyrus


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "borrowed"


@pytest.fixture
def server(restoring_names: PrivateCyrus, notes: Path) -> Iterator[CyrusServer]:
    access = ServerAccess(imapd_conf=restoring_names.imapd_conf, borrowed=notes)
    with reach_server(access) as reached:
        yield reached


def killed_while_borrowing(server: CyrusServer, mailbox: str, notes: Path) -> str:
    """As a command leaves it that is killed in the block; what he had before."""
    former = server.admin.acl(mailbox).get(server.admin_name, "")
    with borrowed_rights(server, mailbox, "lrn"):
        (note,) = notes.iterdir()
        told = note.read_bytes()
        given = server.admin.acl(mailbox)[server.admin_name]
    assert list(notes.iterdir()) == []
    server.admin.set_rights(mailbox, server.admin_name, given)
    (notes / "of-a-killed-command.json").write_bytes(told)
    return former


def test_they_are_given_back_by_the_next_command(
    server: CyrusServer, restoring_names: PrivateCyrus, notes: Path
) -> None:
    mailbox = fresh_target(restoring_names, "user").root
    former = killed_while_borrowing(server, mailbox, notes)
    assert server.admin.acl(mailbox).get(server.admin_name, "") != former

    give_back(server)

    assert server.admin.acl(mailbox).get(server.admin_name, "") == former
    assert list(notes.iterdir()) == []


def test_what_somebody_changed_meanwhile_stays(
    server: CyrusServer, restoring_names: PrivateCyrus, notes: Path
) -> None:
    mailbox = fresh_target(restoring_names, "user").root
    killed_while_borrowing(server, mailbox, notes)
    server.admin.set_rights(mailbox, server.admin_name, "l")

    give_back(server)

    assert server.admin.acl(mailbox)[server.admin_name] == "l"
    assert list(notes.iterdir()) == []


def test_those_of_a_command_that_runs_are_left_to_it(
    server: CyrusServer, restoring_names: PrivateCyrus, notes: Path
) -> None:
    mailbox = fresh_target(restoring_names, "user").root
    with borrowed_rights(server, mailbox, "lrn"):
        given = server.admin.acl(mailbox)
        give_back(server)
        assert server.admin.acl(mailbox) == given
