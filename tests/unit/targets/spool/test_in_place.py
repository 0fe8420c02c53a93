from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from respool.errors import PlanRefused
from respool.planning.chosen import ChosenMailbox
from tests.unit.targets.spool.plans import (
    FROM_SHARE,
    IN_PLACE,
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
        empty_acls={A: live, "contact@b.loc": OPEN},
        context={"root_acl": OPEN},
    )


def test_an_account_that_has_held_mail_is_not_filled() -> None:
    used = frozenset({SENT, "user/jdoe/Trash@b.loc"})

    told = refusal([chosen("x/a")], request=IN_PLACE, onto=NEVER_USED, used=used)

    assert f"{SENT} and 1 more has" in told
    assert refusal([chosen("x/a")], request=IN_PLACE, onto=NEVER_USED) == ""


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


@pytest.mark.parametrize("path", ["Sent", "Sent/2017"])
def test_a_folder_with_a_quota_root_of_its_own_is_named(path: str) -> None:
    """
    Also where only what lies below it is restored: that counts there, too.
    """
    told = refusal([chosen(path)], request=IN_PLACE, onto=NEVER_USED, own_roots={SENT: SENT})

    assert f"{SENT} has a quota root of its own, {SENT}" in told


@pytest.mark.parametrize("path", ["INBOX", "Sent2", "Drafts"])
def test_other_folders_are_filled_beside_it(path: str) -> None:
    more = {"request": IN_PLACE, "onto": NEVER_USED, "own_roots": {SENT: SENT}}

    assert refusal([chosen(path)], **more) == ""
