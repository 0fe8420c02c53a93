"""A mailshare that was made is removed again only where it surely is as it was made, and empty."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from respool.finishing.mailshares import take_back
from respool.finishing.steps import CreateMailshare
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import Undoing
from respool.system.cyrus_server import CyrusServer
from respool.system.mailbox_admin import MailboxStatus
from tests.unit.finishing.scripted_core import ScriptedCore, status

STEP = CreateMailshare(
    lane=ACCOUNT_LANE,
    mailbox="contact@b.loc",
    domain="b.loc",
    entry="M1",
    name="contact",
    email=None,
    data_location="bm-master",
    quota_kib=None,
)
MADE = Undoing(
    before={"existed": False, "in_directory": False}, done={"uniqueid": "u1", "entry": "M1"}
)
AS_MADE = {"name": "contact", "dataLocation": "bm-master"}
REMOVES = "DELETE /mailshares/b.loc/M1"


@dataclass(slots=True, kw_only=True)
class EmptyCyrus:
    """What a Cyrus says of ``mailboxes`` (unique id by name) that hold nothing."""

    mailboxes: dict[str, str] = field(default_factory=lambda: {STEP.mailbox: "u1"})

    @property
    def admin(self) -> EmptyCyrus:
        return self

    def exists(self, name: str) -> bool:
        return name in self.mailboxes

    def uniqueid(self, name: str) -> str:
        return self.mailboxes[name]


class Counting(EmptyCyrus):
    """One that can be asked how much it holds as well: nothing."""

    separator = "/"
    admin_name = "cyrus"

    @property
    def configuration(self) -> Counting:
        return self

    def text(self, _key: str, default: str) -> str:
        return default

    def names(self, _pattern: str) -> tuple[str, ...]:
        return ()

    def acl(self, _mailbox: str) -> dict[str, str]:
        return {self.admin_name: "lr"}

    def status(self, _mailbox: str) -> MailboxStatus:
        return MailboxStatus(uidvalidity=1, uidnext=1, messages=0)


def core(value: dict[str, Any] | None, used: int = 0) -> ScriptedCore:
    shown = None if value is None else {"uid": "M1", "value": value}
    return ScriptedCore(
        answers={
            "GET /mailshares/b.loc/M1/complete": [shown],
            "GET /mailboxes/b.loc/M1/_quota": [{"used": used, "quota": None}],
        }
    )


def left(one: ScriptedCore, undoing: Undoing = MADE, cyrus: EmptyCyrus | None = None) -> str:
    """Why it is left; it is not asked to be removed."""
    server = cast("CyrusServer", cyrus or EmptyCyrus())
    why = take_back(one.asking, server, STEP, undoing)
    assert REMOVES not in one.asked
    return why or ""


@pytest.mark.parametrize("is_forced", [False, True])
def test_one_that_was_renamed_since_is_left_even_for_who_insists(*, is_forced: bool) -> None:
    """Its mail is under the new name: that the old one holds none says nothing."""
    one = core({**AS_MADE, "name": "sales"})

    why = left(one, replace(MADE, is_forced=is_forced), EmptyCyrus(mailboxes={}))

    assert "is called sales now" in why


def test_one_that_was_moved_to_another_server_is_left() -> None:
    assert "was moved to bm-2" in left(core({**AS_MADE, "dataLocation": "bm-2"}))


def test_one_that_cyrus_does_not_have_is_not_taken_for_empty() -> None:
    assert "Cyrus has no contact@b.loc" in left(core(AS_MADE), cyrus=EmptyCyrus(mailboxes={}))


def test_another_mailbox_of_its_name_is_no_reason_to_remove_it() -> None:
    other = EmptyCyrus(mailboxes={STEP.mailbox: "u2"})

    assert "another of its name" in left(core(AS_MADE), cyrus=other)


def test_one_that_bluemind_says_holds_something_is_left() -> None:
    assert "holds 7 KiB" in left(core(AS_MADE, used=7))


def test_one_with_anything_of_the_run_left_in_it_is_left() -> None:
    assert "what is left of this run" in left(core(AS_MADE), replace(MADE, is_mail_kept=True))


def test_one_that_is_gone_from_the_directory_needs_nothing() -> None:
    assert left(core(None)) == ""


def test_one_that_is_still_there_when_its_removal_has_ended_is_left() -> None:
    """Whatever the task says of itself."""
    one = core(AS_MADE)
    one.answers |= {REMOVES: [{"id": "7"}], "GET /tasks/7": [status("InError")]}
    one.answers["GET /tasks/7/_currentLogs"] = [[]]

    why = take_back(one.asking, cast("CyrusServer", Counting()), STEP, MADE)

    assert "has it still" in (why or "")


def test_so_is_one_whose_mailbox_stays_in_cyrus() -> None:
    shown = {"uid": "M1", "value": AS_MADE}
    one = core(AS_MADE)
    one.answers |= {REMOVES: [{"id": "7"}], "GET /tasks/7": [status("Success", result="x")]}
    one.answers["GET /mailshares/b.loc/M1/complete"] = [shown, None]

    why = take_back(one.asking, cast("CyrusServer", Counting()), STEP, MADE)

    assert "Cyrus has contact@b.loc still" in (why or "")
