from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace

import pytest

from respool.errors import LoginRefused, ServerUnreachable
from respool.system import starting
from respool.system.imap import ImapSession
from respool.system.imap_connection import TakesOneAtATime
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from respool.system.imap_server import ImapServer
from tests.support.stand_in_server import StandInServer

OFFER = ("IMAP4rev1", "AUTH=PLAIN")


class Gate:
    """Lets so many sessions in, and then nobody."""

    def __init__(self, server: StandInServer, most: int) -> None:
        self._server = server
        self._most = most
        self.asked = 0

    def enter(self, user: str) -> ImapSession:
        self.asked += 1
        if self.asked > self._most:
            raise LoginRefused("no more connections")
        credentials = Credentials(user=user, password=self._server.password)
        return enter(ImapAddress(port=self._server.port), credentials, Trust())


def reached(gate: Gate) -> ImapServer:
    return ImapServer(where="imap://here", login="jdoe", user="jdoe", enter=gate.enter)


def test_another_session_is_given_beside_the_first_and_kept_for_the_next() -> None:
    with StandInServer(OFFER) as server:
        server.add_account("jdoe")
        gate = Gate(server, most=2)
        far = reached(gate)
        for _ in range(2):
            with far.session() as one, far.another() as other:
                assert other is not None
                assert other is not one
        far.close()

    assert gate.asked == 2


def test_where_the_server_gives_no_other_session_it_is_not_asked_again() -> None:
    with StandInServer(OFFER) as server:
        server.add_account("jdoe")
        gate = Gate(server, most=1)
        far = reached(gate)
        for _ in range(2):
            with far.session(), far.another() as other:
                assert other is None
        far.close()

    assert gate.asked == 2


def test_where_it_gives_no_more_the_others_that_there_are_are_used_again() -> None:
    with StandInServer(OFFER) as server:
        server.add_account("jdoe")
        gate = Gate(server, most=2)
        far = reached(gate)
        for _ in range(2):
            with far.session(), far.another() as other, far.another() as third:
                assert other is not None
                assert third is None
        far.close()

    assert gate.asked == 3


def test_only_so_many_are_used_beside_others_by_all_together() -> None:
    with StandInServer(OFFER) as server, ExitStack() as stack:
        server.add_account("jdoe")
        far = reached(Gate(server, most=20))
        stack.callback(far.close)
        with ExitStack() as lanes:
            of_one = [lanes.enter_context(far.another()) for _ in range(3)]
            of_another = lanes.enter_context(far.another())

            assert None not in of_one
            assert of_another is None
        assert stack.enter_context(far.another()) is not None


def test_several_others_log_in_side_by_side() -> None:
    together = threading.Barrier(2)
    with StandInServer(OFFER) as server:
        server.add_account("jdoe")
        gate = Gate(server, most=3)

        def enter(user: str) -> ImapSession:
            together.wait(5)
            return gate.enter(user)

        far = replace(reached(gate), enter=enter)
        with far.others(2) as beside:
            assert len(set(map(id, beside))) == 2
        with far.others(2) as again:
            assert {*map(id, again)} == {*map(id, beside)}
        far.close()

    assert gate.asked == 2


def test_of_several_others_those_are_used_that_the_server_gives() -> None:
    with StandInServer(OFFER) as server:
        server.add_account("jdoe")
        far = reached(Gate(server, most=2))
        with far.session(), far.others(3) as beside:
            assert len(beside) == 1
        with far.session(), far.others(0) as none:
            assert none == []
        far.close()


def test_where_no_thread_can_be_started_nobody_logs_in_beside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(starting, "most_threads", lambda _count: 0)
    with StandInServer(OFFER) as server:
        server.add_account("jdoe")
        far = reached(Gate(server, most=9))
        with far.session(), far.others(2) as beside:
            assert beside == []
        far.close()


def test_what_goes_wrong_with_both_sessions_is_not_taken_for_a_refusal() -> None:
    with StandInServer(OFFER) as server:
        server.add_account("jdoe")
        far = reached(Gate(server, most=9))
        with pytest.raises(ServerUnreachable), far.session(), far.another():
            raise ServerUnreachable("gone")
        with far.session(), far.another() as other:
            assert other is not None
        far.close()


def test_a_server_that_takes_mail_over_one_at_a_time_is_asked_for_no_other_any_more() -> None:
    with StandInServer(OFFER) as server:
        server.add_account("jdoe")
        far = reached(Gate(server, most=9))
        with pytest.raises(TakesOneAtATime), far.session(), far.another():
            raise TakesOneAtATime("locked")
        with far.session(), far.another() as other:
            assert other is None
        far.close()


def test_who_needs_a_session_waits_for_one_that_another_uses_beside_his_own() -> None:
    """Dovecot gives ten to a user: eight folders at once, one of them with three beside."""
    with StandInServer(OFFER) as server, ExitStack() as ends:
        server.add_account("jdoe")
        beside = ExitStack()
        far = replace(reached(Gate(server, most=2)), pause=lambda _: beside.close())
        ends.callback(far.close)
        with far.session() as one:
            other = beside.enter_context(far.another())
            with far.session() as needed, far.another() as third:
                assert needed is other
                assert needed is not one
                assert third is None


def test_where_nobody_uses_one_beside_a_refusal_is_told_at_once() -> None:
    with StandInServer(OFFER) as server:
        server.add_account("jdoe")
        far = reached(Gate(server, most=1))
        with far.session(), pytest.raises(LoginRefused), far.session():
            pass
        far.close()
