from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from respool.errors import ServerSaidNo, ServerUnreachable
from respool.system import shared_sessions
from respool.system.imap import ImapSession
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from respool.system.shared_sessions import SharedSessions
from tests.support.stand_in_server import StandInServer


class Entered(list[ImapSession]):
    """The sessions of a server that were begun, and what cuts all of them."""

    def __init__(self, server: StandInServer) -> None:
        super().__init__()
        self._server = server

    def enter(self) -> ImapSession:
        credentials = Credentials(user="jdoe", password=self._server.password)
        self.append(enter(ImapAddress(port=self._server.port), credentials, Trust()))
        return self[-1]

    def cut(self) -> None:
        self._server.cut_all()


@contextmanager
def sessions() -> Iterator[tuple[Entered, SharedSessions]]:
    with StandInServer(("IMAP4rev1", "AUTH=PLAIN")) as server:
        server.add_account("jdoe")
        entered = Entered(server)
        with closing(SharedSessions(entered.enter)) as shared:
            yield entered, shared


def test_who_asks_after_another_has_his_session() -> None:
    with sessions() as (entered, shared):

        def ask() -> None:
            with shared.one() as session:
                session.ask("NOOP")

        for _ in range(5):
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join()
        ask()

    assert len(entered) == 1


def test_who_asks_at_the_same_time_has_one_of_his_own() -> None:
    with sessions() as (entered, shared), shared.one() as first, shared.one() as second:
        assert first is not second
        assert len(entered) == 2


def test_a_refusal_ends_no_session() -> None:
    with sessions() as (entered, shared):
        with pytest.raises(ServerSaidNo), shared.one() as session:
            session.ask("NONSENSE")
        with shared.one() as session:
            session.ask("NOOP")

    assert len(entered) == 1


def test_one_that_failed_otherwise_is_not_used_again() -> None:
    with sessions() as (entered, shared):
        with shared.one():
            entered.cut()
        with pytest.raises(ServerUnreachable), shared.one() as session:
            session.ask("NOOP")
        with pytest.raises(KeyError), shared.one():
            raise KeyError
        with shared.one() as session:
            session.ask("NOOP")

    assert len(entered) == 3


def test_one_that_was_idle_for_long_is_looked_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server ends such sessions."""
    with sessions() as (entered, shared):
        with shared.one():
            pass
        monkeypatch.setattr(shared_sessions, "_IDLE_SECONDS", -1.0)
        with shared.one() as still:
            assert still is entered[0]
        entered.cut()
        with shared.one() as anew:
            anew.ask("NOOP")

    assert len(entered) == 2
