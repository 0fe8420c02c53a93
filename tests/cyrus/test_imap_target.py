"""Restores over IMAP into an account of a real Cyrus, as its user alone would do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from respool.system.imap_places import ImapAddress
from respool.system.imap_server import ImapServer
from respool.verification.report import GONE, Verdict
from tests.support import golden
from tests.support.directions import (
    INTO,
    TargetAccount,
    all_folders_of,
    folders_of,
    fresh_target,
    true_folders,
)
from tests.support.imap_restoring import begun, imap_server, plain, plan_into
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import settings_for, wish
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
VERSION = "3.4.9"
JDOE = "user/jdoe@bluemind.loc"


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked once; restores leave it as it is."""
    return golden.unpack_spool(VERSION, tmp_path_factory.mktemp("backup"))


def account_on(server: PrivateCyrus) -> tuple[TargetAccount, ImapServer]:
    target = fresh_target(server, "user")
    address = ImapAddress(host=server.host, port=server.port)
    return target, imap_server(address, target.login, server.password)


def test_a_whole_account_comes_back_below_a_new_folder(
    restoring_names: PrivateCyrus, backup: Path, tmp_path: Path
) -> None:
    target, server = account_on(restoring_names)
    settings = settings_for(restoring_names, backup, tmp_path / "state")
    plan = plan_into(settings, wish(JDOE, into=INTO), server)
    with begun(settings, plan, server) as run:
        run.carry_out()
        proofs = run.proofs()
    truth = true_folders(read_truth(VERSION), JDOE)
    found = folders_of(restoring_names, target, target.login)

    assert plain(found) == plain(truth)
    assert all(each["proven"] == each["expected"] for each in proofs.values())


def test_in_place_an_empty_account_gets_everything_under_its_own_names_and_back(
    restoring_names: PrivateCyrus, backup: Path, tmp_path: Path
) -> None:
    target, server = account_on(restoring_names)
    with restoring_names.client_as(target.login) as client:
        client._imap.xatom("CREATE", '"Gesendet"', "(USE (\\Sent))")
    settings = settings_for(restoring_names, backup, tmp_path / "state")
    plan = plan_into(settings, wish(JDOE, "INBOX", "Sent", is_in_place=True), server)
    with begun(settings, plan, server) as run:
        run.carry_out()
        found = plain(all_folders_of(restoring_names, target, target.login))
        truth = plain(true_folders(read_truth(VERSION), JDOE))
        assert found == {"INBOX": truth["INBOX"], "Gesendet": truth["Sent"]}
        run.take_back()
    assert plain(all_folders_of(restoring_names, target, target.login)) == {
        "INBOX": [],
        "Gesendet": [],
    }


def test_a_message_that_its_owner_put_into_the_trash_is_told_from_one_that_may_be_lost(
    restoring_names: PrivateCyrus, backup: Path, tmp_path: Path
) -> None:
    """What left no trace is a difference: its owner may have deleted it, or the server lost it."""
    target, server = account_on(restoring_names)
    settings = settings_for(restoring_names, backup, tmp_path / "state")
    plan = plan_into(settings, wish(JDOE, "Sent", into=INTO), server)
    with begun(settings, plan, server) as run:
        run.carry_out()
        before = run.receipt_of_later_look()
        with restoring_names.client_as(target.login) as client:
            client.select_folder(f"{INTO}/Sent")
            client._imap.xatom("CREATE", '"Bin"', "(USE (\\Trash))")
            first, second, *_ = client.search()
            client.copy([second], "Bin")
            client.delete_messages([second])
            client.expunge()
        moved = run.receipt_of_later_look()
        with restoring_names.client_as(target.login) as client:
            client.select_folder(f"{INTO}/Sent")
            client.delete_messages([first])
            client.expunge()
        gone = run.receipt_of_later_look()
        with restoring_names.client_as(target.login) as client:
            client.delete_folder(f"{INTO}/Sent")
            client.create_folder(f"{INTO}/Sent")
        made_anew = run.receipt_of_later_look()

    assert before.verdict is moved.verdict is Verdict.PROVEN
    (folder,) = moved.mailboxes
    assert (folder.proven, folder.differs_count, folder.changed_count) == (before.proven - 1, 0, 1)
    (change,) = folder.changed_since
    assert (change["aspect"], change["found"]) == ("deleted", "moved to Bin since it was proven")
    assert moved.left_to_do == ()
    assert gone.verdict is Verdict.DIFFERS
    (folder,) = gone.mailboxes
    assert (folder.proven, folder.differs_count, folder.changed_count) == (before.proven - 2, 1, 1)
    assert [(e["aspect"], e["found"]) for e in folder.differs] == [("gone", GONE)]
    (asked,) = gone.left_to_do
    assert f"what is gone of {folder.target} since it was proven (1 of its messages" in asked
    assert made_anew.verdict is Verdict.DIFFERS
    assert {each["aspect"] for each in made_anew.mailboxes[0].differs} == {"missing"}
