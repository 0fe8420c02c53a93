"""Who could not read a folder cannot read it restored; no folder of another share is taken."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from respool.cli.restore_text import plan_text
from respool.errors import PlanRefused
from respool.verification.report import Receipt
from tests.support.directions import (
    INTO,
    Folders,
    TargetAccount,
    check_target_sound,
    create_share,
    folders_of,
    fresh_target,
    true_folders,
    unread,
)
from tests.support.imap_contents import folder_names, messages_in
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root
from tests.support.restoring import restored, settings_for, wish
from tests.support.whole_account import SPOOLS

pytestmark = pytest.mark.needs_cyrus
ANNA, BERTA, CARLA, DORA = (f"{who}@bluemind.loc" for who in ("anna", "berta", "carla", "dora"))
COUNCIL = "council@bluemind.loc"
SALES = "sales@bluemind.loc"
EVERYTHING = "lrswipkxte"
DIRECTORIES = Path("domain/b/bluemind.loc")

# What each sees of the council restored: DORA came later, and sees what was everybody's.
VISIBLE = {
    ANNA: {"INBOX", "Minutes", "Salaries", "Salaries/2023", "Shut"},
    BERTA: {"INBOX", "Minutes"},
    CARLA: {"INBOX", "Minutes", "Shut"},
    DORA: {"INBOX", "Minutes"},
}
NARROWER = {
    "INBOX": set(),
    "Minutes": set(),
    "Salaries": {BERTA, CARLA, DORA},
    "Salaries/2023": {BERTA, CARLA, DORA},
    "Shut": {BERTA, DORA},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossedBackup:
    """Mailshares with folders of each other's names, and what each of them held."""

    spool: Path
    held: Mapping[str, Folders]


@pytest.fixture(scope="module")
def crossed(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CrossedBackup]:
    """The shares council and sales, and a user council; a folder of council is deleted."""
    with server_root() as root, PrivateCyrus(root) as server:
        rights = {ANNA: EVERYTHING, BERTA: EVERYTHING, CARLA: "lrs"}
        create_share(server, COUNCIL, rights)
        create_share(server, SALES, rights)
        server.add_user_with_messages(COUNCIL, [_about("a user's own")])
        with server.client_as(COUNCIL) as client:
            client.create_folder("Minutes")
        for share, path in _FOLDERS:
            folder = f"Shared Folders/{share}{path and '/'}{path}"
            with server.client_as(ANNA) as client:
                if path:
                    client.create_folder(folder)
            server.add_messages(ANNA, folder, [_about(folder), _about(f"more of {folder}")])
        with server.client_as(ANNA) as client:
            client.delete_folder("Shared Folders/council/Gone")
        with server.admin_client() as admin:
            for mailbox in ("council/Salaries", "council/Salaries/2023"):
                for who in (BERTA, CARLA):
                    admin.setacl(f"{mailbox}@bluemind.loc", who, '""')
            admin.setacl("council/Shut@bluemind.loc", f"-{BERTA}", "lr")
        held = {
            share: _held(server, TargetAccount(kind="share", login=share, readers=(ANNA,)))
            for share in (COUNCIL, SALES)
        }
        server.stop()
        spool = tmp_path_factory.mktemp("crossed") / "spool"
        shutil.copytree(root / "spool", spool)
        yield CrossedBackup(spool=spool, held=held)


_FOLDERS = (
    ("council", ""),
    ("council", "Minutes"),
    ("council", "Salaries"),
    ("council", "Salaries/2023"),
    ("council", "Shut"),
    ("council", "Gone"),
    ("sales", ""),
    ("sales", "Minutes"),
    ("sales", "council"),
    ("sales", "council/Minutes"),
)


def _about(subject: str) -> NewMessage:
    return NewMessage(octets=f"Subject: {subject}\r\n\r\n{subject}\r\n".encode())


def _held(server: PrivateCyrus, share: TargetAccount) -> Folders:
    return unread(folders_of(server, share, ANNA, "INBOX"))


