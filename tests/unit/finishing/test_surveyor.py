"""What a directory says of a name is believed only where it is of that very account."""

from __future__ import annotations

from typing import Any, cast

import pytest

from respool.bluemind.api_answers import mailbox_of
from respool.finishing.marked import is_mailbox_of
from respool.finishing.surveyor import survey_core
from respool.model.accounts import Account, AccountKind
from respool.system.bluemind_core import BluemindCore
from tests.unit.finishing.scripted_core import ScriptedCore

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


@pytest.mark.parametrize(
    ("kind", "name", "is_its"),
    [("mailshare", "contact", True), ("user", "contact", False), ("mailshare", "sales", False)],
)
def test_what_is_marked_is_looked_for_in_the_mailbox_that_would_be_expunged(
    kind: str, name: str, *, is_its: bool
) -> None:
    assert is_mailbox_of(mailbox_of(entry(kind, name)), SHARE) is is_its
    assert not is_mailbox_of(None, SHARE)
