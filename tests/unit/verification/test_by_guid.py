"""Octets that a server named by their SHA-1 when it took them: believed only if one is true."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from respool.system.imap import ImapSession
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from respool.verification.by_guid import names_octets, read_back_by_guid
from tests.support.bluemind5_server import BlueMind5Server

BODIES = [b"Subject: %d\r\n\r\nbody\r\n" % number for number in range(3)]
TRUE = {uid: hashlib.sha1(each).hexdigest() for uid, each in enumerate(BODIES, start=1)}
SIZES = {uid: len(each) for uid, each in enumerate(BODIES, start=1)}


@pytest.fixture
def session() -> Iterator[ImapSession]:
    with BlueMind5Server() as server:
        folder = server.add_account("jdoe").folders["INBOX"]
        for each in BODIES:
            folder.add(each, {"\\Seen"})
        credentials = Credentials(user="jdoe", password=server.password)
        opened = enter(ImapAddress(port=server.port), credentials, Trust())
        opened.open_to_read("INBOX")
        yield opened
        opened.close()


def test_one_is_read_and_the_others_are_as_the_server_said(session: ImapSession) -> None:
    found, told = read_back_by_guid(session, SIZES, TRUE)
    assert names_octets(session)
    assert {uid: each.guid for uid, each in found.items()} == TRUE
    assert {uid: each.size_bytes for uid, each in found.items()} == SIZES
    assert told == 2


def test_where_the_one_is_another_all_are_read(session: ImapSession) -> None:
    found, told = read_back_by_guid(session, SIZES, dict.fromkeys(TRUE, "ab" * 20))
    assert {uid: each.guid for uid, each in found.items()} == TRUE
    assert told == 0


def test_what_is_not_there_is_not_found_whatever_was_said(session: ImapSession) -> None:
    found, told = read_back_by_guid(session, {**SIZES, 9: 1}, {**TRUE, 9: "ab" * 20})
    assert (set(found), told) == ({1, 2, 3}, 2)
