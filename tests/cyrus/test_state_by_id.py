"""The databases of a server that names all by uniqueid, as they are while it runs."""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from respool.backups.contents import mailboxes_of
from respool.backups.mailboxes import read_with_state
from respool.backups.server_state import ServerState
from respool.model.accounts import account_of
from respool.model.state import Annotation
from respool.system.read_only import ReadOnlyTree
from tests.support.appending import NewMessage
from tests.support.inventories import spool_generation
from tests.support.private_cyrus import PrivateCyrus
from tests.support.small_spools import OCTETS, mailbox_name

pytestmark = [pytest.mark.needs_cyrus, pytest.mark.usefixtures("as_root")]


@contextmanager
def as_user(server: PrivateCyrus, userid: str) -> Iterator[Callable[[str], None]]:
    """A function that gives the server a command of ``userid``, who must be answered OK."""
    with imaplib.IMAP4(server.host, server.port) as connection:
        words = f"{userid}\0{server.admin}\0{server.password}".encode()
        connection.authenticate("PLAIN", lambda _: words)

        def say(command: str) -> None:
            name, _, rest = command.partition(" ")
            if name == "SELECT":
                status, answer = connection.select(rest)
            else:
                status, answer = connection.xatom(name, rest)
            assert status == "OK", answer

        yield say


def tell(server: PrivateCyrus, owner: str, reader: str) -> None:
    """All that a server keeps outside the mailboxes, of two users."""
    shared = f'"Other Users/{owner.partition("@")[0]}"'
    server.add_messages(owner, "INBOX", [NewMessage(octets=OCTETS)] * 3)
    with as_user(server, owner) as say:
        say("CREATE v1.2")
        say("SUBSCRIBE v1.2")
        say("CREATE oldest")
        say("RENAME oldest older")
        say("RENAME older now")
        say(f"SETACL INBOX {reader} lrs")
        say('SETMETADATA INBOX (/private/comment "mine" /shared/comment "all")')
        say("SELECT INBOX")
        say("UID STORE 1 +FLAGS (\\Seen)")
        say('UID STORE 2 ANNOTATION (/comment (value.priv "a" value.shared "b"))')
    with as_user(server, reader) as say:
        say(f"SUBSCRIBE {shared}")
        say(f"SELECT {shared}")
        say("UID STORE 2:3 +FLAGS (\\Seen)")
    with as_user(server, server.admin) as say:
        say(f'SETQUOTA "user/{owner}" (STORAGE 2048)')


def test_what_is_kept_is_found_by_uniqueid_and_as_the_server_was_told(
    cyrus_uuid: PrivateCyrus, fresh_account: Callable[[PrivateCyrus], str]
) -> None:
    owner, reader = fresh_account(cyrus_uuid), fresh_account(cyrus_uuid)
    inbox = mailbox_name(f"user/{owner}")
    account = account_of(inbox)
    assert account is not None
    tell(cyrus_uuid, owner, reader)
    state = ServerState(ReadOnlyTree(cyrus_uuid.files.config_directory))
    record = state.mailbox_records()[inbox]
    source = mailboxes_of(spool_generation(cyrus_uuid.root / "spool"), account)[0]
    mailbox = read_with_state(source, account)[0]
    kept, findings = state.of_mailbox_with_findings(source, mailbox, account)
    root = state.quota_root(inbox)

    assert source.name == inbox
    assert (record.uniqueid, record.is_under_uuid) == (mailbox.uniqueid, True)
    former = state.mailbox_records()[inbox.child("now")].former_names
    assert former == (inbox.child("older"), inbox.child("oldest"))
    assert state.name_of_id(record.uniqueid or "") == inbox
    assert state.subscriptions(owner) == (inbox.child("v1.2"),)
    assert state.subscriptions(reader) == (inbox,)
    assert {who: str(uids) for who, uids in kept.seen_by.items()} == {reader: "2:3"}
    assert kept.annotations == (
        Annotation(entry="/comment", userid="", value=b"all"),
        Annotation(entry="/comment", userid=owner, value=b"mine"),
    )
    assert kept.on_messages == (
        Annotation(entry="/comment", userid="", value=b"b", uid=2),
        Annotation(entry="/comment", userid=owner, value=b"a", uid=2),
    )
    assert root is not None
    assert dict(root.limits) == {"STORAGE": 2048}
    assert (mailbox.findings, findings, state.findings) == ((), (), ())
