from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime

import pytest

from respool.errors import OverQuota, ServerSaidNo, ServerUnreachable
from respool.system.append_commands import HELD_OCTETS
from respool.system.append_values import Appended, AppendResult, MessageToAppend, Refused
from respool.system.imap import ImapSession, is_alive
from respool.system.imap_append import append_messages
from respool.system.imap_login import Credentials, Trust, enter
from respool.system.imap_places import ImapAddress
from respool.system.message_files import Reader, SourceDiffers
from tests.support.bluemind5_server import BlueMind5Server
from tests.support.cutting_proxy import Cut, CuttingProxy, Where
from tests.support.messages_to_append import HeldBody, Told, message
from tests.support.stand_in_server import StandInServer

MANY = ("IMAP4rev1", "AUTH=PLAIN", "LITERAL+", "UIDPLUS", "MULTIAPPEND")
OFFERS = {
    "many at once": MANY,
    "many, small literals at once": ("IMAP4rev1", "LITERAL-", "UIDPLUS", "MULTIAPPEND"),
    "many, each literal asked for": ("IMAP4rev1", "AUTH=PLAIN", "UIDPLUS", "MULTIAPPEND"),
    "one after the other at once": ("IMAP4rev1", "AUTH=PLAIN", "LITERAL+", "UIDPLUS"),
    "nothing": ("IMAP4rev1",),
}
HEAD = b"Subject: x\r\n\r\n"
SMALL = 8 << 10


@contextmanager
def serving(offer: tuple[str, ...] = MANY) -> Iterator[StandInServer]:
    with StandInServer(offer) as server:
        server.add_account("jdoe")
        yield server


@contextmanager
def bluemind5(quota_octets: int | None = None) -> Iterator[BlueMind5Server]:
    with BlueMind5Server() as server:
        server.add_account("jdoe", quota_octets=quota_octets)
        yield server


@contextmanager
def entered(server: StandInServer, port: int | None = None) -> Iterator[ImapSession]:
    credentials = Credentials(user="jdoe", password=server.password)
    session = enter(ImapAddress(port=port or server.port), credentials, Trust())
    try:
        yield session
    finally:
        session.close()


def held(server: StandInServer, folder: str = "INBOX") -> dict[int, bytes]:
    return {each.uid: each.octets for each in server.folder("jdoe", folder).messages}


def messages_of(count: int, size: int = 10) -> list[MessageToAppend]:
    return [message(uid, HEAD + b"%05d" % uid + b"x" * size) for uid in range(1, count + 1)]


def placed(results: list[AppendResult]) -> dict[int, int | None]:
    return {each.uid: each.target_uid for each in results if isinstance(each, Appended)}


def refused(results: list[AppendResult]) -> dict[int, str]:
    return {each.uid: each.words for each in results if isinstance(each, Refused)}


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_all_messages_arrive_as_they_are_and_in_order(offer: tuple[str, ...]) -> None:
    sizes = [10, 4000, 5000, 0, SMALL] * 13
    bodies = {uid: HEAD + b"\r\r\n\xe9.\r\n" + b"y" * size for uid, size in enumerate(sizes, 1)}
    told = Told()
    with serving(offer) as server, entered(server) as session:
        told.append(session, "INBOX", [message(uid, each) for uid, each in bodies.items()])

        assert held(server) == bodies
    uids = [each.target_uid for each in told.results if isinstance(each, Appended)]
    assert uids == (list(bodies) if "UIDPLUS" in offer else [None] * len(bodies))


def test_flags_and_date_go_along() -> None:
    with serving() as server, entered(server) as session:
        flags = ("\\Seen", "$Forwarded", "not a flag", "\\Recent")
        sent = message(1, HEAD, *flags, internaldate=1_500_000_001)
        (result,) = Told().append(session, "INBOX", [sent])
        (kept,) = server.folder("jdoe", "INBOX").messages

    assert kept.flags == {"\\Seen", "$Forwarded"}
    assert kept.internaldate == datetime.fromtimestamp(1_500_000_001, UTC)
    assert isinstance(result, Appended)
    assert result.refused_flags == ("not a flag", "\\Recent")


