from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from imaplib import IMAP4

import pytest

from respool.errors import ServerUnreachable
from respool.system.append_wire import AppendWire
from respool.system.imap_connection import Wire
from respool.system.imap_places import ImapAddress

PIECE = b"x" * (256 << 10)
MUCH = 12  # pieces: more than the system takes unread, less than may wait


class Connected(IMAP4):
    """The library's connection over a socket that is there, without a greeting."""

    def __init__(self, near: socket.socket) -> None:
        self.sock = near
        self.file = near.makefile("rb")
        near.settimeout(20)


@contextmanager
def connected(count: int) -> Iterator[list[tuple[AppendWire, socket.socket]]]:
    """Connections that are used at once, each with the server's end of it."""
    with ExitStack() as stack:
        wires: list[AppendWire] = []
        ends: list[socket.socket] = []
        for _ in range(count):
            near, far = map(stack.enter_context, socket.socketpair())
            far.settimeout(20)
            connection = Connected(near)
            stack.callback(connection.file.close)
            AppendWire(Wire(connection, ImapAddress()), wires)
            ends.append(far)
        yield list(zip(wires, ends, strict=True))


def read(far: socket.socket, count: int) -> bytes:
    octets = b""
    while len(octets) < count:
        octets += far.recv(1 << 20)
    return octets


def test_who_takes_nothing_for_now_does_not_hold_up_what_the_others_are_sent() -> None:
    with connected(2) as ((busy, _), (free, far_free)):
        for _ in range(MUCH):
            busy.put(PIECE)
        free.put(b"b\r\n")
        far_free.sendall(b"b OK done\r\n")

        assert free.hear().tag == b"b"
        assert read(far_free, 3) == b"b\r\n"
        assert busy.is_behind


def test_all_are_sent_to_while_one_is_waited_for() -> None:
    with connected(2) as ((one, far_one), (other, far_other)):
        for wire in (one, other):
            for _ in range(MUCH):
                wire.put(PIECE)
        heard: list[int] = []

        def serve() -> None:  # it answers the one once it has all that the other was sent
            heard.append(len(read(far_other, MUCH * len(PIECE))))
            heard.append(len(read(far_one, MUCH * len(PIECE))))
            far_one.sendall(b"a OK done\r\n")

        server = threading.Thread(target=serve)
        server.start()
        assert one.hear().tag == b"a"
        server.join()

    assert heard == [MUCH * len(PIECE)] * 2


def test_who_puts_more_than_may_wait_waits_until_the_server_takes_it() -> None:
    most = 80
    with connected(2) as ((one, far_one), _):
        server = threading.Thread(target=read, args=(far_one, most * len(PIECE)))
        server.start()
        for _ in range(most):
            one.put(PIECE)
        one.flush()
        far_one.sendall(b"a OK done\r\n")
        assert one.hear().tag == b"a"
        server.join()


def test_it_is_seen_whether_an_answer_came_without_waiting_for_it() -> None:
    with connected(2) as ((one, far_one), _):
        assert not one.has_answer
        far_one.sendall(b"a OK done\r\n")
        assert one.has_answer


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_connection_that_ends_with_something_to_be_sent_is_gone(*, is_heard: bool) -> None:
    with connected(2) as ((one, far_one), (other, _)):
        for _ in range(MUCH):
            one.put(PIECE)
        far_one.close()
        with pytest.raises(ServerUnreachable):
            one.hear() if is_heard else other.hear()


def test_what_is_told_unasked_is_no_answer_however_often_and_an_answer_behind_it_is_heard() -> (
    None
):
    with connected(1) as ((one, far),):
        far.sendall(b"* OK [INUSE] locked\r\n* OK [INUSE] locked\r\n")
        assert one.hear_within(0.1) is None
        far.sendall(b"* OK [INUSE] locked\r\na OK done\r\n")
        answer = one.hear_within(20)
        assert answer is not None
        assert answer.tag == b"a"
