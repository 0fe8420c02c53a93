"""Damage costs what is damaged and nothing else, and is told item by item."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from respool.errors import PlanRefused
from respool.planning.request import Person
from respool.verification.report import Receipt
from tests.support import golden
from tests.support.imap_contents import HeldMessage, folder_names, messages_in
from tests.support.private_cyrus import PrivateCyrus, server_root
from tests.support.restoring import (
    Workplace,
    check_server_sound,
    held,
    live_state,
    owner_sees,
    restored,
    settings_for,
    wish,
)
from tests.support.truth import read_truth

pytestmark = pytest.mark.needs_cyrus
ANNA = "anna@bluemind.loc"
INTO = "back"
VERSIONS = golden.DAMAGED_VERSIONS

# Damages of INBOX, and the codes of what is lost by each, as the receipt names it.
INCOMPLETE = {
    "message-file-missing": {"message-file-missing"},
    "message-file-empty": {"message-file-size-differs"},
    "message-file-truncated": {"message-file-size-differs"},
    "message-file-bytes-changed": {"guid-differs"},
    "message-file-is-symlink": {"unsafe-entry", "message-file-missing"},
    "message-file-is-fifo": {"unsafe-entry", "message-file-missing"},
    "meta-without-data": {"message-file-missing"},
    "header-empty": {"header-unreadable", "keyword-without-name"},
    "header-missing": {"header-missing", "keyword-without-name"},
    "header-garbage": {"header-unreadable", "keyword-without-name"},
}
HARMLESS = (
    "cache-missing",
    "cache-truncated",
    "directory-with-symlink-to-etc-passwd",
    "index-header-record-count-too-high",
)
BAD_NAMES = {"name-with-newline": "Fac\ntures", "name-not-valid-utf7": "Factures &AOk"}


@pytest.fixture
def server() -> Iterator[PrivateCyrus]:
    """A server with an empty account of anna."""
    with server_root() as root, PrivateCyrus(root) as one:
        one.create_user(ANNA)
        yield one


@pytest.fixture
def restore_damaged(server: PrivateCyrus, as_root: None, tmp_path: Path) -> Callable[..., Receipt]:
    """Restores anna from a damaged sample: version, damage, folders, and more wishes."""

    def restore(version: str, damage: str, *folders: str, **more: Any) -> Receipt:  # noqa: ANN401 - of a wish
        backups = golden.unpack_damaged(version, damage, tmp_path / f"{version}-{damage}")
        settings = settings_for(server, backups, tmp_path / "state")
        return restored(settings, wish(ANNA, *folders, **{"into": INTO, **more}))

    return restore


def expected_inbox(version: str, damage: str) -> tuple[HeldMessage, ...]:
    """What is sound by the samples' own list, with the flags that are still known."""
    expected = golden.expected_of_damage(version, damage)
    truth = read_truth(f"damaged/{version}/truth.json").mailboxes[f"user/{ANNA}"]
    return tuple(
        HeldMessage(
            uid=message.uid,
            flags=frozenset(expected["flags"][str(message.uid)]),
            internaldate=message.internaldate,
            size_bytes=message.size_bytes,
            sha1=message.sha1,
        )
        for message in truth.messages
        if message.uid in expected["sound"]
    )


