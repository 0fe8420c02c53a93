"""A restore works whatever the server's settings are, and leaves its databases right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from respool.verification.report import Receipt
from tests.support import golden
from tests.support.imap_contents import HeldMessage, acl_of, folder_names, messages_in
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root
from tests.support.restoring import check_server_sound, held, restored, settings_for, wish
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
JDOE = "jdoe@bluemind.loc"
INTO = "back"
ONE = NewMessage(octets=b"Subject: one\r\n\r\none\r\n", flags=("\\Flagged", "$label1", "\\Seen"))
TWO = NewMessage(octets=b"Subject: two\r\n\r\ntwo\r\n")


@contextmanager
def serving(root: Path, options: Mapping[str, str], login: str = JDOE) -> Iterator[PrivateCyrus]:
    with PrivateCyrus(root, overrides=options) as server:
        server.create_user(login)
        yield server


@pytest.fixture
def root() -> Iterator[Path]:
    """Where one server lives."""
    with server_root() as directory:
        yield directory


def restore_jdoe(server: PrivateCyrus, backups: Path, state: Path, *folders: str) -> Receipt:
    settings = settings_for(server, backups, state)
    return restored(settings, wish(JDOE, *folders, generation="88", into=INTO))


def true_messages(path: str) -> tuple[HeldMessage, ...]:
    box = read_truth("dataprotect/truth-1233.json").mailboxes[f"user/jdoe/{path}@bluemind.loc"]
    return tuple(map(held, box.messages))


def seen_by_owner(server: PrivateCyrus, folder: str) -> tuple[HeldMessage, ...]:
    with server.client_as(JDOE) as client:
        return messages_in(client, folder)


def test_conversations_take_up_the_restored_messages(
    root: Path, golden_backup: Path, tmp_path: Path
) -> None:
    """
    Each message has a conversation, and the log no error.
    """
    with serving(root, {"conversations": "yes"}) as server:
        receipt = restore_jdoe(server, golden_backup, tmp_path)
        assert (receipt.verdict.value, receipt.left_to_do) == ("proven", ())
        with server.client_as(JDOE) as client:
            client.select_folder(f"{INTO}/Sent", readonly=True)
            fetched = client.fetch(client.search("ALL"), ["THREADID"])
        assert len(fetched) == 5
        assert all(each[b"THREADID"] for each in fetched.values())
        check_server_sound(server, JDOE)


def test_the_search_index_finds_the_restored_messages(
    root: Path, golden_backup: Path, tmp_path: Path
) -> None:
    with serving(root, {"search_engine": "squat"}) as server:
        receipt = restore_jdoe(server, golden_backup, tmp_path, "Projects/2017")
        assert (receipt.verdict.value, receipt.left_to_do) == ("proven", ())
        with server.client_as(JDOE) as client:
            client.select_folder(f"{INTO}/Projects/2017", readonly=True)
            first = client.fetch([min(client.search("ALL"))], ["ENVELOPE"])
            (uid, answer), *_ = first.items()
            word = answer[b"ENVELOPE"].message_id.decode().strip("<>")
            assert client.search(["TEXT", word]) == [uid]
        assert list(root.rglob("cyrus.squat"))
        check_server_sound(server, JDOE)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"altnamespace": "no"}, id="folders below INBOX"),
        pytest.param({"metapartition_files": "squat"}, id="everything beside the messages"),
        pytest.param({"metapartition_files": "header index"}, id="the cache beside the messages"),
        pytest.param({"hashimapspool": "no"}, id="no letters"),
        pytest.param({"expunge_mode": "immediate", "delete_mode": "immediate"}, id="immediate"),
    ],
)
def test_a_whole_account_comes_back_under(
    options: Mapping[str, str], root: Path, golden_backup: Path, tmp_path: Path
) -> None:
    """
    These settings, too: the owner sees what was in each folder.
    """
    with serving(root, options) as server:
        assert restore_jdoe(server, golden_backup, tmp_path).verdict.value == "proven"
        prefix = "INBOX/" if options.get("altnamespace") == "no" else ""
        for path in ("Projects/2017/Q3", "Sent", "Mots-clés"):
            assert seen_by_owner(server, f"{prefix}{INTO}/{path}") == true_messages(path)
        check_server_sound(server, JDOE)


def test_a_folder_comes_back_where_dots_separate_names(
    root: Path, golden_backup: Path, tmp_path: Path
) -> None:
    """
    A dot in a name is refused there, with a proposal; the rest restores.
    """
    with PrivateCyrus(root, overrides={"unixhierarchysep": "no"}) as server:
        server.create_mailbox(f"user.{JDOE}", "bluemind_loc")
        receipt = restore_jdoe(server, golden_backup, tmp_path, "Projects/2017")
        assert receipt.verdict.value == "proven"
        seen = seen_by_owner(server, f"{INTO}.Projects.2017.Q3")
        assert seen == true_messages("Projects/2017/Q3")
        assert server.error_lines() == ()


def test_an_archive_partition_is_no_hindrance(
    root: Path, golden_backup: Path, tmp_path: Path
) -> None:
    options = {
        "archive_enabled": "yes",
        "archive_after": "1d",
        "archivepartition-bluemind_loc": str(root / "archive"),
    }
    with serving(root, options) as server:
        backups = golden.unpack_dataprotect_bm4(tmp_path / "bm4")
        settings = settings_for(server, backups, tmp_path / "state")
        assert restored(settings, wish(JDOE, into=INTO)).verdict.value == "proven"
        server.run_tool("cyr_expire", "-A", "1d", "-E", "3")
        assert list((root / "archive").rglob("1."))
        check_server_sound(server, JDOE)


def test_limits_of_messages_and_folders_count_what_was_added(
    root: Path, golden_backup: Path, tmp_path: Path
) -> None:
    with serving(root, {}) as server:
        with server.admin_client() as admin:
            admin._imap.setquota(
                f'"user/{JDOE}"', "(STORAGE 100000 MESSAGE 1000 X-NUM-FOLDERS 100)"
            )
        restore_jdoe(server, golden_backup, tmp_path, "Projects/2017")
        with server.client_as(JDOE) as client:
            quotas = client.get_quota_root("INBOX")[1]
        used = {quota.resource: quota.usage for quota in quotas}
        assert used["MESSAGE"] == 13
        assert used["X-NUM-FOLDERS"] == 5
        check_server_sound(server, JDOE)


def test_negative_rights_of_the_inbox_stay_and_nobody_gains_old_mail(
    root: Path, golden_backup: Path, tmp_path: Path
) -> None:
    """
    Who could not read a folder in the backup cannot read it now, though INBOX lets him.
    """
    with serving(root, {}) as server:
        server.create_user("alice@bluemind.loc")
        with server.admin_client() as admin:
            admin.setacl(f"user/{JDOE}", "carol@bluemind.loc", "lrs")
            admin.setacl(f"user/{JDOE}", "-bob@bluemind.loc", "lr")
            admin.setacl(f"user/{JDOE}", "anyone", "p")
        restore_jdoe(server, golden_backup, tmp_path, "Projects/2017")
        with server.admin_client() as admin:
            inbox = acl_of(admin, f"user/{JDOE}")
            for path in (INTO, f"{INTO}/Projects", f"{INTO}/Projects/2017/Q3"):
                rights = acl_of(admin, f"user/jdoe/{path}@bluemind.loc")
                assert rights[JDOE] == inbox[JDOE]
                assert rights["-bob@bluemind.loc"] == "lr"
                assert "carol@bluemind.loc" not in rights
        check_server_sound(server, JDOE)


def spool_of(server: PrivateCyrus, into: Path) -> Path:
    """What a stopped server's spool is as a backup, in a new place."""
    server.stop()
    (server.root / "spool").rename(into)
    (server.root / "conf").rename(into.with_name("conf"))
    return into


