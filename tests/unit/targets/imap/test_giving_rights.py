"""What others get in a folder of a server that refuses some of it, as plan and receipt say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from respool.app.receipt_text import receipt_text
from respool.app.wiring import STEP_KINDS
from respool.app.written_plan import write_plan
from respool.cli.restore_text import plan_text, receipt_screen
from respool.planning.plan import PlanHead
from respool.runs.journal import Journal
from respool.system.imap_places import ImapAddress
from respool.targets.imap.planner import plan_restore
from respool.targets.imap.surveyor import survey_imap
from respool.verification.report import Receipt
from tests.support.bluemind5_server import BlueMind5Server
from tests.support.imap_restoring import ImapRun, imap_server
from tests.support.imap_words import Word, text
from tests.support.stand_in_connection import Refusal
from tests.support.stand_in_session import StandInSession
from tests.unit.planning.plans import REQUEST
from tests.unit.runs.runs import quick
from tests.unit.targets.imap.plans import planned
from tests.unit.targets.spool.plans import CONTEXT, chosen

SHARED = {
    "jdoe@b.loc": "lrswipkxtea",
    "al@b.loc": "lrs",
    "bo@b.loc": "lr",
    "eve@elsewhere": "lr",
    "anyone": "p",
    "admin0": "lrswipkxtea",
}


def given(step_of: str, self: StandInSession, words: list[Word]) -> None:
    """A server that gives ``step_of`` nothing."""
    name, who, may = (text(word) for word in words)
    if who == step_of:
        raise Refusal("[NOPERM] not him")
    self._folder(name).acl[who] = may


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PlanHead, Receipt]]:
    monkeypatch.setattr(StandInSession, "_do_setacl", lambda *words: given("bo@new.loc", *words))
    with BlueMind5Server() as server:
        server.add_account("jdoe")
        account = imap_server(ImapAddress(port=server.port), "jdoe", server.password)
        asked = replace(REQUEST, domain_map={"b.loc": "new.loc"})
        folder = chosen("Sent", 0, acl=SHARED)
        plan = plan_restore(asked, [folder], survey_imap(account, asked), CONTEXT)
        journal = quick(Journal(tmp_path))
        tail = write_plan(plan, tmp_path / "new.jsonl")
        run = journal.begin(tmp_path / "new.jsonl", tail, STEP_KINDS, now=datetime.now(UTC))
        one = ImapRun(server=account, journal=run, plan=plan)
        one.carry_out()
        yield plan.head, one.receipt_of_later_look()
        account.close()
        journal.close()


def test_the_plan_says_who_else_gets_rights_and_who_gets_none(
    ran: tuple[PlanHead, Receipt],
) -> None:
    text_of_plan = plan_text(ran[0], has_details=True)
    assert "NOTE  rights of al@new.loc, bo@new.loc come back in 1 folder" in text_of_plan
    assert "NOTE  rights of others stay away in 1 folder" in text_of_plan
    assert "restored/Sent: al@new.loc may lrs" in text_of_plan
    assert (
        "no rights for eve@elsewhere (lr): who he is on that server was not told" in text_of_plan
    )
    assert "admin0" not in text_of_plan


def test_rights_that_the_server_refuses_are_named_in_the_receipt(
    ran: tuple[PlanHead, Receipt], tmp_path: Path
) -> None:
    receipt = ran[1]
    assert "Rights of others: 1 of 2 given and read back" in receipt_screen(receipt, tmp_path)
    said = receipt_text(receipt, tmp_path)
    assert "rights      restored/Sent: bo@new.loc: " in said
    assert "not him" in said


def test_without_a_map_of_domains_the_plan_says_that_nobody_else_gets_anything() -> None:
    plan = planned([chosen("Sent", acl=SHARED)], capabilities=frozenset({"ACL"}))
    (said,) = (each for each in plan.head.findings if each.code == "rights-not-given")
    assert "al@b.loc (lrs)" in said.text
    assert "--map-domain" in said.text
