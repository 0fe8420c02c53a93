from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from respool.system.imap_places import ImapAddress
from respool.system.listening import addresses_of, ask


@contextmanager
def greeting(text: bytes) -> Iterator[ImapAddress]:
    """A port of this machine where one caller is greeted."""

    def greet() -> None:
        caller, _ = listener.accept()
        with caller:
            caller.sendall(text)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet)
        thread.start()
        yield ImapAddress(port=listener.getsockname()[1])
        thread.join()


def free_port() -> ImapAddress:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return ImapAddress(port=listener.getsockname()[1])


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (b"* OK [CAPABILITY X] mail Cyrus IMAP 3.6.1-Debian-3.6.1-4 server ready\r\n", "3.6.1"),
        (b"* OK mail Cyrus IMAP v2.4.22-Debian server ready\r\n", "2.4.22"),
        (b"* OK mail Cyrus IMAP server ready\r\n", None),
        (b"", None),
    ],
)
def test_a_server_that_greets_may_say_its_version(text: bytes, version: str | None) -> None:
    with greeting(text) as address:
        found = ask([address])

    assert found is not None
    assert (found.error, found.version) == (None, version)


def test_one_port_that_answers_is_enough() -> None:
    with greeting(b"* OK\r\n") as address:
        found = ask([free_port(), address])

    assert found is not None
    assert (found.address, found.error) == (address, None)


def test_where_nothing_listens_the_first_address_is_told() -> None:
    first = free_port()

    found = ask([first])

    assert found is not None
    assert found.address == first
    assert found.error is not None


def test_without_an_address_nothing_is_asked() -> None:
    assert ask([]) is None


def test_a_server_is_asked_where_its_own_configuration_says(tmp_path: Path) -> None:
    (tmp_path / "cyrus.conf").write_text(
        'SERVICES {\n imaps cmd="imapd -s" listen="imaps"\n imap cmd="imapd" listen="[::1]:1143"\n'
        ' any cmd="imapd" listen="*:144"\n mail cmd="imapd" listen="10.0.0.5:145"\n'
        ' sock cmd="imapd" listen="/run/imap"\n lmtp cmd="lmtpd" listen="24"\n}\n',
        "ascii",
    )

    assert addresses_of(tmp_path / "imapd.conf") == (
        ImapAddress(host="::1", port=1143),
        ImapAddress(host="127.0.0.1", port=144),
        ImapAddress(host="10.0.0.5", port=145),
        ImapAddress(host="127.0.0.1", port=993, is_tls=True),
    )
