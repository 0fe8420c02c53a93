"""Plan files whose digest is right, for an account or with rights that nobody agreed to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from respool.app.restore import restore_plan, save_plan
from respool.app.settings import Settings
from respool.errors import PlanRefused
from respool.planning.plan import PlanHead
from respool.planning.request import Person
from tests.support import golden
from tests.support.backup_rights import set_backup_rights
from tests.support.directions import INTO, create_share
from tests.support.imap_contents import folder_names, messages_in
from tests.support.plan_files import Fields, forge
from tests.support.private_cyrus import NewMessage, PrivateCyrus, server_root
from tests.support.restoring import agreeing, settings_for, wish

pytestmark = pytest.mark.needs_cyrus
JDOE, ALICE = "jdoe@bluemind.loc", "alice@bluemind.loc"
TEAM = "team@bluemind.loc"
HELLO = NewMessage(octets=b"Subject: Hello\r\n\r\nI am new here\r\n")


@pytest.fixture
def server() -> Iterator[PrivateCyrus]:
    """A server with an account of jdoe in which there never was mail, and an empty share."""
    with server_root() as root, PrivateCyrus(root) as one:
        one.create_user(JDOE)
        create_share(one, TEAM, {JDOE: "lrs", ALICE: "lrs"})
        yield one


@pytest.fixture
def settings(server: PrivateCyrus, as_root: None, tmp_path: Path) -> Settings:
    """A backup where the share's Archives are for jdoe alone."""
    spool = golden.unpack_spool("3.4.9", tmp_path / "backup")
    set_backup_rights(spool, "a/contact/Archives", {JDOE: "lrswipkxtecdan"})
    return settings_for(server, spool, tmp_path / "state")


def refused(settings: Settings, plan: Path) -> str:
    """Why a plan file is refused, before anybody is asked."""
    asked: list[PlanHead] = []
    with pytest.raises(PlanRefused) as told:
        restore_plan(settings, plan, agreeing(asked))
    assert asked == []
    return str(told.value.why)


def make_anew(server: PrivateCyrus) -> None:
    """The account of jdoe is deleted; another of that name is his who comes after him."""
    with server.admin_client() as admin:
        admin.setacl(f"user/{JDOE}", server.admin, "lrswipkxtecda")
        admin.delete_folder(f"user/{JDOE}")
    server.add_user_with_messages(JDOE, [HELLO])


def test_a_plan_does_not_outlive_the_person_it_was_made_for(
    server: PrivateCyrus, settings: Settings, tmp_path: Path
) -> None:
    """
    Not even where somebody put the new account's id into it, or whose it is, without a word
    of that to whoever agrees. Where that is said, it is heard.
    """
    plan = tmp_path / "plan"
    former = save_plan(settings, wish(JDOE, "=Sent", into=INTO), plan)
    make_anew(server)
    said = save_plan(settings, wish(JDOE, "=Sent", into=INTO, person=Person.OTHER), None)
    assert said.facts["account id"] != former.facts["account id"]

    def with_new_id(lines: Fields) -> None:
        lines[0]["facts"] = dict(said.facts)

    def with_person(lines: Fields) -> None:
        lines[0]["request"]["person"] = Person.OTHER.value

    forge(plan, with_new_id)
    assert "may be another person's account" in refused(settings, plan)
    with server.client_as(JDOE) as client:
        assert not {name for name in folder_names(client) if name.startswith(INTO)}
        assert len(messages_in(client, "INBOX")) == 1
    forge(plan, with_person)
    assert "it was said that the mail goes to another person" in refused(settings, plan)
    save_plan(settings, wish(JDOE, "=Sent", into=INTO, person=Person.OTHER), tmp_path / "honest")
    honest = restore_plan(settings, tmp_path / "honest", agreeing())
    assert honest.verdict.value == "proven"


@pytest.mark.parametrize("folder", [f"{INTO}/Archives", INTO], ids=["itself", "what holds it"])
def test_a_plan_cannot_open_a_private_folder_to_all_readers(
    folder: str, server: PrivateCyrus, settings: Settings, tmp_path: Path
) -> None:
    """
    Though all of them may read the share itself. As it was made, it is carried out.
    """
    plan = tmp_path / "plan"
    wanted = wish("share/contact@bluemind.loc", "=Archives", to=f"share/{TEAM}", into=INTO)
    head = save_plan(settings, wanted, plan)
    assert all(ALICE not in each.rights for each in head.mailboxes)
    as_it_was = plan.read_bytes()

    def widened(lines: Fields) -> None:
        (planned,) = (each for each in lines[0]["mailboxes"] if each["target_path"] == folder)
        planned["rights"][ALICE], planned["narrower_for"] = "lrs", []
        (step,) = (
            each
            for each in lines
            if each.get("kind") == "spool-give-rights"
            and each["mailbox"] == planned["target_name"]
        )
        step["rights"] = planned["rights"]

    forge(plan, widened)
    assert "would get the rights" in refused(settings, plan)
    assert readable_by(server, ALICE) == {"Shared Folders/team"}
    plan.write_bytes(as_it_was)
    assert restore_plan(settings, plan, agreeing()).verdict.value == "proven"
    assert readable_by(server, ALICE) == {"Shared Folders/team"}
    assert f"Shared Folders/team/{INTO}/Archives" in readable_by(server, JDOE)


def readable_by(server: PrivateCyrus, login: str) -> frozenset[str]:
    """Shared folders that somebody sees."""
    with server.client_as(login) as client:
        return frozenset(name for name in folder_names(client) if name.startswith("Shared"))
