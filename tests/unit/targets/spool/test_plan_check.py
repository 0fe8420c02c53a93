from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest

from respool.planning.proof import ProveMailbox
from respool.planning.step import Step
from respool.targets.spool.plan_check import PlanCheck
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import (
    BuildConversations,
    CopyMessages,
    CreateMailbox,
    GiveRights,
    RebuildMailbox,
    RepairQuota,
    Subscribe,
    WriteIndex,
)
from tests.unit.targets.spool.plans import RIGHTS, SURVEY, chosen, planned

Change = Callable[[Any], Step]

FOLDERS = [chosen("INBOX"), chosen("a/b", 2)]


def check_of(plan: SpoolPlan, head: Mapping[str, Any] | None = None) -> PlanCheck:
    sources = {each.chosen.mailbox.name.admin: each.chosen.place for each in plan.destined}
    return PlanCheck(head=replace(plan.head, **(head or {})), survey=plan.survey, sources=sources)


def reasons(plan: SpoolPlan, head: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    return check_of(plan, head).reasons(enumerate(plan.steps()))


@pytest.mark.parametrize(
    ("into", "default_domain"),
    [("restored", None), ("old@work", None), ("a.b", None), ("restored", "b.loc")],
)
def test_an_honest_plan_is_carried_out(into: str, default_domain: str | None) -> None:
    rules = replace(SURVEY.name_rules, default_domain=default_domain)
    plan = planned(
        FOLDERS,
        request={"into": into, "is_into_given": True},
        has_conversations=True,
        has_search_index=True,
        name_rules=rules,
    )

    assert reasons(plan) == ()


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (CreateMailbox, lambda step: replace(step, mailbox="user/asmith/x@b.loc")),
        (CreateMailbox, lambda step: replace(step, partition="other")),
        (GiveRights, lambda step: replace(step, mailbox="user/jdoe@b.loc")),
        (GiveRights, lambda step: replace(step, rights={**RIGHTS, "asmith": "lrs"})),
        (CopyMessages, lambda step: replace(step, lane="user/jdoe@b.loc")),
        (
            CopyMessages,
            lambda step: replace(step, source=replace(step.source, spool=PurePosixPath("x"))),
        ),
        (WriteIndex, lambda step: replace(step, lane="user/asmith@b.loc")),
        (RebuildMailbox, lambda step: replace(step, lane="user/asmith@b.loc")),
        (RepairQuota, lambda step: replace(step, mailbox="user/asmith@b.loc")),
        (RepairQuota, lambda step: replace(step, userid="asmith@b.loc")),
        (BuildConversations, lambda step: replace(step, userid="asmith@b.loc")),
        (ProveMailbox, lambda step: replace(step, owner="asmith@b.loc")),
        (ProveMailbox, lambda step: replace(step, parts=("Sent",))),
        (Subscribe, lambda step: replace(step, userid="asmith@b.loc")),
        (Subscribe, lambda step: replace(step, parts=("Sent",))),
    ],
)
def test_a_step_that_does_what_the_head_does_not_say_is_found(
    kind: type[Step], change: Change
) -> None:
    plan = planned(FOLDERS, has_conversations=True)
    steps = list(plan.steps())
    at = next(number for number, step in enumerate(steps) if isinstance(step, kind))
    steps[at] = change(steps[at])

    found = check_of(plan).reasons(enumerate(steps))

    assert found[0].startswith(f"step {at} ({kind.kind}): ")


def test_a_head_that_leads_out_of_the_new_folder_is_found() -> None:
    plan = planned(FOLDERS)
    elsewhere = replace(plan.head.mailboxes[0], target_name="user/jdoe/restored2@b.loc")

    found = reasons(plan, {"mailboxes": (elsewhere, *plan.head.mailboxes[1:])})

    assert "user/jdoe/restored2@b.loc is not in the new folder" in found


def test_a_head_that_gives_more_than_the_account_s_inbox_is_found() -> None:
    plan = planned(FOLDERS)
    open_to_all = replace(plan.head.mailboxes[0], rights={**RIGHTS, "anyone": "lrs"})

    found = reasons(plan, {"mailboxes": (open_to_all, *plan.head.mailboxes[1:])})

    assert any("would give anyone lrs, more" in reason for reason in found)


@pytest.mark.parametrize("kind", [CreateMailbox, CopyMessages, ProveMailbox, GiveRights])
def test_a_plan_that_leaves_out_what_makes_a_folder_whole_is_found(kind: type[Step]) -> None:
    """
    A folder that is not proven, not shown, or gets fewer messages than said, is no restore.
    """
    plan = planned(FOLDERS)
    steps = list(plan.steps())
    at = next(number for number, step in enumerate(steps) if isinstance(step, kind))

    assert check_of(plan).reasons(enumerate(steps[:at] + steps[at + 1 :]))


@pytest.mark.parametrize(
    "source",
    [
        {"spool": PurePosixPath("/var/spool/cyrus")},
        {"data": PurePosixPath("data/b_loc/domain/b/b.loc/a/user/asmith")},
        {"archive": PurePosixPath("archive/of/asmith")},
    ],
)
def test_mail_from_elsewhere_is_found(source: dict[str, Any]) -> None:
    """
    A plan restores what the backup has of this folder, and of nobody else's.
    """
    plan = planned(FOLDERS)
    steps = [
        replace(step, source=replace(step.source, **source))
        if isinstance(step, CopyMessages | WriteIndex)
        else step
        for step in plan.steps()
    ]

    assert "is not where the backup has" in check_of(plan).reasons(enumerate(steps))[0]


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ({"into": "elsewhere"}, "the new folder is shown as 'elsewhere'"),
        ({"into_encoded": "Projects"}, "the new folder"),
    ],
)
def test_a_head_that_shows_another_folder_than_it_makes_is_found(
    head: dict[str, str], reason: str
) -> None:
    assert reasons(planned(FOLDERS), head)[0].startswith(reason)


@pytest.mark.parametrize(
    ("rights", "reason"),
    [
        ({**RIGHTS, '-"a b"': "lr"}, "would give"),
        ({**RIGHTS, "-bob": "l r"}, "would give"),
        (RIGHTS, "would let bob in"),
    ],
    ids=["unfit-identifier", "unfit-rights", "shut-out-is-let-in"],
)
def test_rights_that_a_server_breaks_on_or_that_let_somebody_in_are_found(
    rights: dict[str, str], reason: str
) -> None:
    shut_out = {**RIGHTS, "-bob": "lrs"} if rights == RIGHTS else RIGHTS
    plan = planned(FOLDERS, rights=shut_out)
    other = replace(plan.head.mailboxes[0], rights=rights)

    found = reasons(plan, {"mailboxes": (other, *plan.head.mailboxes[1:])})

    assert any(reason in each for each in found)
