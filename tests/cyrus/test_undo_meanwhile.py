"""What somebody does between two acts of an undo, or between a cut and the next one, stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from imaplib import IMAP4
from pathlib import Path

import pytest

from respool.app.settings import Settings
from respool.errors import Interrupted, PlanFileInvalid, RespoolError, ServerSaidNo
from respool.system.imap import ImapSession
from respool.system.mailbox_admin import Administration
from respool.targets.spool import created_account
from respool.targets.spool.taking_back import MadeMailboxes
from tests.support.as_before import AsBefore, as_before
from tests.support.directions import INTO, TargetAccount, fresh_target
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages, server_root
from tests.support.restoring import restored, settings_for, wish
from tests.support.undoing import undone
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
SOURCE = SPOOLS["3.4.9"]
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n", flags=("$new",))


@pytest.fixture
def settings(
    restoring_names: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> Settings:
    """Of a command on a server that other tests use, too."""
    return settings_for(restoring_names, unpacked(SOURCE), tmp_path / "state")


def restored_folder(settings: Settings, server: PrivateCyrus) -> tuple[TargetAccount, AsBefore]:
    target = fresh_target(server, "user")
    before = as_before(server, target)
    restored(settings, wish(JDOE, "INBOX", to=target.written, into=INTO))
    return target, before


def append(server: PrivateCyrus, target: TargetAccount, folder: str = INTO) -> None:
    with server.client_as(target.login) as client:
        append_messages(client, folder, [NEW])


def before_each_deletion(
    monkeypatch: pytest.MonkeyPatch, act: Callable[[str], None], *, is_cut: bool = False
) -> None:
    """``act`` right before the undo deletes a mailbox; cut right after the first, if wanted."""
    delete = MadeMailboxes.delete

    def act_and_delete(made: MadeMailboxes, mailbox: str) -> None:
        act(mailbox)
        delete(made, mailbox)
        if is_cut:
            raise KeyboardInterrupt

    monkeypatch.setattr(MadeMailboxes, "delete", act_and_delete)


@pytest.mark.parametrize("is_cut", [False, True])
def test_mail_that_came_between_our_look_and_the_deletion_gets_its_folder_back(
    is_cut: bool,  # noqa: FBT001 - a parameter of the test
    settings: Settings,
    restoring_names: PrivateCyrus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    By the same undo, or by the next one where it was cut off before.
    """
    target, _ = restored_folder(settings, restoring_names)
    touched: list[AsBefore] = []

    def touch(_mailbox: str) -> None:
        append(restoring_names, target)
        touched.append(as_before(restoring_names, target))

    with monkeypatch.context() as patched:
        before_each_deletion(patched, touch, is_cut=is_cut)
        if is_cut:
            with pytest.raises(Interrupted):
                undone(settings)
        else:
            assert undone(settings).kept[0].kept == "somebody touched it: 1 message is new"

    assert undone(settings).kept[0].kept == "somebody touched it: 1 message is new"

    assert as_before(restoring_names, target) == touched[0]


