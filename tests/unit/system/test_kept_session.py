from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from respool.errors import ServerSaidNo
from respool.system.imap import ImapSession
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from respool.system.kept_session import KeptSession
from respool.system.subscriptions import subscribed_names
from tests.support.stand_in_server import StandInServer

OFFER = ("IMAP4rev1", "AUTH=PLAIN", "UNSELECT")


class Door:
    """A server with two accounts, and who has entered it."""

    def __init__(self, server: StandInServer) -> None:
        self._server = server
        self.entered: list[str] = []

    def enter(self, user: str) -> ImapSession:
        self.entered.append(user)
        credentials = Credentials(user=user, password=self._server.password)
        return enter(ImapAddress(port=self._server.port), credentials, Trust())

    def cut(self) -> None:
        """End all sessions."""
        self._server.cut_all()


@contextmanager
def a_door(offer: tuple[str, ...] = OFFER) -> Iterator[tuple[Door, KeptSession]]:
    with StandInServer(offer) as server:
        for login in ("jdoe", "alice"):
            server.add_account(login)
        door = Door(server)
        with closing(KeptSession(door.enter)) as kept:
            yield door, kept


def test_what_follows_for_the_same_user_is_done_in_the_same_session() -> None:
    with a_door() as (door, kept):
        with kept.of("jdoe") as first:
            first.open_to_read("INBOX")
        with kept.of("jdoe") as second:
            assert second is first
            assert "INBOX" in subscribed_names(second)

    assert door.entered == ["jdoe"]


def test_another_user_has_a_session_of_his_own() -> None:
    with a_door() as (door, kept):
        for user in ("jdoe", "alice", "jdoe"):
            with kept.of(user):
                pass

    assert door.entered == ["jdoe", "alice", "jdoe"]


def test_two_at_the_same_time_never_share_one() -> None:
    with a_door() as (_, kept), kept.of("jdoe") as one, kept.of("jdoe") as other:
        assert other is not one


def test_a_session_in_which_something_failed_is_not_used_again() -> None:
    with a_door() as (door, kept):
        with pytest.raises(ServerSaidNo), kept.of("jdoe") as first:
            first.open_to_read("nowhere")
        with kept.of("jdoe"):
            pass

    assert door.entered == ["jdoe", "jdoe"]


def test_where_a_folder_cannot_be_left_the_session_ends() -> None:
    with a_door(("IMAP4rev1", "AUTH=PLAIN")) as (door, kept):
        for _ in range(2):
            with kept.of("jdoe") as session:
                session.open_to_read("INBOX")

    assert door.entered == ["jdoe", "jdoe"]


def test_what_was_done_stays_done_where_the_session_is_cut_before_its_folder_is_left() -> None:
    with a_door() as (door, kept):
        with kept.of("jdoe") as session:
            session.open_to_read("INBOX")
            door.cut()
        with kept.of("jdoe") as session:
            session.open_to_read("INBOX")

    assert door.entered == ["jdoe", "jdoe"]


def test_a_session_that_the_server_ended_meanwhile_is_not_used_again() -> None:
    with a_door() as (door, kept):
        with kept.of("jdoe"):
            pass
        door.cut()
        with kept.of("jdoe") as session:
            session.open_to_read("INBOX")

    assert door.entered == ["jdoe", "jdoe"]
