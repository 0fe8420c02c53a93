from __future__ import annotations

from collections.abc import Callable
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


def reasons(plan: SpoolPlan, **head: object) -> tuple[str, ...]:
    check = PlanCheck(head=replace(plan.head, **head), survey=plan.survey)  # type: ignore[arg-type]
    return check.reasons(enumerate(plan.steps()))


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

    found = PlanCheck(head=plan.head, survey=SURVEY).reasons(enumerate(steps))

    assert found
    assert all(reason.startswith(f"step {at} ({kind.kind}): ") for reason in found)


def test_a_head_that_leads_out_of_the_new_folder_is_found() -> None:
    plan = planned(FOLDERS)
    elsewhere = replace(plan.head.mailboxes[0], target_name="user/jdoe/restored2@b.loc")

    found = reasons(plan, mailboxes=(elsewhere, *plan.head.mailboxes[1:]))

    assert found[0] == (
        "user/jdoe/restored2@b.loc is not in the new folder user/jdoe/restored@b.loc"
    )


def test_a_head_that_gives_more_than_the_account_s_inbox_is_found() -> None:
    plan = planned(FOLDERS)
    open_to_all = replace(plan.head.mailboxes[0], rights={**RIGHTS, "anyone": "lrs"})

    found = reasons(plan, mailboxes=(open_to_all, *plan.head.mailboxes[1:]))

    assert any("would give anyone more" in reason for reason in found)
