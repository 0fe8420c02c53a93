"""An account that is gone: said to be gone, and created again with what it had."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from respool.errors import AccountNotOnServer
from respool.planning.request import Person
from tests.support.directions import (
    Folders,
    TargetAccount,
    all_folders_of,
    check_target_sound,
    true_folders,
    unread,
)
from tests.support.imap_contents import acl_of, messages_in, quota_of, rights_of
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import Workplace, restored, settings_for, wish
from tests.support.whole_account import SPOOLS, Source

pytestmark = pytest.mark.needs_cyrus
JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"
INFO = "share/info@bluemind.loc"
ALICE = "user/alice@bluemind.loc"
SOURCE = SPOOLS["3.4.9"]
OWNER_MAY = rights_of("lrswipkxtean")
_NUMBERS = count(1)


def gone(kind: str) -> TargetAccount:
    """An account of a fresh name that no server has."""
    number = next(_NUMBERS)
    login = f"gone{number}@bluemind.loc"
    reader = login if kind == "user" else "jdoe@bluemind.loc"
    return TargetAccount(
        kind="user" if kind == "user" else "share", login=login, readers=(reader,)
    )


@pytest.mark.parametrize(
    ("shared_server", "account", "where"),
    [
        pytest.param(layout, account, where, id=f"{layout}, {account}, {where}")
        for at, account in enumerate((JDOE, ALICE, CONTACT, INFO))
        for layout, where in zip(
            ("names", "uuid"), ("new folder", "in place")[:: (-1) ** at], strict=True
        )
    ],
    indirect=["shared_server"],
)
def test_an_account_that_is_gone_is_created_with_what_it_had(
    account: str,
    where: str,
    shared_server: PrivateCyrus,
    unpacked: Callable[[Source], Path],
    tmp_path: Path,
) -> None:
    """
    Partition and limits are those of the backup, a mailshare's rights, too; it is never open
    to everybody by default. A user's INBOX is his alone.
    """
    target = gone(account.partition("/")[0])
    settings = settings_for(shared_server, unpacked(SOURCE), tmp_path / "state")
    is_in_place = where == "in place"
    wanted = wish(account, to=target.written, is_creating_account=True, is_in_place=is_in_place)
    receipt = restored(settings, wanted)
    assert receipt.verdict.value == "proven"
    box = SOURCE.truth.mailboxes[account.removeprefix("share/")]
    with shared_server.admin_client() as admin:
        rights = acl_of(admin, target.root)
        limits = {name: limit for name, (_, limit) in quota_of(admin, target.root).items()}
    true_rights = {who: rights_of(may) for who, may in box.acl.items()}
    assert rights == ({target.login: OWNER_MAY} if target.kind == "user" else true_rights)
    former = box.quota.resources if box.quota is not None else {}
    assert limits == {name: limit for name, (_, limit) in former.items()}
    data = shared_server.run_tool("mbpath", target.root).stdout.strip()
    assert Path(data).is_relative_to(shared_server.files.data("bluemind_loc"))
    true = true_folders(SOURCE.truth, account)
    expected: Folders = unread(true) if account == CONTACT else true
    (reader,) = target.readers
    found = dict(all_folders_of(shared_server, target, reader))
    if where == "in place":
        assert found == expected
    else:
        into = receipt.head.into
        assert found.pop("INBOX") == ()
        assert found == {into if p == "INBOX" else f"{into}/{p}": m for p, m in expected.items()}
    check_target_sound(shared_server, target)


def test_an_account_comes_back_on_the_partition_that_it_had(
    shared_server: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    """
    Under its own name, in another domain; what there is of it is not made again.
    """
    settings = settings_for(shared_server, unpacked(SOURCE), tmp_path / "state")
    login = "jdoe@example.org"
    wanted = wish(login, is_creating_account=True, is_in_place=True)
    assert restored(settings, wanted).verdict.value == "proven"
    data = shared_server.run_tool("mbpath", f"user/{login}").stdout.strip()
    assert Path(data).is_relative_to(shared_server.files.data("example_org"))
    with shared_server.client_as(login) as client:
        assert len(messages_in(client, "INBOX")) == 2
    again = restored(settings, wish(login, is_creating_account=True, person=Person.SAME))
    assert (again.verdict.value, again.head.facts["account"]) == ("proven", "there")
    assert restored(settings, wanted).verdict.value == "nothing to do"


@pytest.mark.parametrize("account", ["user/john.doe@bluemind.loc", CONTACT])
def test_an_account_that_is_gone_is_said_to_be_gone(
    account: str, shared_server: PrivateCyrus, unpacked: Callable[[Source], Path], tmp_path: Path
) -> None:
    """
    With what to type; nothing is made.
    """
    settings = settings_for(shared_server, unpacked(SOURCE), tmp_path / "state")
    with pytest.raises(AccountNotOnServer, match="is gone from the live server") as told:
        restored(settings, wish(account))
    assert told.value.exit_status == 13
    assert "--create-account" in str(told.value.hint)
    assert "--to" in str(told.value.hint)
    with shared_server.admin_client() as admin:
        assert not admin.folder_exists(account.removeprefix("share/"))


def test_nothing_is_created_behind_the_back_of_bluemind(
    unpacked: Callable[[Source], Path], as_root: None, tmp_path: Path
) -> None:
    """
    The clicks to make are named, and then the same command restores into what they made.
    """
    with server_root() as root, PrivateCyrus(root) as server:
        (root / "etc/cyrus-admins").write_text("admins: admin0 bmhiddensysadmin@global.virt\n")
        place = Workplace(server=server, backups=unpacked(SOURCE), state=tmp_path / "state")
        words = ("restore", ALICE, "--create-account", "--in-place", "--yes", "--json")
        ran = place.run(*words)
        assert (ran.status, ran.error["error"]) == (12, "plan-refused")
        assert "Directory Entries > New > " in ran.error["why"]
        assert ran.error["changed"] is None
        with server.admin_client() as admin:
            assert not admin.folder_exists(ALICE)
        server.create_user("alice@bluemind.loc")
        assert place.run(*words).json["verdict"] == "proven"
