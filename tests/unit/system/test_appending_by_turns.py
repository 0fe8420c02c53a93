from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from respool.errors import ServerUnreachable
from respool.system.append_abilities import even_share
from respool.system.append_values import Appended, AppendResult, MessageToAppend, Refused
from respool.system.imap import ImapSession, is_alive
from respool.system.imap_append import append_messages
from respool.system.imap_connection import TakesOneAtATime, Wire
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from tests.support.certificates import make_certificates
from tests.support.cutting_proxy import Cut, CuttingProxy, Where
from tests.support.message_commands import NewMail
from tests.support.messages_to_append import message
from tests.support.stand_in_server import StandInServer

MANY = ("IMAP4rev1", "AUTH=PLAIN", "LITERAL+", "UIDPLUS", "MULTIAPPEND")
ASKED = ("IMAP4rev1", "AUTH=PLAIN", "UIDPLUS", "MULTIAPPEND")
COUNT = 330  # in eight commands over two connections, or over four
NO_TLS = Trust()
LOGIN = 3  # commands before the first APPEND


def octets_of(uid: int) -> bytes:
    return b"Subject: x\r\n\r\n%05d" % uid + b"x" * (uid % 7 * 1000)


def messages() -> list[MessageToAppend]:
    return [message(uid, octets_of(uid)) for uid in range(1, COUNT + 1)]


@contextmanager
def serving(offer: tuple[str, ...] = MANY) -> Iterator[StandInServer]:
    with StandInServer(offer) as server:
        server.add_account("jdoe")
        yield server


@contextmanager
def entered(server: StandInServer, port: int, trust: Trust = NO_TLS) -> Iterator[ImapSession]:
    credentials = Credentials(user="jdoe", password=server.password)
    session = enter(ImapAddress(port=port, is_tls=trust != NO_TLS), credentials, trust)
    try:
        yield session
    finally:
        session.close()


def held(server: StandInServer) -> list[bytes]:
    return [each.octets for each in server.folder("jdoe", "INBOX").messages]


def test_commands_go_over_both_connections_and_messages_come_in_order() -> None:
    told: list[AppendResult] = []
    with (
        serving() as server,
        CuttingProxy(server.port) as proxy,
        entered(server, server.port) as one,
        entered(server, proxy.port) as other,
    ):
        append_messages(one, "INBOX", messages(), told.append, [other])

        assert held(server) == [octets_of(uid) for uid in range(1, COUNT + 1)]
        assert proxy.commands.count("APPEND") == 4
        assert server.commands.count("APPEND") == 8
    uids = [each.target_uid for each in told if isinstance(each, Appended)]
    assert uids == list(range(1, COUNT + 1))


@pytest.mark.parametrize("is_tls", [False, True])
def test_over_four_connections_all_come_in_order_however_long(
    tmp_path: Path, *, is_tls: bool
) -> None:
    """More than the system takes unread, and than a server of one's own reads at once."""
    certificates = make_certificates(tmp_path)
    trust = Trust(ca_file=certificates.authority if is_tls else None)
    bodies = [b"Subject: x\r\n\r\n%05d" % uid + b"x" * (40 << 10) for uid in range(1, COUNT + 1)]
    many = [message(uid, body) for uid, body in enumerate(bodies, 1)]
    with (
        StandInServer(MANY, certificates=certificates, is_tls=is_tls) as server,
        ExitStack() as ex,
    ):
        server.add_account("jdoe")
        one, *others = (ex.enter_context(entered(server, server.port, trust)) for _ in range(4))
        append_messages(one, "INBOX", many, lambda _result: None, others)

        assert held(server) == bodies
        assert all(map(is_alive, (one, *others)))


def test_where_a_literal_must_be_asked_for_one_connection_is_used() -> None:
    with (
        serving(ASKED) as server,
        CuttingProxy(server.port) as proxy,
        entered(server, server.port) as one,
        entered(server, proxy.port) as other,
    ):
        append_messages(one, "INBOX", messages(), lambda _result: None, [other])

        assert len(held(server)) == COUNT
        assert "APPEND" not in proxy.commands


