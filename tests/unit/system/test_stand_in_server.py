"""The stand-in for BlueMind 5 is what tests of others lean on: it does what it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from tests.support.bluemind5_server import CAPABILITIES, BlueMind5Server
from tests.support.cutting_proxy import Cut, CuttingProxy, Where

MAIL = b"Subject: x\r\n\r\nbody\r\n"


@pytest.fixture
def server() -> Iterator[BlueMind5Server]:
    with BlueMind5Server() as one:
        one.add_account("jdoe", quota_octets=1 << 20)
        one.add_mailshare("sales")
        yield one


@pytest.fixture
def client(server: BlueMind5Server) -> Iterator[IMAPClient]:
    with IMAPClient(server.host, port=server.port, ssl=False) as one:
        one.login("jdoe", server.password)
        yield one


def test_it_offers_what_bluemind_5_does_and_refuses_the_rest(client: IMAPClient) -> None:
    assert [each.decode() for each in client.capabilities()] == [
        each.upper() for each in CAPABILITIES
    ]
    with pytest.raises(IMAPClientError):
        client._imap.xatom("UNSELECT")


def test_folders_come_and_go_with_what_is_below_them(client: IMAPClient) -> None:
    client.create_folder("A/B")
    client.subscribe_folder("A/B")
    client.rename_folder("A", "C")
    names = {name for _, _, name in client.list_folders()}
    client.delete_folder("C/B")

    assert {"INBOX", "Sent", "C", "C/B", "Dossiers partagés/sales"} <= names
    assert "C/B" not in {name for _, _, name in client.list_folders()}
    assert "A/B" in {name for _, _, name in client.list_sub_folders()}
    assert client.namespace().shared[0][0] == "Dossiers partagés/"
    with pytest.raises(IMAPClientError):
        client.delete_folder("INBOX")


def test_messages_are_told_flagged_and_expunged(client: IMAPClient) -> None:
    for flag in ("\\Seen", "$X"):
        client.append("INBOX", MAIL, flags=[flag])
    client.select_folder("INBOX")
    client.add_flags([2], ["\\Deleted"])
    found = client.fetch([1, 2], ["FLAGS", "RFC822.SIZE", "BODY.PEEK[]<5.3>"])

    assert found[1][b"FLAGS"] == (b"\\Seen",)
    assert set(found[2][b"FLAGS"]) == {b"$X", b"\\Deleted"}
    assert found[1][b"BODY[]<5>"] == MAIL[5:8]
    assert found[1][b"RFC822.SIZE"] == len(MAIL)
    assert client.search(["UNSEEN"]) == [2]
    client.uid_expunge([1, 2])
    assert client.search(["ALL"]) == [1]
    assert client.folder_status("INBOX", ["UIDNEXT", "MESSAGES"]) == {
        b"UIDNEXT": 3,
        b"MESSAGES": 1,
    }


def test_rights_and_quota_are_told(client: IMAPClient) -> None:
    client.setacl("INBOX", "boss", "lrs")
    answer = client.getacl("INBOX")
    _, quotas = client.get_quota_root("INBOX")

    assert (b"boss", b"lrs") in answer
    assert [(each.resource, each.limit) for each in quotas] == [("STORAGE", 1024)]


@pytest.mark.parametrize(("where", "arrived"), list(zip(Where, [0, 0, 1], strict=True)))
def test_the_proxy_cuts_where_it_is_told_to(
    server: BlueMind5Server, where: Where, arrived: int
) -> None:
    with CuttingProxy(server.port, Cut(at=3, where=where)) as proxy:
        client = IMAPClient(proxy.host, port=proxy.port, ssl=False)
        client.login("jdoe", server.password)
        with pytest.raises((OSError, IMAPClientError)):
            client.append("INBOX", MAIL)
        client._imap.file.close()
        client._imap.sock.close()

        assert proxy.commands == ["CAPABILITY", "LOGIN", "APPEND"]
    assert len(server.folder("jdoe", "INBOX").messages) == arrived
