"""Filling an account that has never held a message, and creating one that is gone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from respool.app.restore import restore
from respool.errors import StepFailed
from respool.runs.stepping import Progress
from respool.verification.report import Receipt
from tests.support.directions import (
    TargetAccount,
    all_folders_of,
    check_target_sound,
    fresh_target,
    true_folders,
    unread,
)
from tests.support.imap_contents import HeldMessage, acl_of, messages_in, subscriptions_of
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages
from tests.support.restoring import agreeing, restored, settings_for, wish
from tests.support.undoing import undone
from tests.support.whole_account import SPOOLS, TREES, Source, true_subscriptions

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
INFO = "share/info@bluemind.loc"
SOURCE = SPOOLS["3.4.9"]
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n", flags=("$new",))
BACKUPS = {**SPOOLS, "BlueMind 4": TREES["BlueMind 4"]}
every_spool = pytest.mark.parametrize(
    ("shared_server", "source"),
    [
        pytest.param(("names", "uuid")[at % 2], source, id=f"{('names', 'uuid')[at % 2]}, {name}")
        for at, (name, source) in enumerate(BACKUPS.items())
    ],
    indirect=["shared_server"],
)

Restore = Callable[..., Receipt]


@pytest.fixture
def restore_into(
    shared_server: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> Restore:
    """Restores an account of a backup in place into another: target, source, account."""

    def restore_it(target: TargetAccount, source: Source, account: str, **more: Any) -> Receipt:  # noqa: ANN401 - of a wish
        settings = settings_for(shared_server, unpacked(source), tmp_path / "state")
        more = {"is_in_place": True, "to": target.written, **more}
        return restored(settings, wish(account, generation=source.generation, **more))

    return restore_it


def deliver(server: PrivateCyrus, target: TargetAccount) -> int:
    """Put a new message into INBOX, or the root, as mail arrives; its UID."""
    with server.admin_client() as admin:
        rights = acl_of(admin, target.root)
        admin.setacl(target.root, server.admin, "lrswip")
        append_messages(admin, target.root, [NEW])
        admin.select_folder(target.root, readonly=True)
        uid = max(admin.search("ALL"))
        admin.unselect_folder()
        admin.setacl(target.root, server.admin, rights.get(server.admin, '""'))
    return int(uid)


def ours_left(server: PrivateCyrus) -> frozenset[Path]:
    """Files of ours that wait in the server's directories; runs of other tests may go on."""
    return frozenset((server.root / "spool").rglob(".respool-*"))


@every_spool
def test_an_account_that_never_held_mail_is_filled_as_it_was(
    source: Source, shared_server: PrivateCyrus, restore_into: Restore
) -> None:
    """
    INBOX, an empty Sent and Trash are filled, Vide stays empty, what lacks is made: UIDs and
    all are those of the truth. Who might do what in a folder that was there may do so still;
    new mail comes after the old.
    """
    target = fresh_target(shared_server, "user")
    with shared_server.client_as(target.login) as client:
        for name in ("Sent", "Trash", "Vide"):
            client.create_folder(name)
    with shared_server.admin_client() as admin:
        admin.setacl(target.mailbox("Trash"), "alice@bluemind.loc", "lrs")
    there = ("INBOX", "Sent", "Trash", "Vide")
    before = numbers_of(shared_server, target, there)
    others = ours_left(shared_server)
    receipt = restore_into(target, source, JDOE)
    assert receipt.verdict.value == "proven"
    true = true_folders(source.truth, JDOE)
    assert all_folders_of(shared_server, target, target.login) == true
    assert numbers_of(shared_server, target, there) == before
    with shared_server.client_as(target.login) as client:
        had = true_subscriptions(source.truth, JDOE.partition("/")[2], true)
        assert subscriptions_of(client) == had
    uid = deliver(shared_server, target)
    assert uid > max(message.uid for message in true["INBOX"])
    assert ours_left(shared_server) <= others
    check_target_sound(shared_server, target)


def numbers_of(server: PrivateCyrus, target: TargetAccount, paths: tuple[str, ...]) -> object:
    """Rights, id and UIDVALIDITY of folders, which stay."""
    names = [target.mailbox(path) for path in paths]
    with server.admin_client() as admin:
        rights = [acl_of(admin, name) for name in names]
    with server.client_as(target.login) as client:
        return rights, [client.folder_status(path, ["UIDVALIDITY", "MAILBOXID"]) for path in paths]


@pytest.mark.parametrize("account", [CONTACT, INFO])
def test_a_mailshare_that_never_held_mail_is_filled_as_it_was(
    account: str, shared_server: PrivateCyrus, restore_into: Restore
) -> None:
    """
    One read state for all is one again; of marks of one's own none is restored.
    """
    target = fresh_target(shared_server, "share")
    with shared_server.admin_client() as admin:
        before = acl_of(admin, target.root)
    assert restore_into(target, SOURCE, account).verdict.value == "proven"
    true = true_folders(SOURCE.truth, account)
    expected = true if account == INFO else unread(true)
    for reader in target.readers:
        assert all_folders_of(shared_server, target, reader) == expected
    one, other = target.readers
    with shared_server.client_as(one) as client:
        client.select_folder(target.name_for_readers("INBOX"))
        marked = client.search("UNSEEN")
        client.add_flags(marked, ["\\Seen"])
    with shared_server.client_as(other) as client:
        client.select_folder(target.name_for_readers("INBOX"), readonly=True)
        assert marked
        assert set(client.search("SEEN")) >= set(marked) if account == INFO else True
        assert client.search("SEEN") == [] if account == CONTACT else True
    with shared_server.admin_client() as admin:
        assert acl_of(admin, target.root) == before
    check_target_sound(shared_server, target)


