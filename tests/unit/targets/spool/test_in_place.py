from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from respool.errors import PlanRefused
from respool.planning.appending import AppendMessages
from respool.planning.chosen import ChosenMailbox
from respool.planning.forecast import QuotaLimit
from respool.planning.proof import ProveAppended
from respool.targets.spool.in_place import TO_ADD
from respool.targets.spool.steps import AddToMailbox, CopyMessages, RepairQuota
from respool.targets.spool.survey import LiveFolder
from tests.unit.targets.spool.plans import (
    ANNOTATED,
    FROM_SHARE,
    IN_PLACE,
    INBOX,
    NEVER_USED,
    ONTO_SHARE,
    SHARE,
    SHARE_RIGHTS,
    SHARE_SURVEY,
    chosen,
    planned,
)

SHARES = {**FROM_SHARE, **ONTO_SHARE, **IN_PLACE}
OPEN = {**SHARE_RIGHTS, "bob@b.loc": "lrs"}
PRIVATE = {"admin0": "lrswipkxtecda", "asmith@b.loc": "lrswip", "anyone": "p"}
A = "contact/a@b.loc"
SENT = "user/jdoe/Sent@b.loc"


def of_share(rows: int = 1, acl: Mapping[str, str] = PRIVATE) -> ChosenMailbox:
    return chosen("a", rows, account=SHARE, acl=acl)


def refusal(folders: list[ChosenMailbox], **more: Any) -> str:  # noqa: ANN401 - of a plan
    """Why a plan is refused; "" where it is not."""
    try:
        planned(folders, **more)
    except PlanRefused as refused:
        return str(refused.why)
    return ""


def of_live_share(folder: ChosenMailbox, live: Mapping[str, str]) -> str:
    """Why the live folder ``a`` of a share, which has rights ``live``, is not filled."""
    return refusal(
        [folder],
        request=SHARES,
        onto=SHARE_SURVEY,
        rights=OPEN,
        used=frozenset(),
        existing=frozenset({"contact@b.loc", A}),
        live={A: LiveFolder(acl=live), "contact@b.loc": LiveFolder(acl=OPEN)},
        context={"root_acl": OPEN},
    )


def test_a_live_folder_that_is_open_to_more_people_is_named_with_them() -> None:
    assert f"{A} is open to bob@b.loc, to whom" in of_live_share(of_share(), OPEN)


@pytest.mark.parametrize(
    "live",
    [
        PRIVATE,
        {**PRIVATE, "bob@b.loc": ""},
        {**OPEN, "-bob@b.loc": "lrs"},
        {"admin0": "lrswipkxtecda"},
    ],
    ids=["as private", "nothing left", "shut out", "more so"],
)
def test_a_live_folder_that_is_as_private_is_filled(live: Mapping[str, str]) -> None:
    """
    Administrators do not count: they could give themselves any right.
    """
    assert of_live_share(of_share(), live) == ""


def test_a_folder_that_was_no_narrower_may_be_shown_to_more_people() -> None:
    live = {**OPEN, "carl@b.loc": "lrs"}

    assert of_live_share(of_share(acl=OPEN), live) == ""


def test_a_folder_into_which_nothing_is_put_may_be_open() -> None:
    assert of_live_share(of_share(rows=0), OPEN) == ""


def holding(**more: Any) -> dict[str, Any]:  # noqa: ANN401 - of a live folder
    """An account whose Sent holds mail, and INBOX none."""
    said = {"acl": {}, "called": "Sent", "may": TO_ADD, **more}
    return {
        "request": IN_PLACE,
        "onto": NEVER_USED,
        "existing": frozenset({INBOX, SENT}),
        "used": frozenset({SENT}),
        "live": {SENT: LiveFolder(**said)},
    }


def test_what_holds_mail_is_added_to_over_imap_and_what_is_made_goes_into_the_spool() -> None:
    plan = planned([chosen("Sent", 2), chosen("Old")], **holding())

    steps = list(plan.steps())
    of_sent = [step for step in steps if SENT in {step.lane, getattr(step, "mailbox", "")}]

    assert [type(each) for each in of_sent] == [AddToMailbox, AppendMessages, ProveAppended]
    assert [(each.is_new, each.is_appended) for each in plan.head.mailboxes] == [
        (False, True),
        (True, False),
    ]
    assert any(isinstance(step, CopyMessages) for step in steps)


def test_where_nothing_is_made_the_servers_programs_have_nothing_to_count() -> None:
    plan = planned([chosen("Sent", 2)], **holding())

    assert not [step for step in plan.steps() if isinstance(step, RepairQuota)]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"called": None}, "cannot log in or cannot name it"),
        ({"may": "lrswit"}, "(rights e)"),
    ],
    ids=["not named", "not his to remove"],
)
def test_what_its_owner_may_not_add_to_is_refused(more: Mapping[str, Any], says: str) -> None:
    assert says in refusal([chosen("Sent")], **holding(**more))


def test_a_folder_that_holds_mail_and_gets_none_may_be_anything() -> None:
    assert refusal([chosen("Sent", 0)], **holding(called=None)) == ""


def test_a_folder_that_holds_mail_keeps_what_it_says_of_itself() -> None:
    (plain,) = planned(
        [replace(ANNOTATED, mailbox=chosen("Sent", 3).mailbox)], **holding()
    ).destined

    assert {each.uid for each in plain.annotations} == {2}
    assert plain.annotations_left == {}
    assert plain.special_use == ()


LIMIT = QuotaLimit(root=SENT, resource="MESSAGE", used=5, limit=7)


@pytest.mark.parametrize(
    ("path", "rows", "is_full"),
    [("Sent", 1, False), ("Sent", 2, True), ("Sent/2017", 2, True), ("Sent2", 9, False)],
)
def test_a_folder_counts_at_its_own_quota_root(path: str, rows: int, is_full: bool) -> None:  # noqa: FBT001
    """
    Also what is made below a folder that has one.
    """
    told = refusal([chosen(path, rows)], **holding(limits=(LIMIT,)))

    assert (f"quota {SENT}: MESSAGE would be" in told) is is_full
