"""BlueMind is told of an entry while that is the mailbox that was restored."""

from __future__ import annotations

from typing import Any

import pytest

from respool.finishing.steps import ConsolidateIndex, Repair
from respool.finishing.whose_entry import left_as_anothers
from respool.model.accounts import Account, AccountKind
from respool.planning.step import ACCOUNT_LANE
from tests.unit.finishing.scripted_core import Answer, ScriptedCore, fault

AT: dict[str, Any] = {"lane": ACCOUNT_LANE, "domain": "b.loc", "entry": "U1", "address": "x@b.loc"}
JDOE = Account(kind=AccountKind.USER, login="j&AOk-doe", domain="b.loc")


def core(answer: Answer) -> ScriptedCore:
    return ScriptedCore(answers={"GET /mailboxes/b.loc/U1/complete": [answer]})


def named(name: str, kind: str = "user") -> dict[str, Any]:
    return {"uid": "U1", "value": {"name": name, "type": kind}}


def test_one_of_that_name_and_kind_is_told() -> None:
    asking = core(named("jédoe")).asking

    assert left_as_anothers(asking, ConsolidateIndex(**AT), JDOE) is None


@pytest.mark.parametrize(
    "answer",
    [named("other"), named("jédoe", "mailshare"), None, fault("NOT_FOUND", status=404)],
    ids=["renamed", "of another kind", "gone", "gone, said by a fault"],
)
def test_any_other_is_told_nothing_and_a_person_is_to_look(answer: Answer) -> None:
    step = Repair(**AT, operation="mailboxAcls")

    note = left_as_anothers(core(answer).asking, step, JDOE)

    assert note is not None
    assert note["operation"] == "mailboxAcls"
    assert note["skipped"] in note["left_to_do"][0]