@pytest.mark.parametrize("culprit", [7, 157, 320])
def test_a_refused_message_is_found_whichever_connection_it_went_over(culprit: int) -> None:
    told: list[AppendResult] = []
    with (
        serving() as server,
        entered(server, server.port) as one,
        entered(server, server.port) as other,
    ):
        server.refuse = lambda octets: "no" if b"%05d" % culprit in octets else None
        append_messages(one, "INBOX", messages(), told.append, [other])
        there = held(server)

        assert is_alive(one)
        assert is_alive(other)
    assert [each.uid for each in told if isinstance(each, Refused)] == [culprit]
    assert sorted(there, key=lambda each: each[14:19]) == [
        octets_of(uid) for uid in range(1, COUNT + 1) if uid != culprit
    ]
    placed = {each.uid: each.target_uid or 0 for each in told if isinstance(each, Appended)}
    assert all(there[at - 1] == octets_of(uid) for uid, at in placed.items())
    assert len(placed) == COUNT - 1


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("at", [LOGIN + 1, LOGIN + 3])
@pytest.mark.parametrize("is_first_cut", [True, False])
def test_of_a_cut_connection_nothing_comes_that_those_before_it_did_not(
    where: Where, at: int, *, is_first_cut: bool
) -> None:
    """What is there is the beginning; and what was told is the beginning of that."""
    told: list[AppendResult] = []
    with (
        serving() as server,
        CuttingProxy(server.port, Cut(at=at, where=where)) as proxy,
        entered(server, proxy.port) as cut,
        entered(server, server.port) as whole,
    ):
        one, other = (cut, whole) if is_first_cut else (whole, cut)
        with pytest.raises(ServerUnreachable):
            append_messages(one, "INBOX", messages(), told.append, [other])

        assert not is_alive(whole)
        there = held(server)
    assert there == [octets_of(uid) for uid in range(1, len(there) + 1)]
    known = [each.uid for each in told]
    assert known == list(range(1, len(known) + 1))
    assert len(known) <= len(there) < COUNT


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("which", range(4))
def test_of_four_connections_whichever_is_cut_leaves_the_beginning(
    where: Where, which: int
) -> None:
    told: list[AppendResult] = []
    with (
        serving() as server,
        CuttingProxy(server.port, Cut(at=LOGIN + 1, where=where)) as proxy,
        ExitStack() as stack,
    ):
        ports = [proxy.port if at == which else server.port for at in range(4)]
        one, *others = (stack.enter_context(entered(server, port)) for port in ports)
        with pytest.raises(ServerUnreachable):
            append_messages(one, "INBOX", messages(), told.append, others)
        there = held(server)
    assert there == [octets_of(uid) for uid in range(1, len(there) + 1)]
    known = [each.uid for each in told]
    assert known == list(range(1, len(known) + 1))
    assert len(known) <= len(there) < COUNT


def test_a_later_command_that_holds_the_lock_an_earlier_one_needs_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Dovecot 2.3 with mbox: from the first message of a command to its end."""
    monkeypatch.setattr("respool.system.append_commands._MOST_SECONDS_BESIDE", 0.2)
    unlocked, real_cut = threading.Event(), Wire.cut

    def cut(wire: Wire) -> None:
        real_cut(wire)
        unlocked.set()

    monkeypatch.setattr(Wire, "cut", cut)
    told: list[AppendResult] = []
    with (
        serving() as server,
        entered(server, server.port) as one,
        entered(server, server.port) as other,
    ):
        real = server.append

        def locked(login: str, name: str, mails: Sequence[NewMail]) -> str:
            assert unlocked.wait(20)
            return real(login, name, mails)

        server.append = locked  # type: ignore[method-assign]
        with pytest.raises(TakesOneAtATime):
            append_messages(one, "INBOX", messages(), told.append, [other])
        there = held(server)
    assert there == [octets_of(uid) for uid in range(1, len(there) + 1)]
    assert len(told) == len(there) == even_share(COUNT, 2, 50)


@pytest.mark.parametrize(
    ("count", "connections", "share"),
    [(500, 4, 42), (300, 4, 38), (200, 4, 50), (1, 4, 1), (0, 4, 50), (500, 1, 50), (401, 2, 41)],
)
def test_as_many_commands_go_over_each_connection(
    count: int, connections: int, share: int
) -> None:
    assert even_share(count, connections, 50) == share
