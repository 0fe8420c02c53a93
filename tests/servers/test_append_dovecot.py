"""Appending to a real Dovecot: what comes back as it was sent, and what it changes silently."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import pytest

from respool.system.append_values import Appended, AppendResult, MessageToAppend, Refused
from respool.system.imap import ImapSession
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from tests.support.distribution import DOVECOT
from tests.support.four_connections import append_over_four
from tests.support.messages_to_append import Told, message
from tests.support.missing import give_up
from tests.support.private_dovecot import PrivateDovecot
from tests.support.server_root import server_root

HEAD = b"From: a@example.org\r\nSubject: x\r\n\r\n"


@pytest.fixture(scope="module")
def dovecot(as_root: None) -> Iterator[PrivateDovecot]:
    if not DOVECOT.is_there:
        give_up(f"needs the Dovecot in {DOVECOT.programs}")
    with server_root() as root, PrivateDovecot(root) as one:
        yield one


@pytest.fixture
def session(dovecot: PrivateDovecot, request: pytest.FixtureRequest) -> Iterator[ImapSession]:
    """Of a new user, within TLS, by the administrator."""
    login = f"u{hashlib.sha1(request.node.name.encode()).hexdigest()[:8]}@example.org"
    dovecot.create_user(login)
    address = ImapAddress(host="localhost", port=dovecot.tls_port, is_tls=True)
    credentials = Credentials(user=dovecot.admin, password=dovecot.password, as_user=login)
    entered = enter(address, credentials, Trust(ca_file=dovecot.certificates.authority))
    yield entered
    entered.close()


def appended(session: ImapSession, *messages: MessageToAppend) -> list[AppendResult]:
    return Told().append(session, "INBOX", messages)


def came_back(session: ImapSession, bodies: Mapping[int, bytes]) -> list[bool]:
    """Whether each message has the octets that were sent, in the order of their UIDs."""
    session.open_to_read("INBOX")
    sizes = {uid: len(octets) for uid, octets in bodies.items()}
    return [
        read.guid == hashlib.sha1(bodies[read.uid]).hexdigest()
        for read in session.read_back(sizes)
    ]


def test_a_hundred_and_twenty_messages_go_in_order_and_come_back_octet_for_octet(
    session: ImapSession,
) -> None:
    bodies = {uid: HEAD + b"%d\r\n" % uid * uid for uid in range(1, 121)}
    results = appended(session, *(message(uid, each) for uid, each in bodies.items()))

    assert [each.target_uid for each in results if isinstance(each, Appended)] == list(bodies)
    assert came_back(session, bodies) == [True] * 120


@pytest.mark.parametrize("which", [None, 0, 2])
def test_over_four_connections_all_come_in_order_and_of_a_cut_one_the_beginning(
    dovecot: PrivateDovecot, which: int | None
) -> None:
    login = f"four{which}@example.org".lower()
    dovecot.create_user(login)
    who = Credentials(user=dovecot.admin, password=dovecot.password, as_user=login)

    def entered(port: int) -> ImapSession:
        return enter(ImapAddress(port=port), who, Trust())

    done = append_over_four(dovecot.port, entered, which)
    assert done.there == done.sent[: len(done.there)]
    assert [each.uid for each in done.told] == list(range(1, len(done.told) + 1))
    assert len(done.told) <= len(done.there)
    assert (len(done.there) == len(done.sent)) == (which is None)


def test_odd_octets_stay_as_they_are_but_for_bare_line_feeds_and_nuls(
    session: ImapSession,
) -> None:
    """Dovecot 2.3 takes both, and gives back CRLF and 0x80: the proof by reading back sees it."""
    odd = [b"a\rCR\r\n", b"x" * 20_000, b"\xe9\xff\r\n", b"no end", b"y" * (3 << 20)]
    bodies = dict(enumerate((HEAD + each for each in (*odd, b"a\nLF\r\n", b"\0\r\n")), 1))
    results = appended(session, *(message(uid, each) for uid, each in bodies.items()))
    places = {
        each.target_uid or 0: bodies[each.uid] for each in results if isinstance(each, Appended)
    }

    found = dict(zip(places, came_back(session, places), strict=True))
    assert [each for each, is_right in found.items() if not is_right] == [
        uid for uid, octets in places.items() if octets in {bodies[6], bodies[7]}
    ]


def test_of_keywords_only_what_is_too_long_stays_away(session: ImapSession) -> None:
    empty, full = appended(session, message(1, b""), message(2, HEAD, "$Forwarded", "k" * 60))

    if isinstance(full, Refused):
        empty, full = full, empty
    assert isinstance(empty, Refused)
    assert isinstance(full, Appended)
    assert full.refused_flags == ("k" * 60,)
