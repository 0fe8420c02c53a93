"""Which steps a plan has, in which order: for each way of restoring."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from respool.planning.appending import AppendMessages
from respool.planning.forecast import QuotaLimit
from respool.planning.proof import ProveAnnotations, ProveAppended, ProveMailbox, ProveSeen
from respool.planning.step import ACCOUNT_LANE, MessageStep, Step
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import (
    AdoptMailbox,
    Annotate,
    CreateAccount,
    CreateMailbox,
    GiveRights,
    GiveSeen,
    RaiseQuota,
    RepairQuota,
    SettleQuota,
    Subscribe,
)
from tests.unit.targets.spool.plans import (
    ABSENT,
    CREATING,
    FROM_SHARE,
    IN_PLACE,
    INBOX,
    LIMITS,
    NEVER_USED,
    ONTO_SHARE,
    RIGHTS,
    SHARE,
    SHARE_RIGHTS,
    SHARE_SURVEY,
    WAYS,
    chosen,
    planned,
    planned_by,
)

RAISING = {"is_raising_quota": True}


def said(plan: SpoolPlan) -> list[str]:
    """Each step in a word or two: what it does, and to which folder."""
    return [
        f"{step.kind.removeprefix('spool-')} {_about(step)}".removesuffix("@b.loc").strip()
        for step in plan.steps()
    ]


def _about(step: Step) -> str:
    if isinstance(step, Subscribe):
        return "/".join(step.parts[2:])
    if isinstance(step, RaiseQuota | SettleQuota):
        return step.root
    return str(getattr(step, "mailbox", step.lane))


def filled(name: str) -> list[str]:
    return [f"{word} {name}" for word in ("copy-messages", "write-index", "rebuild-mailbox")]


def steps_of(plan: SpoolPlan, *kinds: type[Step]) -> list[Any]:
    return [step for step in plan.steps() if isinstance(step, kinds)]


def test_into_a_new_folder() -> None:
    plan = planned([chosen("INBOX"), chosen("x/a")])

    new = "user/jdoe/restored"
    assert said(plan) == [
        f"create-mailbox {new}",
        f"create-mailbox {new}/x",
        f"create-mailbox {new}/x/a",
        *filled(new),
        *filled(f"{new}/x/a"),
        "repair-quota user/jdoe",
        f"prove-mailbox {new}",
        f"prove-mailbox {new}/x/a",
        f"give-rights {new}/x/a",
        f"give-rights {new}/x",
        f"give-rights {new}",
        "subscribe restored",
        "subscribe restored/x",
        "subscribe restored/x/a",
        "prove-subscriptions",
    ]


def test_in_place_what_was_live_is_adopted_and_its_rights_and_subscriptions_stay() -> None:
    live = frozenset({INBOX, "user/jdoe/Sent@b.loc", "user/jdoe/Empty@b.loc"})
    folders = [chosen("INBOX"), chosen("Sent"), chosen("Empty", 0), chosen("a")]

    plan = planned(folders, request=IN_PLACE, onto=replace(NEVER_USED, existing=live))

    assert said(plan) == [
        "create-mailbox user/jdoe/a",
        "adopt-mailbox user/jdoe",
        "adopt-mailbox user/jdoe/Sent",
        *filled("user/jdoe"),
        *filled("user/jdoe/Sent"),
        *filled("user/jdoe/a"),
        "repair-quota user/jdoe",
        "prove-mailbox user/jdoe",
        "prove-mailbox user/jdoe/Sent",
        "prove-mailbox user/jdoe/a",
        "give-rights user/jdoe/a",
        "subscribe a",
        "prove-subscriptions",
    ]
    proofs = steps_of(plan, ProveMailbox)
    assert [(each.parts, each.may_grow) for each in proofs] == [
        ((), True),
        (("Sent",), True),
        (("a",), False),
    ]


def test_an_account_that_is_gone_is_created_first_with_the_rights_and_limits_that_it_had() -> None:
    plan = planned([chosen("INBOX")], request=CREATING, onto=replace(ABSENT, quotas=LIMITS))

    first, second, *_ = plan.steps()
    assert first == CreateAccount(
        lane=ACCOUNT_LANE,
        mailbox=INBOX,
        partition="b_loc",
        rights=RIGHTS,
        limits={"STORAGE": 1000, "MESSAGE": 8},
    )
    assert isinstance(second, CreateMailbox)


def test_an_account_that_is_created_can_be_filled_in_place_at_once() -> None:
    plan = planned([chosen("INBOX"), chosen("a")], request={**CREATING, **IN_PLACE}, onto=ABSENT)

    assert said(plan)[:3] == [
        "create-account user/jdoe",
        "create-mailbox user/jdoe/a",
        "adopt-mailbox user/jdoe",
    ]


def test_limits_are_raised_before_and_put_back_after_the_count() -> None:
    """SETQUOTA sets all limits of a root at once: those that stay are named, too."""
    plan = planned([chosen("INBOX", 3)], request=RAISING, quotas=LIMITS, has_conversations=True)

    words = said(plan)
    assert words[0] == f"raise-quota {INBOX}".removesuffix("@b.loc")
    at = words.index("repair-quota user/jdoe")
    assert [each.split()[0] for each in words[at + 1 : at + 3]] == [
        "settle-quota",
        "build-conversations",
    ]
    raised = {"STORAGE": 1000, "MESSAGE": 11}
    for step in steps_of(plan, RaiseQuota, SettleQuota):
        assert (step.root, step.lane) == (INBOX, ACCOUNT_LANE)
        assert (step.former, step.limits) == ({"STORAGE": 1000, "MESSAGE": 8}, raised)


def test_each_root_is_raised_by_itself_and_one_that_has_room_is_not() -> None:
    inner = QuotaLimit(root="user/jdoe/a@b.loc", resource="MESSAGE", used=0, limit=2)
    roomy = QuotaLimit(root="user/jdoe/b@b.loc", resource="MESSAGE", used=0, limit=99)

    plan = planned([chosen("INBOX", 3)], request=RAISING, quotas=(*LIMITS, inner, roomy))

    for kind in (RaiseQuota, SettleQuota):
        assert sorted(each.root for each in steps_of(plan, kind)) == sorted([INBOX, inner.root])


def test_limits_of_an_account_that_is_created_are_raised_once_it_has_them() -> None:
    survey = replace(ABSENT, quotas=LIMITS)

    plan = planned([chosen("INBOX", 3), chosen("a")], request={**CREATING, **RAISING}, onto=survey)

    assert [each.split()[0] for each in said(plan)[:3]] == [
        "create-account",
        "raise-quota",
        "create-mailbox",
    ]


def test_nothing_is_raised_that_was_not_asked_for_or_need_not_be() -> None:
    quotas = (replace(LIMITS[1], limit=80),)

    for asked in ({}, RAISING):
        plan = planned([chosen("INBOX", 3)], request=asked, quotas=quotas)
        assert steps_of(plan, RaiseQuota, SettleQuota) == []


def test_a_mailshare_is_nobody_s_so_nobody_is_subscribed_and_an_administrator_proves() -> None:
    plan = planned(
        [chosen("INBOX")], request=ONTO_SHARE, onto=replace(SHARE_SURVEY, has_conversations=True)
    )

    assert said(plan) == [
        "create-mailbox contact/restored",
        *filled("contact/restored"),
        "repair-quota contact",
        "prove-mailbox contact/restored",
        "give-rights contact/restored",
    ]
    (repair,) = steps_of(plan, RepairQuota)
    assert (repair.userid, repair.domain) == (None, "b.loc")
    (proof,) = steps_of(plan, ProveMailbox)
    assert (proof.owner, proof.parts) == (None, ("restored",))
    (given,) = steps_of(plan, GiveRights)
    assert given.rights == SHARE_RIGHTS


@pytest.mark.parametrize("is_shared_now", [True, False])
def test_readers_of_a_mailshare_share_their_state_as_they_do_now_or_did_in_the_backup(
    is_shared_now: bool,  # noqa: FBT001 - a table
) -> None:
    folders = [
        chosen("x/a", account=SHARE, shared_seen=True),
        chosen("x/b", account=SHARE),
    ]

    plan = planned(
        folders,
        request={**FROM_SHARE, **ONTO_SHARE},
        onto=replace(SHARE_SURVEY, is_seen_shared=is_shared_now),
    )

    new = "contact/restored"
    created = {
        each.mailbox.removesuffix("@b.loc"): each.is_seen_shared
        for each in steps_of(plan, CreateMailbox)
    }
    assert created == {
        new: is_shared_now,
        f"{new}/x": is_shared_now,
        f"{new}/x/a": True,
        f"{new}/x/b": is_shared_now,
    }
    proven = {each.lane: each.is_seen_shared for each in steps_of(plan, ProveMailbox)}
    assert proven == {f"{new}/x/a@b.loc": True, f"{new}/x/b@b.loc": is_shared_now}


def test_an_adopted_root_of_a_mailshare_shares_the_state_that_it_had() -> None:
    plan = planned(
        [chosen("INBOX", account=SHARE, shared_seen=True)],
        request={**FROM_SHARE, **ONTO_SHARE, **IN_PLACE},
        onto=replace(SHARE_SURVEY, used=frozenset()),
    )

    (adopted,) = steps_of(plan, AdoptMailbox)
    assert (adopted.mailbox, adopted.is_seen_shared) == ("contact@b.loc", True)


@pytest.mark.parametrize("is_in_place", [True, False])
def test_folders_of_a_user_never_share_a_state(is_in_place: bool) -> None:  # noqa: FBT001
    """Whatever his INBOX has been set to: it would show his reading to others."""
    folder = chosen("x/a", shared_seen=True)

    plan = planned(
        [folder, chosen("INBOX")],
        request={"is_in_place": is_in_place},
        onto=replace(NEVER_USED, is_seen_shared=True),
    )

    steps = steps_of(plan, CreateMailbox, AdoptMailbox, ProveMailbox)
    assert [each.is_seen_shared for each in steps] == [False] * len(steps)


@pytest.mark.parametrize(("way", "is_raising"), list(product(WAYS, [False, True])))
def test_of_every_way_each_lane_is_prepared_filled_counted_proven_and_shown(
    way: str,
    is_raising: bool,  # noqa: FBT001 - a table
) -> None:
    """
    Files are only ever put into what the plan made or adopted, and before it is shown; what
    holds mail is added to by messages alone.
    """
    plan = planned_by(way, is_raising=is_raising, has_search_index=True)
    steps = list(plan.steps())

    ready: set[str] = set()
    shown: set[str] = set()
    proven: set[str] = set()
    filled_lanes: set[str] = set()
    added_to: set[str] = set()
    for step in steps:
        if isinstance(step, CreateMailbox | AdoptMailbox):
            assert not filled_lanes
            ready.add(step.mailbox)
        elif isinstance(step, ProveMailbox | ProveAppended):
            proven.add(step.lane)
        elif isinstance(step, GiveRights):
            assert step.mailbox in ready
            shown.add(step.mailbox)
        elif isinstance(step, AppendMessages):
            assert step.lane not in ready | proven
            filled_lanes.add(step.lane)
            added_to.add(step.lane)
        elif isinstance(step, MessageStep):
            assert step.lane in ready - shown - proven
            filled_lanes.add(step.lane)
        elif isinstance(step, GiveSeen | ProveSeen | Annotate | ProveAnnotations):
            assert step.lane in (shown | added_to) & proven
        elif step.lane != ACCOUNT_LANE:
            assert step.lane in filled_lanes - proven
    assert filled_lanes == {e.target_name for e in plan.head.mailboxes if e.messages}
    assert filled_lanes <= proven
    assert shown == {each.target_name for each in plan.head.mailboxes if each.is_new}


def test_a_message_is_joined_where_its_record_is_that_of_an_archived_one() -> None:
    plan = planned([replace(chosen("INBOX", 3), stubs=2, joined=frozenset({2}))])
    copied = [step for step in plan.steps() if isinstance(step, MessageStep)]

    assert [(each.uid, each.is_joined) for step in copied for each in step.messages] == [
        (1, False),
        (2, True),
        (3, False),
    ]
    assert (plan.head.stubs, plan.head.joined) == (2, 1)