def expected_beside(version: str) -> dict[str, tuple[HeldMessage, ...]]:
    truth = read_truth(f"damaged/{version}/truth.json").mailboxes
    return {
        f"{INTO}/{path}": tuple(map(held, truth[f"user/anna/{path}@bluemind.loc"].messages))
        for path in ("Notes", "Factures")
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("damage", INCOMPLETE)
def test_what_is_intact_comes_back_and_the_loss_is_named(
    version: str,
    damage: str,
    server: PrivateCyrus,
    restore_damaged: Callable[..., Receipt],
    tmp_path: Path,
) -> None:
    """
    In the verdict, in the findings with folder and UID, and in the text for the ticket.
    """
    receipt = restore_damaged(version, damage)
    assert receipt.verdict.value == "proven, backup incomplete"
    assert {finding.code for finding in receipt.losses} == INCOMPLETE[damage]
    assert all(finding.subject.startswith("INBOX") for finding in receipt.losses)
    assert owner_sees(server, ANNA, [INTO, f"{INTO}/Notes", f"{INTO}/Factures"]) == {
        INTO: expected_inbox(version, damage),
        **expected_beside(version),
    }
    text = (tmp_path / "state/runs/1/receipt.txt").read_text("utf-8")
    assert all(code in text for code in INCOMPLETE[damage])
    check_server_sound(server, ANNA)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("damage", HARMLESS)
def test_damage_that_costs_nothing_costs_nothing(
    version: str, damage: str, server: PrivateCyrus, restore_damaged: Callable[..., Receipt]
) -> None:
    """
    A cache can be made anew; a link among the messages is not followed nor copied.
    """
    assert restore_damaged(version, damage).verdict.value == "proven"
    assert owner_sees(server, ANNA, [INTO])[INTO] == expected_inbox(version, damage)
    assert not list(server.root.rglob("passwd"))
    check_server_sound(server, ANNA)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("damage", BAD_NAMES)
def test_a_name_that_the_server_refuses_is_refused_with_a_proposal(
    version: str, damage: str, server: PrivateCyrus, restore_damaged: Callable[..., Receipt]
) -> None:
    """
    Nothing is changed; the proposal, and ``auto``, work.
    """
    before = live_state(server, [ANNA])
    with pytest.raises(PlanRefused) as refused:
        restore_damaged(version, damage)
    assert "proposal: --rename" in str(refused.value.why)
    assert live_state(server, [ANNA]) == before
    receipt = restore_damaged(version, damage, renames=["auto"])
    new = next(each.target for each in receipt.mailboxes if each.source == BAD_NAMES[damage])
    assert receipt.verdict.value == "proven"
    factures = expected_beside(version)[f"{INTO}/Factures"]
    assert owner_sees(server, ANNA, [new]) == {new: factures}
    old, path = BAD_NAMES[damage], new.removeprefix(f"{INTO}/")
    more = {"renames": [f"{old}={path}"], "person": Person.SAME}
    again = restore_damaged(version, damage, into="again", **more)
    assert owner_sees(server, ANNA, [f"again/{path}"]) == {f"again/{path}": factures}
    assert again.verdict.value == "proven"


def test_the_proposal_can_be_typed_as_it_stands(
    server: PrivateCyrus, restore_damaged: Callable[..., Receipt]
) -> None:
    with pytest.raises(PlanRefused) as refused:
        restore_damaged("3.8.7", "name-not-valid-utf7")
    typed = str(refused.value.why).partition("--rename '")[2].partition("'")[0]
    receipt = restore_damaged("3.8.7", "name-not-valid-utf7", renames=[typed])
    assert receipt.verdict.value == "proven"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(("nobody@bluemind.loc",), "account-not-in-generation", "anna@", id="account"),
        pytest.param((ANNA, "Nots"), "folder-not-in-generation", "Notes", id="folder"),
        pytest.param((ANNA, "-g", "77"), "generation-not-found", "undated", id="generation"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    words: tuple[str, ...], code: str, said: str, server: PrivateCyrus, tmp_path: Path
) -> None:
    backups = golden.unpack_damaged("3.8.7", golden.INTACT, tmp_path / "backup")
    place = Workplace(server=server, backups=backups, state=tmp_path / "state")
    ran = place.run("restore", *words, "--yes", "--json")
    assert (ran.status, ran.error["error"]) == (10, code)
    assert said in f"{ran.error['what']} {ran.error['why']} {ran.error['hint']}"


def test_a_restore_that_would_burst_the_quota_is_refused_before_anything_is_changed(
    server: PrivateCyrus, restore_damaged: Callable[..., Receipt]
) -> None:
    with server.admin_client() as admin:
        admin._imap.setquota(f'"user/{ANNA}"', "(STORAGE 1)")
    before = live_state(server, [ANNA])
    with pytest.raises(PlanRefused) as refused:
        restore_damaged("3.8.7", golden.INTACT)
    assert "STORAGE" in str(refused.value.why)
    assert "new mail would be refused" in str(refused.value.why)
    assert live_state(server, [ANNA]) == before


def test_all_reasons_are_told_at_once(
    server: PrivateCyrus, restore_damaged: Callable[..., Receipt]
) -> None:
    with server.admin_client() as admin:
        admin._imap.setquota(f'"user/{ANNA}"', "(STORAGE 1)")
    with pytest.raises(PlanRefused) as refused:
        restore_damaged("3.8.7", "name-with-newline", renames=["Nothing=x"])
    assert len(refused.value.reasons) >= 3
    with server.client_as(ANNA) as client:
        assert folder_names(client) == {"INBOX"}
        assert messages_in(client, "INBOX") == ()
