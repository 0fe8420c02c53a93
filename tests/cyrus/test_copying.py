"""Message files on their way into a real server: what may come between two groups of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from respool.app.carrying_out import Conversation
from respool.app.restore import restore
from respool.app.resume import resume
from respool.app.settings import Settings
from respool.app.wish import Wish
from respool.errors import StepFailed
from respool.planning import step as planning_step
from respool.runs import ahead
from respool.runs.stepping import Progress
from respool.targets.spool.steps import CopyMessages
from respool.verification.report import Verdict
from tests.support import golden
from tests.support.directions import TargetAccount, fresh_target
from tests.support.imap_contents import messages_in
from tests.support.loop_file_systems import is_shared, loop_file_system
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages
from tests.support.restoring import (
    agreeing,
    check_server_sound,
    live_state,
    settings_for,
    wish,
)
from tests.support.undoing import undone

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
FOLDER, COUNT = "Sent", 5
INTO = f"back/{FOLDER}"
ELSEWHERE = "example_org"
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n", flags=("$new",))


class Cut(BaseException):
    """Whatever ends a process between two steps."""


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder takes three groups."""
    monkeypatch.setattr(planning_step, "GROUP_MESSAGES", 2)


@pytest.fixture
def target(shared_server: PrivateCyrus) -> TargetAccount:
    """An account with one message."""
    account = fresh_target(shared_server, "user")
    shared_server.add_messages(account.login, "INBOX", [NEW])
    return account


@pytest.fixture
def settings(shared_server: PrivateCyrus, golden_backup: Path, tmp_path: Path) -> Settings:
    """The command's settings on that server."""
    return settings_for(shared_server, golden_backup, tmp_path / "state")


def wanted(target: TargetAccount) -> Wish:
    return wish(JDOE, FOLDER, generation="88", to=target.written, into="back")


@pytest.fixture(autouse=True)
def group_by_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test does after the first group finds the second one not copied yet."""
    monkeypatch.setattr(ahead, "TOGETHER", 1)
    monkeypatch.setattr(ahead, "UNFLUSHED", 1)


def after_first_group(happens: Callable[[], None]) -> Conversation:
    """A conversation that agrees; something happens once the first group is copied."""
    left = [happens]

    def heard(progress: Progress) -> None:
        if progress.kind == CopyMessages.kind and left:
            left.pop()()

    return replace(agreeing(), on_progress=heard)


def ask(server: PrivateCyrus, command: str, *names: str, partition: str = "") -> None:
    """One command of the administrator."""
    with server.admin_client() as admin:
        admin.folder_encode = False
        status, answer = admin._imap.xatom(
            command, *(f'"{name}"' for name in names), *partition.split()
        )
        assert status == "OK", answer


def message_files(server: PrivateCyrus, login: str) -> list[str]:
    """Paths of the message files of an account's new folders, named ones only."""
    with server.admin_client() as admin:
        admin.folder_encode = False
        local, _, domain = login.partition("@")
        listed = admin.list_folders("", f"user/{local}/back*@{domain}")
    names = [name.decode() for flags, _, name in listed if b"\\Noselect" not in flags]
    found = []
    for name in names:
        data = Path(server.run_tool("mbpath", name).stdout.strip())
        found += [str(file) for file in data.glob("[0-9]*.")]
    return found


def waiting_in(server: PrivateCyrus, mailbox: str) -> list[str]:
    """Names of our own in the directory of a mailbox."""
    data = Path(server.run_tool("mbpath", mailbox).stdout.strip())
    return [file.name for file in data.glob(".respool-*")]


def give_away(server: PrivateCyrus, target: TargetAccount) -> None:
    other = fresh_target(server, "user")
    ask(server, "RENAME", target.mailbox(INTO), other.mailbox("Taken"))


def replace_by_another(server: PrivateCyrus, target: TargetAccount) -> None:
    ask(server, "RENAME", target.mailbox(INTO), target.mailbox("Away"))
    ask(server, "CREATE", target.mailbox(INTO), partition="bluemind_loc")


