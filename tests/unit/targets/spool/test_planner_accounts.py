"""Into other accounts, in place, into an account that is gone, and against full quotas."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from respool.errors import PlanRefused
from respool.model.accounts import Account
from respool.planning.forecast import QuotaLimit
from respool.planning.step import MessageStep
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.survey import SpoolSurvey
from tests.unit.planning.plans import ACCOUNT
from tests.unit.targets.spool.plans import (
    ABSENT,
    IN_PLACE,
    INBOX,
    NEVER_USED,
    RIGHTS,
    SHARE,
    SHARE_RIGHTS,
    SHARE_SURVEY,
    SURVEY,
    chosen,
    planned,
    rows_of,
)

SEEN = 1 << 4


def targets(plan: SpoolPlan) -> list[str]:
    return [each.target_name for each in plan.head.mailboxes]


def flags(plan: SpoolPlan) -> set[str]:
    return {
        flag
        for step in plan.steps()
        if isinstance(step, MessageStep)
        for message in step.messages
        for flag in message.flags
    }


def reasons(**arguments: Any) -> tuple[str, ...]:  # noqa: ANN401 - as `planned` takes them
    with pytest.raises(PlanRefused) as caught:
        planned([chosen("INBOX", 3)], **arguments)
    return caught.value.reasons


def between(source: Account, target: Account) -> dict[str, Any]:
    return {"request": {"account": source, "target": target}}


def survey_of(target: Account) -> SpoolSurvey:
    return SURVEY if target is ACCOUNT else SHARE_SURVEY


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (ACCOUNT, ACCOUNT, ["user/jdoe/restored@b.loc", "user/jdoe/restored/a@b.loc"]),
        (ACCOUNT, SHARE, ["contact/restored@b.loc", "contact/restored/a@b.loc"]),
        (SHARE, ACCOUNT, ["user/jdoe/restored@b.loc", "user/jdoe/restored/a@b.loc"]),
        (SHARE, SHARE, ["contact/restored@b.loc", "contact/restored/a@b.loc"]),
    ],
    ids=["user-user", "user-share", "share-user", "share-share"],
)
def test_every_account_goes_into_every_other(
    source: Account, target: Account, expected: list[str]
) -> None:
    folders = [chosen("INBOX", account=source), chosen("a", account=source)]

    plan = planned(folders, **between(source, target), onto=survey_of(target))

    assert targets(plan) == expected
    assert [each.source_name for each in plan.head.mailboxes] == [
        source.root.admin,
        source.root.child("a").admin,
    ]
    assert plan.head.target.startswith(target.address)


@pytest.mark.parametrize(
    ("source", "is_theirs_shared", "target", "is_ours_shared", "is_kept", "is_shared"),
    [
        (ACCOUNT, False, ACCOUNT, False, True, False),
        (ACCOUNT, True, ACCOUNT, True, True, False),
        (ACCOUNT, False, SHARE, False, False, False),
        (ACCOUNT, False, SHARE, True, True, True),
        (ACCOUNT, True, SHARE, False, True, True),
        (SHARE, False, ACCOUNT, False, False, False),
        (SHARE, True, ACCOUNT, False, True, False),
        (SHARE, False, SHARE, False, False, False),
        (SHARE, False, SHARE, True, False, True),
        (SHARE, True, SHARE, False, True, True),
        (SHARE, True, SHARE, True, True, True),
    ],
)
def test_what_was_read_is_read_again_where_it_is_known_whose_reading_it_was(
    source: Account,
    is_theirs_shared: bool,  # noqa: FBT001 - a table
    target: Account,
    is_ours_shared: bool,  # noqa: FBT001
    is_kept: bool,  # noqa: FBT001
    is_shared: bool,  # noqa: FBT001
) -> None:
    """
    A user's own, or all readers' of a mailshare that shares it. Of a mailshare that does
    not, the bit of the record is nobody's; and a target without a shared state has no
    place for it.
    """
    rows = rows_of(2, system_flags=[SEEN, SEEN | 1])
    folder = chosen("a", rows, account=source, shared_seen=is_theirs_shared)

    plan = planned(
        [folder],
        **between(source, target),
        onto=replace(survey_of(target), is_seen_shared=is_ours_shared),
    )

    (found,) = [each for each in plan.head.mailboxes if each.source_path is not None]
    (destined,) = plan.destined
    assert (destined.is_seen_kept, destined.is_seen_shared) == (is_kept, is_shared)
    assert (found.is_seen_kept, found.unseen) == (is_kept, 0 if is_kept else 2)
    assert flags(plan) == ({"\\Answered", "\\Seen"} if is_kept else {"\\Answered"})


def test_rights_are_the_target_s_whosever_the_backup_is() -> None:
    folder = chosen("INBOX", acl={**RIGHTS, "alice": "lrs"})

    plan = planned([folder], **between(ACCOUNT, SHARE), onto=SHARE_SURVEY)

    assert dict(plan.head.mailboxes[0].rights) == SHARE_RIGHTS
    assert plan.head.owner is None


def test_a_folder_shut_in_the_backup_is_shut_to_the_readers_of_a_mailshare() -> None:
    root = {**RIGHTS, "alice": "lrs"}
    folders = [chosen("INBOX", acl=root), chosen("private", acl=RIGHTS)]

    plan = planned(
        folders, **between(ACCOUNT, SHARE), onto=SHARE_SURVEY, context={"root_acl": root}
    )

    open_one, private = plan.head.mailboxes
    assert "asmith@b.loc" in open_one.rights
    assert private.rights["asmith@b.loc"] == "p"  # as anyone may deliver there
    assert private.narrower_for == ("asmith@b.loc",)


def test_in_place_everything_keeps_its_name_and_only_what_is_missing_is_new() -> None:
    live = frozenset({INBOX, "user/jdoe/Sent@b.loc"})
    folders = [chosen("INBOX"), chosen("Sent"), chosen("x/y")]

    plan = planned(folders, request=IN_PLACE, onto=replace(NEVER_USED, existing=live))

    assert [(each.target_path, each.is_new) for each in plan.head.mailboxes] == [
        ("x", True),
        ("INBOX", False),
        ("Sent", False),
        ("x/y", True),
    ]
    assert (plan.head.into, plan.head.into_encoded) == ("INBOX", "jdoe")
    assert plan.head.target.endswith(", in place")
    assert [dict(each.rights) for each in plan.head.mailboxes] == [RIGHTS, {}, {}, RIGHTS]


def test_in_place_a_live_folder_that_holds_a_restored_one_stays() -> None:
    live = frozenset({INBOX, "user/jdoe/x@b.loc"})

    plan = planned([chosen("x/y")], request=IN_PLACE, onto=replace(NEVER_USED, existing=live))

    assert targets(plan) == ["user/jdoe/x/y@b.loc"]


def test_in_place_a_folder_called_inbox_cannot_stand_below_inbox() -> None:
    with pytest.raises(PlanRefused) as caught:
        planned([chosen("INBOX"), chosen("./INBOX")], request=IN_PLACE, onto=NEVER_USED)

    assert "cannot be told from INBOX" in caught.value.reasons[0]


def test_an_account_that_is_gone_gets_its_folder_or_is_filled_in_place() -> None:
    folders = [chosen("INBOX"), chosen("a")]
    making = {"is_creating_account": True}

    beside = planned(folders, request=making, onto=ABSENT)
    in_place = planned(folders, request={**making, **IN_PLACE}, onto=ABSENT)

    assert [(each.target_path, each.is_new) for each in beside.head.mailboxes] == [
        ("restored", True),
        ("restored/a", True),
    ]
    assert [(each.target_path, each.is_new) for each in in_place.head.mailboxes] == [
        ("INBOX", False),
        ("a", True),
    ]
    assert beside.head.facts["account"] == "gone"


def limited(*limits: tuple[str, int, int]) -> SpoolSurvey:
    quotas = [
        QuotaLimit(root="user/jdoe@b.loc", resource=resource, used=used, limit=limit)
        for resource, used, limit in limits
    ]
    return replace(SURVEY, quotas=tuple(quotas))


def test_a_restore_after_which_mail_would_bounce_is_refused() -> None:
    (reason,) = reasons(onto=limited(("MESSAGE", 5, 8)))

    assert "MESSAGE would be 8 of 8 (now 5)" in reason
    assert "--raise-quota" in reason


def test_a_limit_is_raised_where_that_is_asked_for_and_mail_flows() -> None:
    plan = planned(
        [chosen("INBOX", 3)],
        request={"is_raising_quota": True},
        onto=limited(("MESSAGE", 5, 8), ("STORAGE", 1, 1000)),
    )

    assert [(each.resource, each.after, each.raised_to) for each in plan.head.quota] == [
        ("MESSAGE", 8, 11),
        ("STORAGE", 2, None),
    ]


def test_limits_that_it_had_refuse_an_account_that_is_created_too() -> None:
    (reason,) = reasons(
        request={"is_creating_account": True},
        onto=replace(ABSENT, quotas=limited(("MESSAGE", 0, 3)).quotas),
    )

    assert "MESSAGE would be 3 of 3" in reason
