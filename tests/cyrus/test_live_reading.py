"""The live account read natively while its server is at work, in both layouts."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from respool.app.live_account import LiveAccount, look_at_live
from respool.app.settings import Settings
from respool.model.accounts import Account, AccountKind, folder_path
from tests.support.live_spool import settings_for
from tests.support.private_cyrus import NewMessage, PrivateCyrus

pytestmark = pytest.mark.needs_cyrus

WHEN = datetime(2024, 11, 20, 8, 0, tzinfo=UTC)
DAMAGE = ("index-", "message-file-missing", "header-")


def message(number: int) -> NewMessage:
    octets = f"Subject: {number}\r\nMessage-ID: <{number}@b.loc>\r\n\r\nBody {number}\r\n".encode()
    return NewMessage(octets=octets, flags=("\\Seen",), internaldate=WHEN)


def test_mail_comes_goes_and_is_renamed_while_the_account_is_read(
    shared_server: PrivateCyrus,
) -> None:
    user = "changing@bluemind.loc"
    shared_server.create_user(user)
    shared_server.add_messages(user, "INBOX", [message(each) for each in range(20)])
    settings = settings_for(shared_server.imapd_conf)
    account = Account(kind=AccountKind.USER, login="changing", domain="bluemind.loc")
    is_done = threading.Event()

    def work() -> None:
        with shared_server.client_as(user) as client:
            client.create_folder("Work 0")
            for number in range(25):
                client.append("INBOX", message(100 + number).octets)
                client.rename_folder(f"Work {number}", f"Work {number + 1}")
                client.select_folder("INBOX")
                client.add_flags([number + 1], ["\\Flagged"])
                if number % 3 == 0:
                    client.delete_messages([number + 1])
                    client.expunge()
        is_done.set()

    worker = threading.Thread(target=work)
    worker.start()
    looks = 0
    while not is_done.is_set() or not looks:
        look(settings, account)
        looks += 1
    worker.join()

    found = look(settings, account)
    mailboxes = {folder_path(source.name): mailbox for source, mailbox in found.present}
    assert set(mailboxes) == {"INBOX", "Work 25"}
    with shared_server.client_as(user) as client:
        client.select_folder("INBOX", readonly=True)
        assert mailboxes["INBOX"].records["uid"][mailboxes["INBOX"].visible()].tolist() == sorted(
            client.search()
        )
    assert mailboxes["INBOX"].recoverable().sum() == 9


def look(settings: Settings, account: Account) -> LiveAccount:
    found = look_at_live(settings, account)
    assert isinstance(found, LiveAccount), found
    for _, mailbox in found.present:
        is_settled = not any(each.code == "live-changing" for each in mailbox.findings)
        assert not is_settled or not [
            each for each in mailbox.findings if each.code.startswith(DAMAGE)
        ]
    return found
