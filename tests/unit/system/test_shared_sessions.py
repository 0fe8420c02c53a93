from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest

from respool.errors import ServerSaidNo, ServerUnreachable
from respool.system import shared_sessions
from respool.system.imap import ImapSession, is_alive
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from respool.system.shared_sessions import SharedSessions
from tests.support.kept_mail import KeptMessage
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
def sessions(*offer: str) -> Iterator[tuple[Entered, SharedSessions]]:
    with StandInServer(("IMAP4rev1", "AUTH=PLAIN", *offer)) as server:
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


def test_once_one_has_failed_all_are_looked_at_before_they_are_lent() -> None:
    """A server that is gone has ended all of them: it is told of once."""
    with sessions() as (entered, shared):
        with shared.one(), shared.one(), shared.one():
            pass
        entered.cut()
        with pytest.raises(ServerUnreachable), shared.one() as session:
            session.ask("NOOP")
        with shared.one() as session:
            session.ask("NOOP")

    assert len(entered) == 4


def test_one_that_is_lent_while_all_are_closed_is_closed_after_that() -> None:
    with sessions() as (entered, shared):
        with shared.one() as lent:
            shared.close()
            lent.ask("NOOP")
        assert not is_alive(lent)
        with shared.one() as anew:
            anew.ask("NOOP")

    assert len(entered) == 2


@pytest.mark.parametrize("offer", [("UNSELECT",), ()], ids=["can-leave", "cannot"])
def test_nobody_gets_one_with_a_folder_open(offer: tuple[str, ...]) -> None:
    with sessions(*offer) as (entered, shared):
        with shared.one() as session:
            session.open_to_read("INBOX")
        with shared.one() as session, pytest.raises(ServerSaidNo):
            session.ask("SEARCH", "ALL", response="SEARCH")

    assert len(entered) == (1 if offer else 2)


def test_threads_that_ask_at_once_never_share_one() -> None:
    with sessions() as (entered, shared):
        in_use: set[int] = set()
        doubled: list[int] = []
        together = threading.Barrier(4)

        def ask() -> None:
            together.wait()
            for _ in range(25):
                with shared.one() as session:
                    if id(session) in in_use:
                        doubled.append(id(session))
                    in_use.add(id(session))
                    session.ask("NOOP")
                    in_use.discard(id(session))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    assert doubled == []
    assert len(entered) <= 4


def test_one_whose_answer_was_not_read_to_its_end_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is left of it would be taken for the next answer."""
    with sessions() as (entered, shared):
        with shared.one():
            pass
        monkeypatch.setattr("imaplib._MAXLINE", 10)
        with pytest.raises(ServerUnreachable, match="gone"), shared.one() as session:
            session.ask("LIST", '""', '"*"', response="LIST")
        monkeypatch.undo()
        with shared.one() as session:
            session.ask("NOOP")

    assert len(entered) == 2


def test_a_search_among_very_many_messages_is_one_long_line() -> None:
    """The library alone would stop at a million octets, and leave the rest for the next answer."""
    many = 200_000
    with StandInServer(("IMAP4rev1", "AUTH=PLAIN", "UNSELECT")) as server:
        one = KeptMessage(uid=1, octets=b"", flags=set(), internaldate=datetime.now(UTC))
        server.add_account("jdoe").folders["INBOX"].messages.extend([one] * many)
        shared = SharedSessions(Entered(server).enter)
        with closing(shared), shared.one() as session:
            session.open_to_read("INBOX")
            found = session.ask("SEARCH", "ALL", response="SEARCH")

    assert len(" ".join(map(str, range(1, many + 1)))) > 1_000_000
    assert list(map(int, found)) == list(range(1, many + 1))
