"""Who will be subscribed to which restored folder."""

from __future__ import annotations

from dataclasses import replace

import pytest

from respool.model.names import MailboxName
from respool.planning.proof import ProveSubscriptions
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import Subscribe
from tests.unit.planning.plans import ACCOUNT
from tests.unit.targets.spool.plans import (
    FROM_SHARE,
    IN_PLACE,
    NEVER_USED,
    ONTO_SHARE,
    SHARE,
    SHARE_SURVEY,
    chosen,
    planned,
)

JDOE, ASMITH = "jdoe@b.loc", "asmith@b.loc"
FOLDERS = [chosen("INBOX"), chosen("x/a"), chosen("b")]


def had(*paths: str, who: str = JDOE, root: MailboxName = ACCOUNT.root) -> dict[str, object]:
    """What the backup says that somebody was subscribed to."""
    names = frozenset(root.child(*path.split("/")) if path else root for path in paths)
    return {"subscriptions": {who: names}, "logins": frozenset({ASMITH})}


def subscribed(plan: SpoolPlan) -> list[tuple[str, str]]:
    return [
        (step.userid, "/".join(step.parts)) for step in plan.steps() if isinstance(step, Subscribe)
    ]


def of_jdoe(plan: SpoolPlan) -> list[str]:
    return [name.removeprefix("user/jdoe/restored") for _, name in subscribed(plan)]


def test_of_a_whole_account_its_owner_is_subscribed_to_what_he_was_and_to_the_new_folder() -> None:
    """Whoever looks for his mail finds the new folder, whatever his client shows."""
    assert of_jdoe(planned(FOLDERS, context=had("x/a", "gone"))) == ["", "/x/a"]


def test_where_the_backup_does_not_tell_he_is_subscribed_to_everything_new() -> None:
    assert of_jdoe(planned(FOLDERS)) == ["", "/b", "/x", "/x/a"]


def test_a_folder_that_was_asked_for_by_its_name_is_subscribed_to_whatever_he_was() -> None:
    """Somebody looks for it, and nothing else may hide it."""
    plan = planned(FOLDERS[1:2], request={"folders": ("x/a",)}, context=had("b"))

    assert of_jdoe(plan) == ["", "/x", "/x/a"]


def test_in_place_he_is_subscribed_to_live_folders_too_that_he_was_subscribed_to() -> None:
    plan = planned(FOLDERS, request=IN_PLACE, onto=NEVER_USED, context=had("", "b"))

    assert subscribed(plan) == [(JDOE, "user/jdoe"), (JDOE, "user/jdoe/b")]


@pytest.mark.parametrize(
    ("who", "is_subscribed"), [(ASMITH, True), ("gone@b.loc", False), ("-x@b.loc", False)]
)
def test_readers_of_a_mailshare_that_is_itself_again_are_subscribed_as_they_were(
    who: str,
    is_subscribed: bool,  # noqa: FBT001 - a table
) -> None:
    never_used = replace(SHARE_SURVEY, used=frozenset())
    folders = [chosen("a", account=SHARE, acl=SHARE_SURVEY.rights)]

    plan = planned(
        folders,
        request={**FROM_SHARE, **ONTO_SHARE, **IN_PLACE},
        onto=never_used,
        context=had("a", who=who, root=SHARE.root),
    )

    assert subscribed(plan) == ([(who, "contact/a")] if is_subscribed else [])
    proofs = [step for step in plan.steps() if isinstance(step, ProveSubscriptions)]
    assert len(proofs) == int(is_subscribed)


def test_readers_of_a_mailshare_are_not_subscribed_to_a_copy_beside_it() -> None:
    folders = [chosen("a", account=SHARE, acl=SHARE_SURVEY.rights)]

    plan = planned(
        folders,
        request={**FROM_SHARE, **ONTO_SHARE},
        onto=SHARE_SURVEY,
        context=had("a", who=ASMITH, root=SHARE.root),
    )

    assert subscribed(plan) == []
