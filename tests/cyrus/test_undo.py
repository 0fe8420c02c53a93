"""A run that is taken back: all as before, but for what somebody touched since."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from respool.app.resume import resume
from respool.app.settings import Settings
from respool.app.verify import verify
from respool.errors import RunRefused
from tests.support.as_before import AsBefore, as_before
from tests.support.directions import INTO, Kind, TargetAccount, fresh_target
from tests.support.imap_contents import acl_of, quota_of
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages, server_root
from tests.support.restoring import agreeing, restored, settings_for, wish
from tests.support.undoing import undo_file, undone
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
SOURCE = SPOOLS["3.4.9"]
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n", flags=("$new",))


@pytest.fixture
def settings(
    shared_server: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> Settings:
    """Of a command on a server that other tests use, too."""
    return settings_for(shared_server, unpacked(SOURCE), tmp_path / "state")


@pytest.fixture(scope="session")
def keeps_nothing(as_root: None) -> Iterator[PrivateCyrus]:
    """A server that deletes folders at once."""
    overrides = {"delete_mode": "immediate"}
    with server_root() as root, PrivateCyrus(root, "names", overrides) as server:
        yield server


def restored_folder(
    settings: Settings, server: PrivateCyrus, *folders: str
) -> tuple[TargetAccount, AsBefore]:
    """A fresh account with INBOX and Sent restored into a new folder; how it was before."""
    target = fresh_target(server, "user")
    before = as_before(server, target)
    receipt = restored(
        settings, wish(JDOE, *(folders or ("INBOX",)), to=target.written, into=INTO)
    )
    assert receipt.verdict.value == "proven"
    return target, before


@pytest.mark.parametrize(("account", "kind"), [(JDOE, "user"), (CONTACT, "share")])
def test_after_an_undo_all_is_as_before_the_restore(
    account: str, kind: Kind, settings: Settings, shared_server: PrivateCyrus
) -> None:
    """
    Folders, messages, rights, limits, subscriptions, and every file of the spool; nothing
    waits among the deleted folders.
    """
    target = fresh_target(shared_server, kind)
    before = as_before(shared_server, target)
    restored(settings, wish(account, to=target.written, into=INTO))
    assert as_before(shared_server, target) != before

    report = undone(settings)

    assert (report.state.value, report.kept, report.others) == ("undone", (), ())
    assert as_before(shared_server, target) == before
    assert json.loads(undo_file(settings).read_text("utf-8")) == report.as_json()
    assert shared_server.error_lines() == ()


def test_a_run_that_was_undone_is_not_undone_or_resumed_or_verified_again(
    restoring_names: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:

    settings = settings_for(restoring_names, unpacked(SOURCE), tmp_path / "state")
    restored_folder(settings, restoring_names)
    undone(settings)

    for ask in (
        lambda: undone(settings),
        lambda: resume(settings, 1, agreeing()),
        lambda: verify(settings, 1),
    ):
        with pytest.raises(RunRefused, match="undone"):
            ask()


def flag(server: PrivateCyrus, target: TargetAccount) -> None:
    with server.client_as(target.login) as client:
        client.select_folder(INTO)
        client.add_flags(client.search()[:1], ["$urgent"])


def read(server: PrivateCyrus, target: TargetAccount) -> None:
    with server.client_as(target.login) as client:
        client.select_folder(INTO)
        client.add_flags(client.search(), ["\\Seen"])


def add(server: PrivateCyrus, target: TargetAccount) -> None:
    with server.client_as(target.login) as client:
        append_messages(client, INTO, [NEW])


def expunge(server: PrivateCyrus, target: TargetAccount) -> None:
    with server.client_as(target.login) as client:
        client.select_folder(INTO)
        client.delete_messages(client.search()[:1])
        client.expunge()


def rename(server: PrivateCyrus, target: TargetAccount) -> None:
    with server.client_as(target.login) as client:
        client.rename_folder(INTO, "mine")


def delete(server: PrivateCyrus, target: TargetAccount) -> None:
    with server.client_as(target.login) as client:
        client.delete_folder(INTO)


TOUCHES: Mapping[str, tuple[Callable[[PrivateCyrus, TargetAccount], None], str]] = {
    "flagged": (flag, "1 message was changed"),
    "added": (add, "1 message is new"),
    "expunged": (expunge, "2 messages are gone"),  # one was marked as deleted before
    "renamed": (rename, "somebody renamed it: it is user/"),
}


@pytest.mark.parametrize("touch", TOUCHES)
def test_a_folder_that_somebody_touched_is_left_as_it_is(
    touch: str, settings: Settings, shared_server: PrivateCyrus
) -> None:
    target, _ = restored_folder(settings, shared_server)
    act, why = TOUCHES[touch]
    act(shared_server, target)
    touched = as_before(shared_server, target)

    report = undone(settings)

    assert report.state.value == "partly undone"
    assert [why in str(each.kept) for each in report.mailboxes] == [True], report.mailboxes
    assert as_before(shared_server, target) == touched


def test_a_folder_that_somebody_renamed_goes_if_that_is_forced(
    settings: Settings, shared_server: PrivateCyrus
) -> None:
    target, before = restored_folder(settings, shared_server)
    rename(shared_server, target)

    report = undone(settings, is_forced=True)

    assert report.kept == ()
    assert as_before(shared_server, target) == before


def test_a_folder_that_its_readers_may_only_read_is_not_opened_wider_or_taken_by_a_new_name(
    settings: Settings, shared_server: PrivateCyrus
) -> None:
    """An administrator renamed what was in sight, and took a right away: both are his wish."""
    target = fresh_target(shared_server, "share")
    restored(settings, wish(CONTACT, "INBOX", to=target.written, into=INTO))
    with shared_server.admin_client() as admin:
        admin.setacl(target.mailbox(INTO), "admin0", "lrswipkxtecda")
        admin.setacl(target.mailbox(INTO), target.readers[0], "l")
        admin.rename_folder(target.mailbox(INTO), target.mailbox("renamed"))
        before = acl_of(admin, target.mailbox("renamed"))

    (kept,) = undone(settings).kept

    assert "somebody renamed it" in str(kept.kept)
    with shared_server.admin_client() as admin:
        assert acl_of(admin, target.mailbox("renamed")) == before


def rename_and_delete(server: PrivateCyrus, target: TargetAccount) -> None:
    with server.client_as(target.login) as client:
        client.rename_folder(INTO, "mine")
        client.delete_folder("mine")


@pytest.mark.parametrize(
    "act",
    [read, delete, rename_and_delete],
    ids=["read", "deleted", "renamed and deleted"],
)
def test_what_was_only_read_or_deleted_whole_goes(
    act: Callable[[PrivateCyrus, TargetAccount], None],
    settings: Settings,
    shared_server: PrivateCyrus,
) -> None:
    """
    Of a folder that its owner deleted, the copy that the server keeps, under whatever name.
    """
    target, before = restored_folder(settings, shared_server)
    act(shared_server, target)

    report = undone(settings)

    assert report.state.value == "undone"
    now = as_before(shared_server, target)
    assert (now.folders, now.files) == (before.folders, before.files)


def test_forced_a_touched_folder_goes_all_the_same(
    settings: Settings, shared_server: PrivateCyrus
) -> None:
    target, before = restored_folder(settings, shared_server)
    flag(shared_server, target)
    expunge(shared_server, target)
    assert undone(settings).state.value == "partly undone"

    report = undone(settings, is_forced=True)

    assert report.state.value == "undone"
    assert as_before(shared_server, target) == before


def test_mail_of_somebody_s_own_is_never_lost_by_force(
    settings: Settings, shared_server: PrivateCyrus
) -> None:
    """
    The folder goes; the copy that the server keeps of it holds the message, and is named.
    """
    target, _ = restored_folder(settings, shared_server)
    add(shared_server, target)

    report = undone(settings, is_forced=True)

    (kept,) = report.kept
    copy = str(kept.kept).partition("keeps it as ")[2].partition(" until")[0]
    assert copy.startswith("DELETED/user/")
    with shared_server.admin_client() as admin:
        admin.setacl(copy, "admin0", "lr")
        status = admin.select_folder(copy, readonly=True)
    assert status[b"EXISTS"] == len(SOURCE.truth.mailboxes[JDOE].messages) + 1


def test_on_a_server_that_keeps_no_copies_folders_go_too_but_not_somebody_s_own_mail(
    keeps_nothing: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    settings = settings_for(keeps_nothing, unpacked(SOURCE), tmp_path / "state")
    target, before = restored_folder(settings, keeps_nothing)
    assert undone(settings).state.value == "undone"
    assert as_before(keeps_nothing, target) == before

    other, _ = restored_folder(settings, keeps_nothing)
    add(keeps_nothing, other)
    touched = as_before(keeps_nothing, other)
    report = undone(settings, 2, is_forced=True)

    assert "keeps no copy" in str(report.kept[0].kept)
    assert as_before(keeps_nothing, other) == touched


def test_what_was_put_into_live_folders_is_expunged_but_for_what_was_touched(
    settings: Settings, shared_server: PrivateCyrus
) -> None:
    """
    Mail that came since stays, too.
    """
    target = fresh_target(shared_server, "user")
    restored(settings, wish(JDOE, "INBOX", to=target.written, is_in_place=True))
    with shared_server.client_as(target.login) as client:
        append_messages(client, "INBOX", [NEW])
        client.select_folder("INBOX")
        first, *_, last = client.search()
        client.add_flags([first], ["$mine"])

    report = undone(settings)

    with shared_server.client_as(target.login) as client:
        client.select_folder("INBOX")
        assert client.search() == [first, last]
    assert "1 of the messages" in str(report.kept[0].kept)


@pytest.mark.parametrize(("account", "kind"), [(JDOE, "user"), (CONTACT, "share")])
@pytest.mark.parametrize("is_in_place", [True, False])
def test_an_account_that_the_run_created_goes_with_its_folders(
    account: str,
    kind: str,
    is_in_place: bool,  # noqa: FBT001 - a parameter of the test
    restoring_names: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    settings = settings_for(restoring_names, unpacked(SOURCE), tmp_path / "state")
    login = f"away{kind}{is_in_place}@bluemind.loc".lower()
    target = TargetAccount(
        kind="user" if kind == "user" else "share", login=login, readers=("jdoe@bluemind.loc",)
    )
    before = as_before(restoring_names, target)
    wanted = wish(account, to=target.written, is_creating_account=True, is_in_place=is_in_place)
    restored(settings, wanted)

    report = undone(settings)

    assert (report.state.value, report.kept, report.others) == ("undone", (), ())
    assert as_before(restoring_names, target) == before


def test_raised_limits_go_back(settings: Settings, shared_server: PrivateCyrus) -> None:
    target = fresh_target(shared_server, "user")
    with shared_server.admin_client() as admin:
        admin._imap.setquota(f'"{target.root}"', "(STORAGE 5)")
    before = as_before(shared_server, target)
    restored(settings, wish(CONTACT, to=target.written, into=INTO, is_raising_quota=True))
    with shared_server.admin_client() as admin:
        assert quota_of(admin, target.root)["STORAGE"][1] > 5

    undone(settings)

    assert as_before(shared_server, target) == before


def test_a_folder_that_was_given_to_another_account_is_found_there_and_left(
    settings: Settings, shared_server: PrivateCyrus
) -> None:
    target, _ = restored_folder(settings, shared_server)
    other = fresh_target(shared_server, "user")
    with shared_server.admin_client() as admin:
        admin.setacl(target.mailbox(INTO), "admin0", "lrswipkxtecda")
        admin.rename_folder(target.mailbox(INTO), other.mailbox("given"))

    report = undone(settings)

    assert [each.kept for each in report.mailboxes] == [
        f"somebody renamed it: it is {other.mailbox('given')} now"
    ]