def move(server: PrivateCyrus, target: TargetAccount) -> None:
    ask(server, "RENAME", target.mailbox(INTO), target.mailbox(INTO), partition=ELSEWHERE)


@pytest.mark.parametrize("meddle", [give_away, replace_by_another, move])
def test_a_folder_that_is_another_between_two_groups_stops_the_run(
    meddle: Callable[[PrivateCyrus, TargetAccount], None],
    shared_server: PrivateCyrus,
    target: TargetAccount,
    settings: Settings,
) -> None:
    """
    Nothing is put into what stands there now, and nothing live is touched; a resumed run
    does not go on with it either.
    """
    before = live_state(shared_server, [target.login], without="back")
    meddling = after_first_group(lambda: meddle(shared_server, target))

    with pytest.raises(StepFailed, match="not the folder any more") as failed:
        restore(settings, wanted(target), meddling)

    assert (failed.value.exit_status, failed.value.can_be_tried_again) == (20, False)
    assert message_files(shared_server, target.login) == []
    after = live_state(shared_server, [target.login], without="back")
    assert {key: after.messages[key] for key in before.messages} == before.messages
    with pytest.raises(StepFailed, match="not the folder any more"):
        resume(settings, 1, agreeing())
    assert message_files(shared_server, target.login) == []


def test_a_resumed_run_copies_nothing_into_a_folder_that_was_moved_meanwhile(
    shared_server: PrivateCyrus, target: TargetAccount, settings: Settings
) -> None:
    def cut() -> None:
        raise Cut

    with pytest.raises(Cut):
        restore(settings, wanted(target), after_first_group(cut))
    move(shared_server, target)

    with pytest.raises(StepFailed, match="not the folder any more"):
        resume(settings, 1, agreeing())

    assert waiting_in(shared_server, target.mailbox(INTO)) == []


def test_reconstruct_makes_no_message_of_a_copy_that_was_cut_off(
    shared_server: PrivateCyrus, target: TargetAccount, settings: Settings
) -> None:
    """
    Not of whole copies, nor of a half one; and the resumed run puts all of them right.
    """
    mailbox = target.mailbox(INTO)

    def cut() -> None:
        raise Cut

    with pytest.raises(Cut):
        restore(settings, wanted(target), after_first_group(cut))
    data = Path(shared_server.run_tool("mbpath", mailbox).stdout.strip())
    (first, *_) = sorted(data.glob(".respool-*."))
    (data / ".respool-4294967.").write_bytes(first.read_bytes()[:100])

    done = shared_server.run_tool("reconstruct", "-r", "-f", "-G", target.root)

    assert done.returncode == 0, done.stderr
    assert message_files(shared_server, target.login) == []
    with shared_server.admin_client() as admin:
        found = admin.folder_status(mailbox, ["MESSAGES", "UIDNEXT"])
    assert found == {b"MESSAGES": 0, b"UIDNEXT": 1}
    assert resume(settings, 1, agreeing()).verdict is Verdict.PROVEN
    assert list(data.glob(".respool-*")) == []
    with shared_server.client_as(target.login) as client:
        assert len(messages_in(client, INTO)) == COUNT
    check_server_sound(shared_server, target.login)


def test_mail_that_somebody_puts_into_a_new_folder_meanwhile_is_not_written_over(
    shared_server: PrivateCyrus, target: TargetAccount, settings: Settings
) -> None:
    """
    Only an administrator can, who gives himself the right.
    """
    mailbox = target.mailbox(INTO)

    def append() -> None:
        with shared_server.admin_client() as admin:
            admin.setacl(mailbox, "admin0", "lrswipkxtecda")
            append_messages(admin, mailbox, [NEW])

    with pytest.raises(StepFailed, match="somebody put mail into") as failed:
        restore(settings, wanted(target), after_first_group(append))

    assert not failed.value.can_be_tried_again
    (kept,) = (each for each in undone(settings).kept if each.mailbox == mailbox)
    assert "somebody touched it" in str(kept.kept)
    with shared_server.admin_client() as admin:
        admin.setacl(mailbox, "admin0", "lrswipkxtecda")
        assert [each.size_bytes for each in messages_in(admin, mailbox)] == [len(NEW.octets)]
    assert waiting_in(shared_server, mailbox) == []