@pytest.mark.parametrize(
    ("offer", "commands"), [(MANY, 3), (OFFERS["nothing"], 120)], ids=["many", "nothing"]
)
def test_fifty_go_in_a_command_where_the_server_takes_many(
    offer: tuple[str, ...], commands: int
) -> None:
    with serving(offer) as server, entered(server) as session:
        Told().append(session, "INBOX", messages_of(120))

        assert server.commands.count("APPEND") == commands


def test_the_line_of_a_command_stays_short() -> None:
    keywords = tuple(f"{n:03}{'k' * 97}" for n in range(20))
    with serving() as server, entered(server) as session:
        Told().append(session, "INBOX", [message(uid, HEAD, *keywords) for uid in range(1, 11)])

        assert server.commands.count("APPEND") == 4
        assert len(held(server)) == 10


def test_of_a_refused_group_all_arrive_but_the_culprits() -> None:
    with serving() as server, entered(server) as session:
        server.refuse = lambda octets: "bare newline" if b"00007" in octets else None
        results = Told().append(session, "INBOX", messages_of(70))

        assert refused(results) == {7: "bare newline"}
        assert len(held(server)) == 69
        assert {uid: held(server)[at or 0] for uid, at in placed(results).items()} == {
            each: HEAD + b"%05d" % each + b"x" * 10 for each in range(1, 71) if each != 7
        }


@pytest.mark.parametrize("offer", OFFERS.values(), ids=OFFERS)
def test_what_is_refused_before_its_octets_are_sent_is_named(offer: tuple[str, ...]) -> None:
    with serving(offer) as server, entered(server) as session:
        server.most_octets = 5000
        server.refuse = server.refuse_long
        results = Told().append(
            session, "INBOX", [message(1, HEAD), message(2, b"y" * 6000), message(3, HEAD)]
        )

        assert refused(results) == {2: "[TOOBIG] too large"}
        assert list(held(server).values()) == [HEAD, HEAD]


@pytest.mark.parametrize("limit", ["APPENDLIMIT=5000", "APPENDLIMIT"])
def test_what_exceeds_the_limit_that_the_server_tells_is_not_sent(limit: str) -> None:
    with serving((*MANY, limit)) as server, entered(server) as session:
        server.most_octets = 5000
        results = Told().append(session, "INBOX", [message(1, b"y" * 5001), message(2, HEAD)])

        assert refused(results) == {1: "it has 5001 octets, and the server takes 5000"}
        assert server.commands.count("APPEND") == 1


def test_nul_octets_need_binary() -> None:
    with serving() as server, entered(server) as session:
        results = Told().append(session, "INBOX", [message(1, b"\0"), message(2, HEAD)])

        assert list(refused(results)) == [1]
        assert list(held(server).values()) == [HEAD]


def test_bluemind_5_gets_one_message_a_command_and_names_its_guid() -> None:
    with bluemind5() as server, entered(server) as session:
        results = Told().append(session, "INBOX", messages_of(5))
        guids = [each.guid for each in server.folder("jdoe", "INBOX").messages]

        assert [each.guid for each in results if isinstance(each, Appended)] == guids
        assert server.commands.count("APPEND") == 5


def test_over_quota_ends_the_work_and_what_was_told_is_there() -> None:
    told = Told()
    with bluemind5(quota_octets=100) as server, entered(server) as session:
        with pytest.raises(OverQuota) as caught:
            told.append(session, "INBOX", messages_of(20))

        assert caught.value.why == "Over quota"
        assert caught.value.hint == "make room in the account, or raise its quota"
        assert list(placed(told.results).values()) == list(held(server)) == [1, 2, 3, 4]


@pytest.mark.parametrize("serve", [serving, bluemind5])
def test_a_folder_that_is_not_there_loses_no_message(
    serve: Callable[[], AbstractContextManager[StandInServer]],
) -> None:
    told = Told()
    with (
        serve() as server,
        entered(server) as session,
        pytest.raises(ServerSaidNo),
    ):
        told.append(session, "Nowhere", messages_of(3))

    assert told.results == []