def test_mail_that_is_delivered_to_an_account_while_it_is_taken_back_keeps_it(
    settings: Settings, restoring_names: PrivateCyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = TargetAccount(kind="user", login="meanwhile@bluemind.loc", readers=())
    restored(settings, wish(JDOE, "INBOX", to=target.written, into="x", is_creating_account=True))
    with monkeypatch.context() as patched:
        before_each_deletion(
            patched,
            lambda box: append(restoring_names, target, "INBOX") if box == target.root else None,
        )
        report = undone(settings)

    assert [each.kept for each in report.kept] == ["it holds mail"]
    with restoring_names.client_as(target.login) as client:
        assert client.select_folder("INBOX")[b"EXISTS"] == 1


def test_an_account_whose_copy_an_undo_left_behind_goes_with_the_next(
    settings: Settings, restoring_names: PrivateCyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = TargetAccount(kind="user", login="cut@bluemind.loc", readers=())
    before = as_before(restoring_names, target)
    wanted = wish(JDOE, "INBOX", to=target.written, is_in_place=True, is_creating_account=True)
    restored(settings, wanted)
    with monkeypatch.context() as patched:
        before_each_deletion(patched, lambda _box: None, is_cut=True)
        with pytest.raises(Interrupted):
            undone(settings)

    assert undone(settings).state.value == "undone"

    assert as_before(restoring_names, target) == before


def test_an_account_that_an_administrator_made_after_a_failed_run_is_left(
    settings: Settings, restoring_names: PrivateCyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = TargetAccount(kind="user", login="byhand@bluemind.loc", readers=())
    wanted = wish(JDOE, "INBOX", to=target.written, into="x", is_creating_account=True)

    def refuse(*_: object, **__: object) -> None:
        raise ServerSaidNo("CREATE was refused")

    with monkeypatch.context() as patched:
        patched.setattr(Administration, "create", refuse)
        with pytest.raises(RespoolError):
            restored(settings, wanted)
    restoring_names.create_user(target.login, "bluemind_loc")
    by_hand = as_before(restoring_names, target)
    monkeypatch.setattr(created_account, "_MOST_SECONDS", -3600)  # as if an hour had passed

    report = undone(settings)

    assert "somebody else may have made it" in str(report.kept[0].kept)
    assert as_before(restoring_names, target) == by_hand


def test_a_folder_that_was_moved_to_the_trash_and_deleted_there_goes_for_good(
    settings: Settings, restoring_names: PrivateCyrus
) -> None:
    target, before = restored_folder(settings, restoring_names)
    with restoring_names.client_as(target.login) as client:
        client.create_folder("Trash")
        client.rename_folder(INTO, f"Trash/{INTO}")
        client.delete_folder(f"Trash/{INTO}")

    assert undone(settings).state.value == "undone"

    now = as_before(restoring_names, target)
    local = target.root.partition("@")[0]
    assert now.folders - before.folders == {f"{local}/Trash@bluemind.loc"}
    assert now.files == before.files


def test_what_an_undo_had_marked_when_it_was_cut_off_the_next_one_expunges(
    settings: Settings, restoring_names: PrivateCyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = fresh_target(restoring_names, "user")
    before = as_before(restoring_names, target)
    restored(settings, wish(JDOE, "INBOX", to=target.written, is_in_place=True))
    append(restoring_names, target, "INBOX")
    ask = ImapSession.ask

    def cut(
        session: ImapSession, command: str, *words: str, response: str | None = None
    ) -> tuple[object, ...]:
        if words[:1] == ("EXPUNGE",):
            raise KeyboardInterrupt
        return ask(session, command, *words, response=response)

    with monkeypatch.context() as patched:
        patched.setattr(ImapSession, "ask", cut)
        with pytest.raises(Interrupted):
            undone(settings)

    assert undone(settings).state.value == "undone"

    now = as_before(restoring_names, target)
    assert (now.folders, now.rights) == (before.folders, before.rights)
    assert [len(each) for each in now.messages.values()] == [1]


def test_a_subscription_to_a_new_folder_of_the_same_name_stays(
    settings: Settings, restoring_names: PrivateCyrus
) -> None:
    target, _ = restored_folder(settings, restoring_names)
    with restoring_names.client_as(target.login) as client:
        client.delete_folder(INTO)
        client.create_folder(INTO)
        client.subscribe_folder(INTO)
    own = as_before(restoring_names, target)

    assert undone(settings).state.value == "undone"

    now = as_before(restoring_names, target)
    assert (now.subscriptions, now.rights) == (own.subscriptions, own.rights)


def test_a_folder_that_was_only_emptied_goes_once_it_holds_no_other(
    settings: Settings, restoring_names: PrivateCyrus
) -> None:
    target, before = restored_folder(settings, restoring_names)
    with restoring_names.client_as(target.login) as client:
        client.create_folder(f"{INTO}/mine")
    assert "its messages went, but it holds" in str(undone(settings).kept[0].kept)
    with restoring_names.client_as(target.login) as client:
        client.delete_folder(f"{INTO}/mine")

    assert undone(settings).state.value == "undone"
    assert target.mailbox(INTO) not in as_before(restoring_names, target).folders
    assert before.folders


def test_raised_limits_of_an_account_that_is_gone_are_nothing_to_put_back(
    settings: Settings, restoring_names: PrivateCyrus
) -> None:
    target = fresh_target(restoring_names, "user")
    with restoring_names.admin_client() as admin:
        admin._imap.setquota(f'"{target.root}"', "(STORAGE 5)")
    restored(settings, wish(CONTACT, to=target.written, into=INTO, is_raising_quota=True))
    with restoring_names.admin_client() as admin:
        admin.setacl(target.root, "admin0", "lrswipkxtecda")
        admin.delete_folder(target.root)

    report = undone(settings)

    assert (report.state.value, report.others) == ("undone", ())


def test_a_run_whose_plan_is_lost_is_refused_in_plain_words(
    settings: Settings, restoring_names: PrivateCyrus
) -> None:
    restored_folder(settings, restoring_names)
    (settings.state / "runs/1/plan.jsonl").unlink()

    with pytest.raises(PlanFileInvalid, match="plan of run 1 is lost"):
        undone(settings)


@pytest.fixture
def two_domains(as_root: None) -> Iterator[PrivateCyrus]:
    """A server that leaves its default domain out of names."""
    overrides = {"defaultdomain": "bluemind.loc"}
    with server_root() as root, PrivateCyrus(root, "names", overrides) as server:
        yield server


def test_a_folder_of_the_same_name_in_another_domain_holds_nothing_up_and_stays(
    two_domains: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    two_domains.create_user("jdoe@bluemind.loc")
    settings = settings_for(two_domains, unpacked(SOURCE), tmp_path / "state")
    restored(settings, wish(JDOE, "INBOX", into=INTO))
    with two_domains.admin_client() as admin:
        for name in ("jdoe", f"jdoe/{INTO}", f"jdoe/{INTO}/mine"):
            admin.create_folder(f"user/{name}@other.loc")
        of_others = {name for _, _, name in admin.list_folders("", "*@other.loc")}

    assert undone(settings).state.value == "undone"

    with two_domains.admin_client() as admin:
        assert {name for _, _, name in admin.list_folders("", "*@other.loc")} == of_others
        # Not by LIST, which shows what is not there (3.6.1, default domain).
        with pytest.raises(IMAP4.error, match="does not exist"):
            admin.getacl(f"user/jdoe/{INTO}")
