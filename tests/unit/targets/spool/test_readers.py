"""Whose marks of what was read come back, in all four directions, and why one gets none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from respool.model.state import MailboxState, UidSet
from respool.planning.chosen import ChosenMailbox
from respool.planning.plan import PlannedMailbox
from respool.planning.proof import ProveSeen
from respool.targets.spool.readers import (
    ALL_SHARE,
    GONE,
    MAY_NOT_KEEP,
    MAY_NOT_READ,
    login_of,
    why_unkept,
)
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import GiveRights, GiveSeen
from tests.unit.targets.spool.plans import (
    FROM_SHARE,
    IN_SHARED_STATE,
    ONTO_SHARE,
    SHARE,
    SHARE_SURVEY,
    chosen,
    planned,
    rows_of,
)
from tests.unit.targets.spool.test_planned import messages_of

SEEN = 16
ASMITH, BOB, JDOE = "asmith@b.loc", "bob@b.loc", "jdoe@b.loc"
SHARE_BACK: Mapping[str, Any] = {**FROM_SHARE, **ONTO_SHARE}
OPEN = replace(SHARE_SURVEY, rights={**SHARE_SURVEY.rights, JDOE: "lrs", BOB: "lr"})
LOGINS = {"logins": frozenset({ASMITH, JDOE, BOB})}


def read_by(folder: ChosenMailbox, **seen: str) -> ChosenMailbox:
    """``folder`` with what readers had seen of it, by their names before the ``@``."""
    marks = {f"{who}@b.loc": UidSet.parse(uids) for who, uids in seen.items()}
    return replace(folder, state=MailboxState(seen_by=marks))


def share_folder(path: str = "INBOX", count: int = 5, **columns: Any) -> ChosenMailbox:  # noqa: ANN401
    return chosen(path, rows_of(count, **columns), account=SHARE, acl=OPEN.rights)


def given(plan: SpoolPlan) -> list[tuple[str, str]]:
    return [(step.reader, step.uids) for step in plan.steps() if isinstance(step, GiveSeen)]


def first(plan: SpoolPlan) -> PlannedMailbox:
    return plan.head.mailboxes[-1]


def test_each_reader_gets_his_own_marks_of_what_comes_back() -> None:
    """Marks of messages that are gone would be counted and never seen."""
    folder = read_by(share_folder(), asmith="2:3,9", jdoe="1", bob="")

    plan = planned([folder], request=SHARE_BACK, onto=OPEN, context=LOGINS)

    assert given(plan) == [(ASMITH, "2:3"), (JDOE, "1")]
    assert first(plan).seen_by == {ASMITH: 2, JDOE: 1}
    assert first(plan).seen_left == {}


def test_marks_are_given_after_rights_and_then_proven() -> None:
    folder = read_by(share_folder(), asmith="1")

    plan = planned([folder], request=SHARE_BACK, onto=OPEN, context=LOGINS)

    kinds = [type(step) for step in plan.steps()]
    assert kinds[-2:] == [GiveSeen, ProveSeen]
    assert GiveRights in kinds[:-2]


def test_who_cannot_have_his_marks_is_named_with_the_reason() -> None:
    folder = read_by(share_folder(), carol="1", bob="2", dave="3", asmith="4")
    logins = {"logins": frozenset({ASMITH, BOB, "dave@b.loc"})}

    plan = planned([folder], request=SHARE_BACK, onto=OPEN, context=logins)

    assert given(plan) == [(ASMITH, "4")]
    assert first(plan).seen_left == {
        "carol@b.loc": GONE,
        BOB: MAY_NOT_KEEP,
        "dave@b.loc": MAY_NOT_READ,
    }


def test_where_readers_share_what_they_have_read_nobody_has_marks_of_his_own() -> None:
    folder = read_by(share_folder(), asmith="1")

    plan = planned([folder], request=SHARE_BACK, onto=IN_SHARED_STATE, context=LOGINS)

    assert given(plan) == []
    assert first(plan).seen_left == {ASMITH: ALL_SHARE}


def test_the_owner_of_a_folder_that_goes_to_a_mailshare_is_one_of_its_readers() -> None:
    folder = chosen("INBOX", rows_of(3, system_flags=[SEEN, 0, SEEN]))

    plan = planned([folder], request=ONTO_SHARE, onto=OPEN, context=LOGINS)

    assert given(plan) == [(JDOE, "1,3")]
    assert all("\\Seen" not in each.flags for each in messages_of(plan))


def test_what_a_user_had_read_of_a_mailshare_is_read_again_in_his_own_folder() -> None:
    folder = read_by(share_folder(count=3, system_flags=[SEEN, 0, 0]), jdoe="2", asmith="3")

    plan = planned([folder], request=FROM_SHARE, context=LOGINS)

    assert [each.uid for each in messages_of(plan) if "\\Seen" in each.flags] == [2]
    assert first(plan).is_owner_a_reader
    assert (first(plan).is_seen_kept, first(plan).unseen) == (True, 2)
    assert first(plan).seen_left == {ASMITH: MAY_NOT_READ}


def test_other_readers_of_a_user_s_folder_get_theirs_where_they_may_read_it() -> None:
    folder = read_by(chosen("INBOX", rows_of(3, system_flags=SEEN)), asmith="1", jdoe="2")
    rights = {JDOE: "lrswipkxtea", ASMITH: "lrs"}

    plan = planned(
        [replace(folder, mailbox=replace(folder.mailbox, acl=rights))],
        rights=rights,
        context={**LOGINS, "root_acl": rights},
    )

    assert given(plan) == [(ASMITH, "1")]
    assert all("\\Seen" in each.flags for each in messages_of(plan))


def test_administrators_and_anyone_are_no_readers() -> None:
    seen = {"admin0": UidSet.parse("1"), "anyone": UidSet.parse("1")}
    folder = replace(share_folder(), state=MailboxState(seen_by=seen))

    plan = planned([folder], request=SHARE_BACK, onto=OPEN, context=LOGINS)

    assert (given(plan), first(plan).seen_left) == ([], {})


def test_marks_are_left_where_that_was_asked() -> None:
    folder = read_by(share_folder(), asmith="1")
    asked = {**SHARE_BACK, "is_without_seen": True}

    plan = planned([folder], request=asked, onto=OPEN, context=LOGINS)

    assert (given(plan), first(plan).seen_left) == ([], {})


@pytest.mark.parametrize(
    ("acl", "why"),
    [
        ({BOB: "lrs"}, None),
        ({"anyone": "lrs"}, None),
        ({"anyone": "p"}, MAY_NOT_READ),
        ({BOB: "lrs", f"-{BOB}": "s"}, MAY_NOT_KEEP),
        ({"group:sales": "lrs"}, None),
        ({"6b29fc40-ca47-1067-b31d-00dd010662da@b.loc": "lrs"}, None),
    ],
)
def test_rights_tell_who_can_keep_marks_unless_an_identifier_may_mean_him(
    acl: dict[str, str], why: str | None
) -> None:
    assert why_unkept(acl, BOB) == why


@pytest.mark.parametrize(
    ("userid", "default", "login"),
    [("al@b.loc", "b.loc", "al"), ("al@b.loc", "c.loc", "al@b.loc"), ("al", "b.loc", "al")],
)
def test_a_server_leaves_its_default_domain_out_of_logins(
    userid: str, default: str, login: str
) -> None:
    assert login_of(userid, default) == login


def test_marks_kept_under_a_name_with_and_without_its_domain_are_one_reader_s() -> None:
    """A server that got a default domain later has both."""
    rules = replace(OPEN.name_rules, default_domain="b.loc")
    at_home = replace(
        OPEN,
        name_rules=rules,
        rights={**SHARE_SURVEY.rights, "al": "lrs"},
        existing=frozenset({"contact"}),
        used=frozenset({"contact"}),
    )
    marks = {"al": UidSet.parse("1:2"), "al@b.loc": UidSet.parse("4")}
    folder = replace(share_folder(), mailbox=replace(share_folder().mailbox, acl={"al": "lrs"}))
    folder = replace(folder, state=MailboxState(seen_by=marks))

    plan = planned([folder], request=SHARE_BACK, onto=at_home, context={"logins": {"al"}})

    assert given(plan) == [("al", "1:2,4")]