@pytest.mark.parametrize("where", Where)
@pytest.mark.parametrize("offer", [MANY, OFFERS["one after the other at once"]])
def test_of_a_cut_connection_what_was_told_is_there(offer: tuple[str, ...], where: Where) -> None:
    """Commands 1 to 3 are those of the login; no message is there in part, nor twice."""
    told = Told()
    with (
        serving(offer) as server,
        CuttingProxy(server.port, Cut(at=5, where=where)) as proxy,
        entered(server, proxy.port) as session,
    ):
        with pytest.raises(ServerUnreachable):
            told.append(session, "INBOX", messages_of(120))

        there = held(server)
        assert [HEAD + b"%05d" % uid + b"x" * 10 for uid in range(1, len(there) + 1)] == list(
            there.values()
        )
        known = placed(told.results)
        assert list(known) == list(known.values()) == list(range(1, len(known) + 1))
        assert len(known) <= len(there) < 120


def test_a_message_that_cannot_be_opened_is_left_out() -> None:
    lost = MessageToAppend(uid=2, flags=(), internaldate=None, body=lambda: nullcontext(None))
    with serving() as server, entered(server) as session:
        results = Told().append(session, "INBOX", [message(1, HEAD), lost, message(3, HEAD)])

        assert list(placed(results)) == [1, 3]
        assert len(held(server)) == 2


def test_before_the_error_of_a_body_all_messages_before_it_are_told() -> None:
    def broken() -> nullcontext[None]:
        raise SourceDiffers("guid-differs", "others")

    bad = MessageToAppend(uid=9, flags=(), internaldate=None, body=broken)
    told = Told()
    with serving() as server, entered(server) as session:
        with pytest.raises(SourceDiffers, match="others"):
            told.append(session, "INBOX", [*messages_of(3), bad])

        assert list(placed(told.results)) == [1, 2, 3]
        assert is_alive(session)
        assert len(held(server)) == 3


def test_a_long_message_goes_in_pieces() -> None:
    octets = HEAD + b"z" * (3 * HELD_OCTETS)
    asked: list[int] = []
    stream = io.BytesIO(octets)

    def read(size: int) -> bytes:
        asked.append(size)
        return stream.read(size)

    body = HeldBody(size_bytes=len(octets), has_nul=False, read=read)
    long = MessageToAppend(uid=2, flags=(), internaldate=0, body=lambda: nullcontext(body))
    with serving() as server, entered(server) as session:
        results = Told().append(session, "INBOX", [message(1, HEAD), long, message(3, HEAD)])

        assert list(placed(results)) == [1, 2, 3]
        assert held(server)[2] == octets
    assert max(asked) <= 1 << 20


def failing(_size: int) -> bytes:
    raise SourceDiffers("file-unreadable", "Input/output error")


@pytest.mark.parametrize("read", [io.BytesIO(HEAD).read, failing], ids=["short", "failing"])
def test_a_long_message_that_cannot_be_read_cuts_the_connection_and_is_not_there(
    read: Reader,
) -> None:
    body = HeldBody(size_bytes=2 * HELD_OCTETS, has_nul=False, read=read)
    long = MessageToAppend(uid=2, flags=(), internaldate=0, body=lambda: nullcontext(body))
    told = Told()
    with serving() as server, entered(server) as session:
        with pytest.raises(ServerUnreachable) as caught:
            told.append(session, "INBOX", [message(1, HEAD), long])

        assert "message 2" in (caught.value.why or "")
        assert list(placed(told.results)) == list(held(server)) == [1]
        assert not is_alive(session)


def test_a_server_that_ends_the_connection_is_quoted() -> None:
    told = Told()
    with serving() as server, entered(server) as session:
        server.refuse = server.say_bye
        with pytest.raises(ServerUnreachable) as caught:
            told.append(session, "INBOX", messages_of(3))

    assert caught.value.why == "I had enough"


def test_a_session_appends_again_and_still_answers() -> None:
    with serving() as server, entered(server) as session:
        for uid in (1, 2):
            append_messages(session, "INBOX", [message(uid, HEAD)], lambda _result: None)

        assert session.open_to_read("INBOX") == len(held(server)) == 2
