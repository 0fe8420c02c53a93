"""Appending to a real Cyrus server: what it takes comes back octet for octet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from imapclient.imapclient import Quota

from respool.errors import OverQuota, ServerSaidNo
from respool.system.append_values import Appended, Refused
from respool.system.imap import ImapSession
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from tests.support.messages_to_append import Told, message
from tests.support.private_cyrus import PrivateCyrus

pytestmark = pytest.mark.needs_cyrus

HEAD = b"From: a@example.org\r\nDate: Mon, 01 Jan 2018 10:00:00 +0000\r\nSubject: x\r\n\r\n"
BINARY = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: binary\r\n\r\n")
FreshAccount = Callable[[PrivateCyrus], str]


@contextmanager
def entered(server: PrivateCyrus, login: str) -> Iterator[ImapSession]:
    """A session of the administrator on behalf of ``login``."""
    session = enter(
        ImapAddress(port=server.port),
        Credentials(user=server.admin, password=server.password, as_user=login),
        Trust(),
    )
    try:
        yield session
    finally:
        session.close()


def octets_of(server: PrivateCyrus, login: str) -> dict[int, bytes]:
    """Every message of the INBOX, by UID."""
    with server.client_as(login) as client:
        client.select_folder("INBOX", readonly=True)
        fetched = client.fetch(client.search(), ["BODY.PEEK[]"])
        return {uid: found[b"BODY[]"] for uid, found in fetched.items()}


def test_a_hundred_and_twenty_messages_go_in_order_and_come_back_octet_for_octet(
    cyrus_names: PrivateCyrus, fresh_account: FreshAccount
) -> None:
    login = fresh_account(cyrus_names)
    bodies = {uid: HEAD + b"%d\r\n" % uid * uid for uid in range(1, 121)}
    told = Told()
    with entered(cyrus_names, login) as session:
        told.append(session, "INBOX", [message(uid, each) for uid, each in bodies.items()])

    assert [type(each) for each in told.results] == [Appended] * 120
    placed = {each.uid: each.target_uid for each in told.results if isinstance(each, Appended)}
    assert list(placed.values()) == list(range(1, 121))
    assert octets_of(cyrus_names, login) == bodies


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(HEAD + b"a bare\rCR\r\n", id="bare CR"),
        pytest.param(HEAD + b"x" * 20_000 + b"\r\n", id="long line"),
        pytest.param(HEAD + b"caf\xe9 \xff\xfe\r\n", id="8-bit"),
        pytest.param(HEAD + b"no end", id="no final newline"),
        pytest.param(HEAD + b"y" * (3 << 20), id="3 MiB"),
        pytest.param(HEAD + b".\r\n..\r\n", id="dots"),
    ],
)
def test_odd_octets_stay_as_they_are(
    cyrus_names: PrivateCyrus, fresh_account: FreshAccount, octets: bytes
) -> None:
    login = fresh_account(cyrus_names)
    with entered(cyrus_names, login) as session:
        Told().append(session, "INBOX", [message(7, octets, "\\Seen", "$Forwarded")])

    assert list(octets_of(cyrus_names, login).values()) == [octets]


def test_flags_keywords_and_dates_arrive(
    cyrus_names: PrivateCyrus, fresh_account: FreshAccount
) -> None:
    login = fresh_account(cyrus_names)
    with entered(cyrus_names, login) as session:
        flags = ("\\Seen", "$Forwarded", "b[c")
        Told().append(session, "INBOX", [message(7, HEAD, *flags, internaldate=1_500_000_001)])
        session.open_to_read("INBOX")
        (found,) = session.read_back({1: len(HEAD)})

    assert found.flags - {"\\Recent"} == set(flags)
    assert found.internaldate == datetime.fromtimestamp(1_500_000_001, UTC)


def test_what_the_server_refuses_is_named_and_the_rest_of_its_group_arrives(
    cyrus_names: PrivateCyrus, fresh_account: FreshAccount
) -> None:
    login = fresh_account(cyrus_names)
    good = {uid: HEAD + b"%d\r\n" % uid for uid in range(1, 9)}
    bad = {20: HEAD + b"a bare\nLF\r\n", 21: b"", 22: BINARY + b"a NUL \0\r\n", 23: b"no header"}
    told = Told()
    with entered(cyrus_names, login) as session:
        messages = [message(uid, each) for uid, each in {**good, **bad}.items()]
        told.append(session, "INBOX", messages)

    assert {each.uid: each.words for each in told.results if isinstance(each, Refused)} == {
        20: "Message contains bare newlines",
        21: "Zero-length message literal",
        22: "it has NUL octets in a binary part, which the server would re-encode",
        23: "Message contains invalid header",
    }
    assert sorted(octets_of(cyrus_names, login).values()) == sorted(good.values())


def test_nul_octets_outside_of_binary_parts_stay_as_they_are(
    cyrus_names: PrivateCyrus, fresh_account: FreshAccount
) -> None:
    login = fresh_account(cyrus_names)
    octets = HEAD + b"a NUL \0\r\n"
    with entered(cyrus_names, login) as session:
        Told().append(session, "INBOX", [message(1, octets)])
        session.open_to_read("INBOX")
        (found,) = session.read_back({1: len(octets)})

    assert found.guid == hashlib.sha1(octets).hexdigest()


def test_what_hinders_a_message_without_being_it_stays_away_and_the_message_arrives(
    cyrus_names: PrivateCyrus, fresh_account: FreshAccount
) -> None:
    login = fresh_account(cyrus_names)
    with entered(cyrus_names, login) as session:
        messages = [
            message(1, HEAD, "\\Foo", "\\Seen", "a b", "$a]b"),
            message(2, HEAD, internaldate=-5),
        ]
        first, second = Told().append(session, "INBOX", messages)

    assert isinstance(first, Appended)
    assert first.refused_flags == ("\\Foo", "a b", "$a]b")
    assert isinstance(second, Appended)


def test_a_mailbox_that_is_not_there_is_an_error_and_no_loss_of_messages(
    cyrus_names: PrivateCyrus, fresh_account: FreshAccount
) -> None:
    login = fresh_account(cyrus_names)
    told = Told()
    with (
        entered(cyrus_names, login) as session,
        pytest.raises(ServerSaidNo, match="takes no mail in Nowhere"),
    ):
        told.append(session, "Nowhere", [message(1, HEAD), message(2, HEAD)])

    assert told.results == []


def test_over_quota_ends_the_work_and_what_was_told_is_there(
    cyrus_names: PrivateCyrus, fresh_account: FreshAccount
) -> None:
    login = fresh_account(cyrus_names)
    with cyrus_names.admin_client() as admin:
        admin.set_quota([Quota(f"user/{login}", "STORAGE", 0, 100)])
    told = Told()
    with entered(cyrus_names, login) as session, pytest.raises(OverQuota):
        told.append(session, "INBOX", [message(n, HEAD + b"x" * 1000) for n in range(1, 201)])

    placed = [each.target_uid for each in told.results if isinstance(each, Appended)]
    assert placed == sorted(octets_of(cyrus_names, login))
    assert 0 < len(placed) < 200
