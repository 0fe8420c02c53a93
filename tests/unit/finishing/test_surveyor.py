"""What a directory says of a name is believed only where it is of that very account."""

from __future__ import annotations

from typing import Any, cast

import pytest

from respool.bluemind.api_requests import ApiRequest
from respool.finishing.here import Here
from respool.finishing.survey import Gone
from respool.finishing.surveyor import survey_core, survey_core_without
from respool.model.accounts import Account, AccountKind
from respool.system.bluemind_core import BluemindCore
from tests.unit.finishing.scripted_core import ScriptedCore, fault

USER = Account(kind=AccountKind.USER, login="contact", domain="b.loc")
SHARE = Account(kind=AccountKind.MAILSHARE, login="contact", domain="b.loc")


def entry(kind: str, name: str = "contact") -> dict[str, Any]:
    return {"uid": "U1", "value": {"name": name, "type": kind, "dataLocation": "bm-master"}}


def core(kind: str, complete: object) -> BluemindCore:
    scripted = ScriptedCore(
        answers={
            "GET /mailboxes/b.loc/_byname": [entry(kind)],
            "GET /mailboxes/b.loc/U1/_acls": [[]],
            "GET /users/b.loc/U1/complete": [complete],
            "GET /mailshares/b.loc/U1/complete": [complete],
            "GET /directory/b.loc/U1/mgmt/_maintenance": [[]],
        }
    )
    return BluemindCore(cast("Any", scripted), "4.9.1", scripted.family)


@pytest.mark.parametrize(("kind", "account"), [("user", SHARE), ("mailshare", USER)], ids=str)
def test_a_user_is_not_told_of_a_mailshare_of_the_same_name_nor_the_reverse(
    kind: str, account: Account
) -> None:
    """The repairs would be the other's, and one of them expunges."""
    found = survey_core(core(kind, entry(kind)), account, "b.loc")

    assert found.mailbox is None
    assert f"is a {kind}, and not this {account.kind}" in (found.why_not or "")


def test_an_entry_that_the_directory_cannot_show_whole_is_not_told_either() -> None:
    found = survey_core(core("user", None), USER, "b.loc")

    assert found.mailbox is None
    assert "has no user U1" in (found.why_not or "")


def test_an_entry_of_the_same_kind_is_the_account() -> None:
    found = survey_core(core("user", entry("user")), USER, "b.loc")

    assert found.mailbox is not None
    assert found.why_not is None


GONE = Gone(
    uid="NEW",
    name="contact",
    email="contact@b.loc",
    partition="mail",
    quota_kib=None,
    rights={"U1@b.loc": "lr", "U2@b.loc": "lr", "group:G1@b.loc": "lr", "group:G2@b.loc": "lr"},
)
NOWHERE = Here(partitions=frozenset(), names=frozenset(), is_core_here=False)


def core_without(taken: str) -> BluemindCore:
    """A core of a domain with an alias where ``taken`` is somebody's address."""

    def by_email(request: ApiRequest) -> Any:  # noqa: ANN401 - JSON
        return entry("user", "other") if request.query["email"] == taken else None

    domain = {"uid": "b.loc", "value": {"name": "b.loc", "aliases": ["b.example"]}}
    scripted = ScriptedCore(
        answers={
            "GET /servers/default/_complete": [[]],
            "GET /domains": [[domain]],
            "GET /mailboxes/b.loc/_byname": [fault("NOT_FOUND", status=404)],
            "GET /mailboxes/b.loc/_byemail": [by_email],
            "GET /mailboxes/b.loc/U1/complete": [entry("user")],
            "GET /mailboxes/b.loc/U2/complete": [None],
            "GET /groups/b.loc/G1/expandedmembers": [[]],
            "GET /groups/b.loc/G2/expandedmembers": [fault("NOT_FOUND", status=404)],
        }
    )
    return BluemindCore(cast("Any", scripted), "4.9.1", scripted.family)


@pytest.mark.parametrize(
    ("taken", "is_free"),
    [("contact@b.loc", False), ("contact@b.example", False), ("sales@b.loc", True)],
)
def test_an_address_is_free_only_where_it_is_at_every_name_of_the_domain(
    taken: str, *, is_free: bool
) -> None:
    """A new mailshare gets it at all of them."""
    found = survey_core_without(core_without(taken), GONE, "b.loc", NOWHERE)

    assert found.is_email_free is is_free


def test_whom_the_backup_let_in_is_known_only_where_the_directory_still_has_him() -> None:
    found = survey_core_without(core_without(""), GONE, "b.loc", NOWHERE)

    assert found.known == {"U1@b.loc", "group:G1@b.loc"}
