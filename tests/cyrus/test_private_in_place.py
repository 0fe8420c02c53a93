"""Live folders are not filled in place where that would show mail, or overfill a quota."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from respool.app.settings import Settings
from respool.errors import PlanRefused
from tests.support import golden
from tests.support.backup_rights import set_backup_rights
from tests.support.directions import (
    TargetAccount,
    all_folders_of,
    check_target_sound,
    fresh_target,
    true_folders,
    unread,
)
from tests.support.imap_contents import acl_of, folder_names, messages_in, quota_of
from tests.support.private_cyrus import NewMessage, PrivateCyrus, append_messages
from tests.support.restoring import restored, settings_for, wish
from tests.support.whole_account import SPOOLS

pytestmark = pytest.mark.needs_cyrus
SOURCE = SPOOLS["3.4.9"]
JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
ALONE = {"jdoe@bluemind.loc": "lrswipkxtecdan"}
NEW = NewMessage(octets=b"Subject: new\r\n\r\nnew\r\n")


@pytest.fixture(scope="module")
def spool(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup where the Archives of contact are for jdoe alone."""
    spool = golden.unpack_spool("3.4.9", tmp_path_factory.mktemp("private"))
    set_backup_rights(spool, "a/contact/Archives", ALONE)
    return spool


@pytest.fixture
def settings(shared_server: PrivateCyrus, spool: Path, tmp_path: Path) -> Settings:
    return settings_for(shared_server, spool, tmp_path / "state")


@pytest.fixture
def refusal(settings: Settings) -> Callable[..., str]:
    """Why a restore in place is refused."""

    def refusal(target: TargetAccount, account: str, *folders: str) -> str:
        wanted = wish(account, *folders, to=target.written, is_in_place=True)
        with pytest.raises(PlanRefused) as refused:
            restored(settings, wanted)
        return str(refused.value.why)

    return refusal


def test_a_folder_that_all_may_read_is_not_filled_with_what_was_private(
    shared_server: PrivateCyrus, settings: Settings, refusal: Callable[..., str]
) -> None:
    """
    It is named, with those who could read it; once they may not, it is filled. Folders that
    are made get the narrower rights by themselves.
    """
    target = fresh_target(shared_server, "share")
    archives = target.mailbox("Archives")
    shared_server.create_mailbox(archives, "bluemind_loc")
    told = refusal(target, CONTACT)
    assert f"{archives} is open to {', '.join(sorted(target.readers))}" in told
    assert all_folders_of(shared_server, target, target.readers[0]) == {
        "INBOX": (),
        "Archives": (),
    }
    with shared_server.admin_client() as admin:
        for who in target.readers:
            admin.setacl(archives, who, '""')
        before = acl_of(admin, archives)
    wanted = wish(CONTACT, to=target.written, is_in_place=True)
    assert restored(settings, wanted).verdict.value == "proven"
    true = dict(unread(true_folders(SOURCE.truth, CONTACT)))
    true.pop("Archives")
    for reader in target.readers:
        assert all_folders_of(shared_server, target, reader) == true
    with shared_server.admin_client() as admin:
        assert acl_of(admin, archives) == before
    check_target_sound(shared_server, target)


def test_an_empty_folder_that_nothing_is_put_into_may_be_open(
    shared_server: PrivateCyrus, settings: Settings
) -> None:
    target = fresh_target(shared_server, "share")
    shared_server.create_mailbox(target.mailbox("Archives"), "bluemind_loc")
    wanted = wish(CONTACT, "=INBOX", to=target.written, is_in_place=True)
    assert restored(settings, wanted).verdict.value == "proven"
    reader = target.readers[0]
    assert all_folders_of(shared_server, target, reader)["Archives"] == ()


def test_a_folder_that_its_owner_shares_himself_is_filled(
    shared_server: PrivateCyrus, settings: Settings
) -> None:
    """
    In the backup it was no narrower than his INBOX: whom he shows it since is his affair.
    """
    target = fresh_target(shared_server, "user")
    friend = "friend@bluemind.loc"
    with shared_server.client_as(target.login) as client:
        client.create_folder("Sent")
        client.setacl("Sent", friend, "lrs")
    wanted = wish(JDOE, "=Sent", to=target.written, is_in_place=True)
    assert restored(settings, wanted).verdict.value == "proven"
    true = true_folders(SOURCE.truth, JDOE)["Sent"]
    name = f"Other Users/{target.login.partition('@')[0]}/Sent"
    with shared_server.client_as(friend) as client:
        assert name in folder_names(client)
        assert unread({name: messages_in(client, name)}) == unread({name: true})
    check_target_sound(shared_server, target)


@pytest.mark.parametrize("folder", ["Projects", "Projects/2017"], ids=["itself", "below it"])
def test_a_folder_with_a_quota_root_of_its_own_is_not_overfilled(
    folder: str, shared_server: PrivateCyrus, settings: Settings, refusal: Callable[..., str]
) -> None:
    """
    It is named with its root; nothing is put into it, so new mail is taken. Others are filled.
    """
    target = fresh_target(shared_server, "user")
    own = target.mailbox("Projects")
    shared_server.create_mailbox(own, "bluemind_loc")
    with shared_server.admin_client() as admin:
        admin._imap.setquota(f'"{own}"', "(STORAGE 2)")
    assert f"quota {own}: STORAGE would be" in refusal(target, JDOE, folder)
    wanted = wish(JDOE, "=Sent", to=target.written, is_in_place=True)
    assert restored(settings, wanted).verdict.value == "proven"
    with shared_server.client_as(target.login) as client:
        append_messages(client, "Projects", [NEW])
    with shared_server.admin_client() as admin:
        used, limit = quota_of(admin, own)["STORAGE"]
    assert (used <= 1, limit) == (True, 2)
    check_target_sound(shared_server, target)