def test_a_hidden_folder_that_its_owner_renamed_is_taken_back_all_the_same(
    shared_server: PrivateCyrus, target: TargetAccount, settings: Settings
) -> None:
    """
    He could put nothing into it, and could not open it: there is nothing of his to keep.
    """
    meddling = after_first_group(lambda: replace_by_another(shared_server, target))
    with pytest.raises(StepFailed, match="not the folder any more"):
        restore(settings, wanted(target), meddling)

    undone(settings)

    with shared_server.admin_client() as admin:
        assert not admin.folder_exists(target.mailbox("Away"))


def data_directory(backup: Path) -> Path:
    """Where generation 88 has the folder's messages."""
    (found,) = (
        each for each in backup.rglob(f"jdoe/{FOLDER}") if {"data", "1233"} < set(each.parts)
    )
    return found


def uid_of(file: Path) -> int:
    return int(file.name.removesuffix("."))


@pytest.fixture
def own_backup(as_root: None, tmp_path: Path) -> Path:
    """A golden backup for a test that takes some of it away."""
    return golden.unpack_dataprotect(tmp_path / "backup")


def test_a_backup_that_goes_away_half_way_stops_the_run_which_goes_on_when_it_is_back(
    restoring_names: PrivateCyrus, own_backup: Path, tmp_path: Path
) -> None:
    target = fresh_target(restoring_names, "user")
    settings = settings_for(restoring_names, own_backup, tmp_path / "state")
    data = data_directory(own_backup)
    kept = shutil.copytree(data, tmp_path / "kept")

    with pytest.raises(StepFailed, match="going away") as failed:
        restore(settings, wanted(target), after_first_group(lambda: shutil.rmtree(data)))
    assert failed.value.exit_status == 20
    assert message_files(restoring_names, target.login) == []

    shutil.copytree(kept, data)
    assert resume(settings, 1, agreeing()).verdict is Verdict.PROVEN


def test_a_message_that_vanishes_from_the_backup_is_lost_by_name(
    restoring_names: PrivateCyrus, own_backup: Path, tmp_path: Path
) -> None:
    target = fresh_target(restoring_names, "user")
    settings = settings_for(restoring_names, own_backup, tmp_path / "state")
    last = max(data_directory(own_backup).glob("[0-9]*."), key=uid_of)

    receipt = restore(settings, wanted(target), after_first_group(last.unlink))

    assert receipt.verdict is Verdict.INCOMPLETE
    assert [(each.code, each.uid) for each in receipt.losses] == [
        ("backup-file-missing", uid_of(last))
    ]
    with restoring_names.client_as(target.login) as client:
        assert len(messages_in(client, INTO)) == COUNT - 1


@pytest.fixture
def on_xfs(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An XFS that can share blocks, where the user cyrus can reach it."""
    place = Path("/run") / tmp_path_factory.mktemp("xfs").name
    place.mkdir()
    try:
        with loop_file_system("xfs", place) as mounted:
            yield mounted
    finally:
        shutil.rmtree(place)


def test_a_restore_beside_its_backup_shares_blocks_and_no_file(
    on_xfs: Path, tmp_path: Path
) -> None:
    """
    Each message is an inode of its own, as the server's own are.
    """
    backup = golden.unpack_dataprotect(on_xfs / "backup")
    with PrivateCyrus(on_xfs / "server") as server:
        target = fresh_target(server, "user")
        settings = settings_for(server, backup, tmp_path / "state")

        assert restore(settings, wanted(target), agreeing()).verdict is Verdict.PROVEN

        files = [Path(file) for file in message_files(server, target.login)]
        ids = {each.stat().st_ino for each in data_directory(backup).glob("[0-9]*.")}
        assert len(files) == COUNT
        for file in files:
            status = file.stat()
            assert (status.st_nlink, status.st_ino in ids, status.st_mode & 0o7777) == (
                1,
                False,
                0o600,
            )
            assert is_shared(file)