def test_what_has_held_mail_is_added_to_and_the_rest_is_filled(
    shared_server: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """
    What the folder has already comes once. An undo takes away what came, but for what somebody
    touched since.
    """
    target = fresh_target(shared_server, "user")
    true = true_folders(SOURCE.truth, JDOE)
    with shared_server.client_as(target.login) as client:
        client.create_folder("Trash")
        append_messages(client, "Trash", [NEW])
    settings = settings_for(shared_server, unpacked(SOURCE), tmp_path / "state")
    asked = wish(JDOE, to=target.written, is_in_place=True)

    assert restored(settings, asked).verdict.value == "proven"
    assert restored(settings, asked).verdict.value == "nothing to do"

    found = dict(all_folders_of(shared_server, target, target.login))
    first, *others = found.pop("Trash")
    assert first.flags == {"$new"}
    assert without_uids(others) == without_uids(true["Trash"])
    assert found == {path: held for path, held in true.items() if path != "Trash"}
    check_target_sound(shared_server, target)
    with shared_server.client_as(target.login) as client:
        client.select_folder("Trash")
        client.add_flags([others[0].uid], ["$mine"])
    report = undone(settings)
    assert [each.mailbox for each in report.kept] == [target.mailbox("Trash")]
    left = all_folders_of(shared_server, target, target.login)
    assert [each.uid for each in left["Trash"]] == [first.uid, others[0].uid]
    assert {path: len(held) for path, held in left.items()} == {"INBOX": 0, "Trash": 2}


def without_uids(messages: Iterable[HeldMessage]) -> list[HeldMessage]:
    """The same messages in the same order, wherever they lie."""
    return [replace(each, uid=0) for each in messages]


@contextlib.contextmanager
def waiting(server: PrivateCyrus, login: str) -> Iterator[IMAPClient]:
    """A mail program that has INBOX open and waits for news, as they all do."""
    with server.client_as(login) as client:
        client.select_folder("INBOX")
        client.idle()
        yield client


def test_a_program_that_waits_in_inbox_sees_the_mail_come(
    shared_server: PrivateCyrus, restore_into: Restore
) -> None:
    """
    Its session lives on, shows flags, keywords and envelopes, and can mark a message.
    """
    target = fresh_target(shared_server, "user")
    with waiting(shared_server, target.login) as client:
        assert restore_into(target, SOURCE, JDOE).verdict.value == "proven"
        client.idle_done()
        client.noop()
        true = true_folders(SOURCE.truth, JDOE)["INBOX"]
        fetched = client.fetch([message.uid for message in true], ["FLAGS", "ENVELOPE"])
        assert {uid: _flags(items) for uid, items in fetched.items()} == {
            message.uid: message.flags for message in true
        }
        subjects = [items[b"ENVELOPE"].subject for items in fetched.values()]
        assert sum(subject is not None for subject in subjects) > len(true) / 2
        client.add_flags([true[0].uid], ["$mark"])
        deliver(shared_server, target)
        client.noop()
        assert len(client.search("ALL")) == len(true) + 1
    with shared_server.client_as(target.login) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search(["KEYWORD", "$mark"]) == [true[0].uid]
        assert client.search(["KEYWORD", "$new"]) == [max(client.search("ALL"))]
    check_target_sound(shared_server, target)


def _flags(items: dict[bytes, Any]) -> frozenset[str]:
    return frozenset(flag.decode() for flag in items[b"FLAGS"]) - {"\\Recent"}


@pytest.mark.parametrize(
    ("shared_server", "inbox"),
    [("names", "closed"), ("uuid", "open in a program that waits")],
    indirect=["shared_server"],
)
def test_mail_that_arrives_before_inbox_is_filled_stays_and_stops_the_run(
    inbox: str,
    shared_server: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """
    It is there, alone, at once; nothing of ours is left beside it; what was made is hidden.
    """
    target = fresh_target(shared_server, "user")
    delivered: list[int] = []

    def on_progress(progress: Progress) -> None:
        if progress.kind == "spool-copy-messages" and progress.lane == target.root:
            assert ours_left(shared_server)
            delivered.append(deliver(shared_server, target))

    settings = settings_for(shared_server, unpacked(SOURCE), tmp_path / "state")
    with contextlib.ExitStack() as stack:
        client = None
        if inbox != "closed":
            client = stack.enter_context(waiting(shared_server, target.login))
        with pytest.raises(StepFailed, match="mail has arrived") as failed:
            restore(
                settings,
                wish(JDOE, to=target.written, is_in_place=True),
                replace(agreeing(), on_progress=on_progress),
            )
        if client is not None:
            client.idle_done()
            client.noop()
            assert client.search("ALL") == [1]
    assert delivered == [1]
    assert failed.value.exit_status == 20
    assert "NO MESSAGE THAT WAS LIVE WAS CHANGED" in str(failed.value.changed)
    with shared_server.client_as(target.login) as client:
        (message,) = messages_in(client, "INBOX")
        assert message.flags == {"$new"}
        for _, _, name in client.list_folders():
            if name != "INBOX" and not name.startswith(("Shared", "Other")):
                with pytest.raises(IMAPClientError, match="Permission denied"):
                    client.select_folder(name, readonly=True)
    directory = Path(shared_server.run_tool("mbpath", target.root).stdout.strip())
    assert [each.name for each in directory.iterdir() if each.is_file()] == ["1."]
    looked = shared_server.run_tool("reconstruct", "-n", "-G", target.root)
    assert (looked.stdout.strip(), looked.stderr) == (target.root, "")
    assert shared_server.error_lines() == ()