@dataclass(frozen=True, slots=True)
class Restoring:
    """One server, one backup, one state directory."""

    server: PrivateCyrus
    backups: Path
    state: Path

    def into(
        self,
        target: TargetAccount,
        account: str,
        *folders: str,
        **more: Any,  # noqa: ANN401 - of a wish
    ) -> Receipt:
        """Restore an account, or folders of it, into another."""
        settings = settings_for(self.server, self.backups, self.state)
        more = {"into": INTO, "to": target.written, **more}
        return restored(settings, wish(account, *folders, **more))


@pytest.fixture
def restoring(shared_server: PrivateCyrus, crossed: CrossedBackup, tmp_path: Path) -> Restoring:
    """Restores of the crossed backup into a server that other tests use, too."""
    return Restoring(shared_server, crossed.spool, tmp_path / "state")


def target_for_all(server: PrivateCyrus, kind: str) -> TargetAccount:
    """A fresh account that all four may read; ``same`` is the share of the backup's name."""
    if kind == "same":
        create_share(server, COUNCIL, {})
        target = TargetAccount(kind="share", login=COUNCIL, readers=())
    else:
        target = fresh_target(server, "user" if kind == "user" else "share")
    with server.admin_client() as admin:
        for who in VISIBLE:
            admin.setacl(target.root, who, "lrs")
    return target


def seen_by(server: PrivateCyrus, target: TargetAccount, reader: str) -> Folders:
    """What another than its owner sees of the new folder of an account."""
    name = target.root.partition("@")[0]
    above = f"Shared Folders/{name}" if target.kind == "share" else f"Other Users/{name[5:]}"
    with server.client_as(reader) as client:
        names = [n for n in folder_names(client) if f"{n}/".startswith(f"{above}/{INTO}/")]
        return {
            n.removeprefix(f"{above}/{INTO}").removeprefix("/") or "INBOX": messages_in(client, n)
            for n in names
        }


@pytest.mark.parametrize("kind", ["same", "share", "user"])
def test_a_private_folder_stays_private_and_what_was_not_is_for_all_who_may_now(
    kind: str, restoring: Restoring, crossed: CrossedBackup
) -> None:
    """
    Whoever may read the target sees what was no narrower than the mailshare itself, though
    the backup does not know him; nobody sees more than he did. The plan names who sees less.
    """
    target = target_for_all(restoring.server, kind)
    receipt = restoring.into(target, f"share/{COUNCIL}")
    assert receipt.verdict.value == "proven"
    held = crossed.held[COUNCIL]
    for who, visible in VISIBLE.items():
        assert seen_by(restoring.server, target, who) == {path: held[path] for path in visible}
    if kind == "user":
        assert folders_of(restoring.server, target, target.login) == held
    ours = set(target.readers)
    narrower = {b.source_path: set(b.narrower_for) - ours for b in receipt.head.mailboxes}
    assert narrower == NARROWER
    text = plan_text(receipt.head, has_details=True)
    assert "3 folders for fewer people than INBOX, as before" in text
    assert f"not for {ANNA}" not in text
    assert f"{DORA}: {INTO}/Salaries, as in the backup" in text
    check_target_sound(restoring.server, target)


def test_a_folder_made_to_hold_a_private_one_is_as_private(
    restoring: Restoring, crossed: CrossedBackup
) -> None:
    target = target_for_all(restoring.server, "share")
    receipt = restoring.into(target, f"share/{COUNCIL}", "Salaries")
    assert receipt.verdict.value == "proven"
    expected = {path: crossed.held[COUNCIL][path] for path in ("Salaries", "Salaries/2023")}
    assert seen_by(restoring.server, target, ANNA) == {"INBOX": (), **expected}
    for who in (BERTA, CARLA, DORA):
        assert seen_by(restoring.server, target, who) == {}


