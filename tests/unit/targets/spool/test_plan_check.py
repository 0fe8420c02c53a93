from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from itertools import product
from pathlib import PurePosixPath
from typing import Any

import pytest

from respool.planning.annotating import PlannedAnnotation
from respool.planning.proof import ProveMailbox
from respool.planning.source_place import SourcePlace
from respool.planning.step import PlannedMessage, Step
from respool.targets.spool.annotations import allowed_annotations
from respool.targets.spool.plan_check import PlanCheck
from respool.targets.spool.recheck import recheck
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import (
    AdoptMailbox,
    BuildConversations,
    CopyMessages,
    CreateAccount,
    CreateMailbox,
    GiveRights,
    RaiseQuota,
    RebuildMailbox,
    RepairQuota,
    SettleQuota,
    Subscribe,
    WriteIndex,
)
from tests.unit.targets.spool.plans import (
    INBOX,
    RIGHTS,
    ROOM,
    SURVEY,
    WAYS,
    chosen,
    planned,
    planned_by,
)

Change = Callable[[Any], Step]

FOLDERS = [chosen("INBOX"), chosen("a/b", 2)]


def check_of(plan: SpoolPlan, head: Mapping[str, Any] | None = None) -> PlanCheck:
    sources = {each.chosen.mailbox.name.admin: each.chosen.place for each in plan.destined}
    rights = {each.target_name: each.rights for each in plan.head.mailboxes}
    annotations = {
        each.chosen.mailbox.name.admin: allowed_annotations(
            each.chosen.state, plan.head.request, plan.survey
        )
        for each in plan.destined
    }
    return PlanCheck(
        annotations=annotations,
        head=replace(plan.head, **(head or {})),
        survey=plan.survey,
        sources=sources,
        rights=rights,
    )


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


def test_a_plan_of_stubs_says_how_many_come_back_whole() -> None:
    folders = [replace(chosen("INBOX", 3), stubs=2, joined=frozenset({2}))]
    plan = planned(folders)

    assert reasons(plan) == ()
    (mailbox,) = (each for each in plan.head.mailboxes if each.stubs)
    said_otherwise = {
        "mailboxes": tuple(
            replace(each, joined=0) if each == mailbox else each for each in plan.head.mailboxes
        )
    }
    assert reasons(plan, said_otherwise) == (f"{mailbox.target_name}: 1 of 0 joined",)


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

    assert any("would get the rights" in reason for reason in found)


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
    "rights",
    [
        {**RIGHTS, '-"a b"': "lr"},
        {**RIGHTS, "-bob": "l r"},
        {who: may for who, may in RIGHTS.items() if who != "anyone"},
    ],
    ids=["unfit-identifier", "unfit-rights", "less-than-there-was"],
)
def test_other_rights_than_backup_and_inbox_allow_are_found(rights: dict[str, str]) -> None:
    plan = planned(FOLDERS)
    other = replace(plan.head.mailboxes[0], rights=rights)

    found = reasons(plan, {"mailboxes": (other, *plan.head.mailboxes[1:])})

    assert any("would get the rights" in each for each in found)


BOTH = [False, True]


@pytest.mark.parametrize(("way", "is_raising"), list(product(WAYS, BOTH)))
def test_an_honest_plan_of_every_way_is_carried_out(
    way: str,
    is_raising: bool,  # noqa: FBT001 - a table
) -> None:
    plan = planned_by(way, is_raising=is_raising, has_conversations=True, archive_room=ROOM)

    assert reasons(plan) == ()
    assert recheck(plan.head, plan.survey) == ()


def altered(value: Any) -> Any:  # noqa: ANN401 - a field of any step
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, Mapping):
        return {**value, "MESSAGE": 12345, "asmith@b.loc": "lrswipkxtea"}
    if isinstance(value, SourcePlace):
        return replace(value, data=PurePosixPath("data/of/asmith"))
    if isinstance(value, tuple) and value and isinstance(value[0], PlannedAnnotation):
        return (replace(value[0], value="another"), *value[1:])
    if isinstance(value, tuple):
        return value[1:] if value and isinstance(value[0], PlannedMessage) else ("Sent",)
    return "user/asmith@b.loc"


@pytest.mark.parametrize("way", WAYS)
def test_any_field_of_any_step_that_is_not_as_the_head_says_is_found(way: str) -> None:
    plan = planned_by(way, is_raising=True, has_conversations=True)
    steps = list(plan.steps())
    first_of_kind = {step.kind: at for at, step in reversed(list(enumerate(steps)))}

    unnoticed = []
    for kind, at in first_of_kind.items():
        for field in fields(steps[at]):
            other = replace(steps[at], **{field.name: altered(getattr(steps[at], field.name))})
            forged = [*steps[:at], other, *steps[at + 1 :]]
            if not check_of(plan).reasons(enumerate(forged)):
                unnoticed.append((kind, field.name))

    assert unnoticed == []