@pytest.mark.parametrize("login", ["plain", "dotted.name"])
def test_a_user_without_a_domain_is_restored(login: str, root: Path, tmp_path: Path) -> None:
    with server_root() as former, PrivateCyrus(former) as old:
        old.add_user_with_messages(login, [ONE, TWO], None)
        wanted = _messages(old, login)
        backups = spool_of(old, tmp_path / "spool")
        with PrivateCyrus(root) as server:
            server.create_user(login, None)
            settings = settings_for(server, backups, tmp_path / "state")
            receipt = restored(settings, wish(login, into=INTO))
            assert receipt.verdict.value == "proven"
            assert {each.read_by for each in receipt.mailboxes} == {"owner"}
            with server.client_as(login) as client:
                assert messages_in(client, INTO) == wanted
            assert server.error_lines() == ()


def test_who_cannot_log_in_is_proven_by_the_administrator_and_that_is_said(
    root: Path, tmp_path: Path
) -> None:
    """
    A login with a capital: the server makes it small, so nobody can enter as its owner.
    """
    login = "Zed@bluemind.loc"
    capital = {"username_tolower": "no"}
    with server_root() as former, PrivateCyrus(former, overrides=capital) as old:
        old.add_user_with_messages(login, [ONE, TWO])
        backups = spool_of(old, tmp_path / "spool")
        with serving(root, {}, login) as server:
            settings = settings_for(server, backups, tmp_path / "state")
            receipt = restored(settings, wish(login, into=INTO))
            assert receipt.verdict.value == "proven"
            assert {each.read_by for each in receipt.mailboxes} == {"administrator"}
            assert any("cannot log in" in left for left in receipt.left_to_do)
            with server.admin_client() as admin:
                assert f"user/Zed/{INTO}@bluemind.loc" in folder_names(admin)


def _messages(server: PrivateCyrus, login: str) -> tuple[HeldMessage, ...]:
    with server.client_as(login) as client:
        return messages_in(client, "INBOX")