def test_a_private_folder_is_not_put_into_a_live_one_that_is_open_to_more(
    restoring: Restoring, crossed: CrossedBackup
) -> None:
    """
    In place a live folder keeps its rights: who is one too many is named first.
    """
    target = target_for_all(restoring.server, "share")
    salaries = target.mailbox("Salaries")
    restoring.server.create_mailbox(salaries)
    with pytest.raises(PlanRefused) as refused:
        restoring.into(target, f"share/{COUNCIL}", into=None, is_in_place=True)
    assert f"{salaries} is open to " in str(refused.value.why)
    assert all(who in str(refused.value.why) for who in (BERTA, CARLA, DORA))
    assert ANNA not in str(refused.value.why)
    with restoring.server.admin_client() as admin:
        for who in (BERTA, CARLA, DORA, *target.readers):
            admin.setacl(salaries, who, '""')
    receipt = restoring.into(target, f"share/{COUNCIL}", into=None, is_in_place=True)
    assert receipt.verdict.value == "proven"
    held = crossed.held[COUNCIL]
    for who, visible in VISIBLE.items():
        seen = folders_of(restoring.server, target, who, "INBOX")
        assert seen == {path: held[path] for path in visible}


def test_a_folder_of_the_same_name_of_another_share_is_never_taken(
    restoring: Restoring, crossed: CrossedBackup
) -> None:
    """
    sales/council and sales/Minutes are of sales alone; a user called council and what lies
    below DELETED are not of the share council.
    """
    for share in (SALES, COUNCIL):
        target = fresh_target(restoring.server, "user")
        receipt = restoring.into(target, f"share/{share}")
        assert receipt.verdict.value == "proven"
        assert folders_of(restoring.server, target, target.login) == crossed.held[share]
        deleted = [path for path in receipt.head.skipped if path.startswith("DELETED/Gone")]
        assert len(deleted) == (share == COUNCIL)


def test_a_folder_under_a_wrong_letter_is_restored_and_told(
    restoring_names: PrivateCyrus, crossed: CrossedBackup, tmp_path: Path
) -> None:
    """
    Where no server would look for it, beside a folder of another share that has its name.
    """
    spool = tmp_path / "spool"
    shutil.copytree(crossed.spool, spool)
    for kind in ("data", "meta"):
        letters = spool / kind / "bluemind_loc" / DIRECTORIES
        assert (letters / "m/sales/Minutes").is_dir()
        (letters / "c/council").mkdir(exist_ok=True)
        (letters / "m/council/Minutes").rename(letters / "c/council/Minutes")
    target = fresh_target(restoring_names, "share")
    receipt = Restoring(restoring_names, spool, tmp_path / "state").into(
        target, f"share/{COUNCIL}"
    )
    assert receipt.verdict.value == "proven"
    told = [each.subject for each in receipt.findings if each.code == "letter-differs"]
    assert told == ["Minutes: council/Minutes@bluemind.loc"]
    reader = target.readers[0]
    found = folders_of(restoring_names, target, reader)
    assert found["Minutes"] == crossed.held[COUNCIL]["Minutes"]


def test_golden_folders_called_as_their_share_are_kept_apart(
    restoring_names: PrivateCyrus, as_root: None, tmp_path: Path
) -> None:
    """
    contact/contact, DELETED/contact and a folder of contact moved to a letter of its own.
    """
    source = SPOOLS["3.8.7"]
    backups = source.unpack(tmp_path / "backup")
    for kind in ("data", "meta"):
        letters = backups / "var/spool/cyrus" / kind / "bluemind_loc" / DIRECTORIES
        (letters / "i/contact").mkdir()
        (letters / "a/contact/Archives").rename(letters / "i/contact/Archives")
    target = fresh_target(restoring_names, "user")
    receipt = Restoring(restoring_names, backups, tmp_path / "state").into(
        target, "share/contact@bluemind.loc"
    )
    assert receipt.verdict.value == "proven"
    true = unread(true_folders(source.truth, "share/contact@bluemind.loc"))
    assert folders_of(restoring_names, target, target.login) == true
    assert [each.code for each in receipt.findings] == ["letter-differs"]