def without(plan: SpoolPlan, kind: type[Step]) -> tuple[str, ...]:
    """Reasons against a plan that lacks the first step of ``kind``."""
    steps = list(plan.steps())
    at = next(number for number, step in enumerate(steps) if isinstance(step, kind))
    return check_of(plan).reasons(enumerate(steps[:at] + steps[at + 1 :]))


def twice(plan: SpoolPlan, kind: type[Step]) -> tuple[str, ...]:
    """Reasons against a plan that has the first step of ``kind`` twice."""
    steps = list(plan.steps())
    at = next(number for number, step in enumerate(steps) if isinstance(step, kind))
    return check_of(plan).reasons(enumerate([*steps[: at + 1], *steps[at:]]))


@pytest.mark.parametrize(
    "kind", [CreateAccount, AdoptMailbox, RaiseQuota, SettleQuota, RepairQuota]
)
def test_what_keeps_an_account_whole_is_neither_left_out_nor_done_twice(kind: type[Step]) -> None:
    """Without the raise mail bounces while the restore goes on; without the rest, afterwards."""
    plan = planned_by("created-in-place", is_raising=True)

    assert f" of 1 {kind.kind}" in without(plan, kind)[0]
    assert f" of 1 {kind.kind}" in twice(plan, kind)[0]


def found_with(plan: SpoolPlan, survey: Mapping[str, Any] | None = None, **request: Any) -> str:  # noqa: ANN401
    """Reasons against the steps of ``plan`` under a head or a server that is another."""
    asked = replace(plan.head.request, **request)
    check = replace(
        check_of(plan, {"request": asked}), survey=replace(plan.survey, **(survey or {}))
    )
    return "\n".join(check.reasons(enumerate(plan.steps())))


def test_an_account_is_created_only_where_it_is_gone_and_somebody_asked_for_it() -> None:
    plan = planned_by("created")

    there = found_with(plan, {"is_absent": False})
    unasked = found_with(plan, is_creating_account=False)

    assert found_with(plan) == ""
    for found in (there, unasked):
        assert "it would create user/jdoe@b.loc, and nobody asked for that" in found


def test_an_account_is_created_with_the_rights_and_limits_that_it_had() -> None:
    plan = planned_by("created")

    assert "other rights of" in found_with(plan, {"rights": {**RIGHTS, "alice": "lrs"}})
    assert "other limits of" in found_with(plan, {"quotas": ()})
    assert "another partition" in found_with(plan, {"partition": "two"})


def test_a_limit_is_raised_only_where_somebody_asked_for_it_and_as_far_as_said() -> None:
    plan = planned_by("beside", is_raising=True)

    assert found_with(plan) == ""
    assert "nobody asked for that" in found_with(plan, is_raising_quota=False)
    lower = tuple(replace(each, limit=each.limit - 1) for each in plan.survey.quotas)
    assert f"other limits of {INBOX}" in found_with(plan, {"quotas": lower})


def test_no_root_is_raised_that_the_account_does_not_have() -> None:
    plan = planned_by("beside", is_raising=True)
    steps = list(plan.steps())
    (first,) = [step for step in steps if isinstance(step, RaiseQuota)]
    others = replace(first, root="user/asmith@b.loc")

    assert (
        check_of(plan)
        .reasons(enumerate([others, *steps]))[0]
        .startswith("step 0 (spool-raise-quota): other limits of user/asmith@b.loc")
    )


def test_a_live_folder_is_adopted_only_in_place_and_only_if_it_never_held_mail() -> None:
    plan = planned_by("in-place")
    used = {"used": frozenset({INBOX})}

    assert found_with(plan) == ""
    assert f"{INBOX} is not to be filled in place" in found_with(plan, used)
    assert f"{INBOX} is not made" in found_with(plan, is_in_place=False)


def test_in_place_nothing_outside_the_account_is_filled() -> None:
    plan = planned_by("in-place")
    mailboxes = plan.head.mailboxes
    (inbox,) = [each for each in mailboxes if each.target_path == "INBOX"]
    others = [each for each in mailboxes if each is not inbox]
    elsewhere = replace(inbox, target_name="user/asmith@b.loc")

    found = reasons(plan, {"mailboxes": (elsewhere, *others)})

    assert "user/asmith@b.loc is not in the new folder" in found


def test_a_head_that_keeps_nobody_s_reading_shares_it_with_nobody() -> None:
    """Steps and head have to agree: what the head shows is what a person says yes to."""
    plan = planned_by("a-shared-state")
    unread = tuple(replace(each, is_seen_kept=False) for each in plan.head.mailboxes)

    found = reasons(plan, {"mailboxes": unread})

    assert any("another read state of contact@b.loc" in each for each in found)
