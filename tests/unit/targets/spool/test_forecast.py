from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.planning.forecast import QuotaLimit, forecast_quota, quota_reasons
from respool.planning.load import Load, load_of
from respool.planning.plan import PlannedMailbox
from respool.targets.spool.recheck import recheck, recheck_left
from respool.targets.spool.survey import SpoolSurvey
from tests.unit.planning.plans import made
from tests.unit.targets.spool.plans import (
    IN_PLACE,
    INBOX,
    NEVER_USED,
    RIGHTS,
    ROOM,
    SURVEY,
    chosen,
    planned,
)

MIB = 1 << 20
LOAD = Load(messages=10, size_bytes=10 * MIB + 1, mailboxes=2)


def limited(resource: str, used: int, limit: int) -> SpoolSurvey:
    quota = QuotaLimit(root="user/jdoe", resource=resource, used=used, limit=limit)
    return replace(SURVEY, quotas=(quota,))


def raised(survey: SpoolSurvey, load: Load = LOAD) -> list[int | None]:
    """What each limit is raised to, where that is asked for."""
    return [each.raised_to for each in forecast_quota(survey.quotas, load, is_raising=True)]


@pytest.mark.parametrize(
    ("resource", "added", "room"),
    [
        ("STORAGE", 10 * 1024 + 1, 1),
        ("MESSAGE", 10, 1),
        ("X-NUM-FOLDERS", 2, 0),
        ("MAILBOX", 2, 0),
    ],
)
def test_each_resource_grows_by_its_own_measure(resource: str, added: int, room: int) -> None:
    """
    A limit on mail may not be reached, else the next mail bounces; one on folders may.
    """
    (fits,) = forecast_quota(limited(resource, 5, 5 + added + room).quotas, LOAD)

    assert (fits.used, fits.after) == (5, 5 + added)
    assert quota_reasons((fits,)) == ()
    (reason,) = quota_reasons(forecast_quota(limited(resource, 5, 4 + added + room).quotas, LOAD))
    assert reason.startswith(f"quota user/jdoe: {resource} would be")
    assert "--raise-quota" in reason


def test_what_a_restore_does_not_use_is_no_reason_even_where_it_is_full() -> None:
    full = limited("ANNOTATION-STORAGE", 5, 5)
    nothing = Load(messages=0, size_bytes=0, mailboxes=1)

    assert quota_reasons(forecast_quota(full.quotas, LOAD)) == ()
    assert quota_reasons(forecast_quota(limited("STORAGE", 9, 5).quotas, nothing)) == ()


@pytest.mark.parametrize(
    ("resource", "used", "limit", "expected"),
    [
        ("MESSAGE", 5, 16, None),
        ("MESSAGE", 5, 15, 15 + 10),
        ("MESSAGE", 95, 100, 105 + 5),
        ("MESSAGE", 99, 100, 109 + 5),
        ("MESSAGE", 150, 100, 160 + 5),
        ("MESSAGE", 3, 3, 13 + 1),
        ("MAILBOX", 5, 7, None),
        ("MAILBOX", 5, 6, 7 + 1),
        ("STORAGE", 1024, 2048, 1024 + 10241 + 1024),
    ],
    ids=[
        "it-fits",
        "just-filled",
        "nearly-full",
        "hardly-room",
        "over-it",
        "a-small-limit",
        "folders-fit",
        "folders-do-not",
        "storage",
    ],
)
def test_a_raised_limit_leaves_as_much_room_as_before_or_a_twentieth(
    resource: str, used: int, limit: int, expected: int | None
) -> None:
    survey = limited(resource, used, limit)

    assert raised(survey) == [expected]
    assert quota_reasons(forecast_quota(survey.quotas, LOAD, is_raising=True)) == ()


def test_only_the_limits_that_would_be_filled_are_raised() -> None:
    limits = (
        QuotaLimit(root="user/jdoe", resource="STORAGE", used=0, limit=1 << 20),
        QuotaLimit(root="user/jdoe", resource="MESSAGE", used=5, limit=10),
    )

    assert raised(replace(SURVEY, quotas=limits)) == [None, 15 + 5]


@given(
    resource=st.sampled_from(["STORAGE", "MESSAGE", "MAILBOX", "X-NUM-FOLDERS"]),
    used=st.integers(0, 2**31),
    limit=st.integers(0, 2**31),
    load=st.builds(
        Load,
        messages=st.integers(1, 10**6),
        size_bytes=st.integers(1, 2**40),
        mailboxes=st.integers(1, 1000),
    ),
)
def test_after_a_raise_there_is_room_for_new_mail(
    resource: str, used: int, limit: int, load: Load
) -> None:
    survey = limited(resource, used, limit)
    (forecast,) = forecast_quota(survey.quotas, load, is_raising=True)

    holds = limit if forecast.raised_to is None else forecast.raised_to
    is_of_folders = resource in {"MAILBOX", "X-NUM-FOLDERS"}
    assert forecast.after < holds or (is_of_folders and forecast.after == holds)
    assert holds >= limit
    assert quota_reasons((forecast,)) == ()


def test_an_account_without_limits_has_none() -> None:
    assert forecast_quota(SURVEY.quotas, LOAD) == ()


def test_a_load_is_the_sum_of_its_folders() -> None:
    """Folders that are filled in place are no new ones."""
    one = made(PlannedMailbox, is_new=True, messages=3, size_bytes=50)
    live = made(PlannedMailbox, messages=2, size_bytes=40, archived=1, archived_bytes=30)

    assert load_of([one, live]) == Load(
        messages=5, size_bytes=90, mailboxes=1, archived=1, archived_bytes=30
    )


HEAD = planned([chosen("INBOX", 3), chosen("a", 2)]).head


def test_a_plan_that_still_holds_has_no_reasons() -> None:
    assert recheck(HEAD, SURVEY) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"existing": frozenset({"user/jdoe/restored/a@b.loc"})},
            "restored/a@b.loc is there by now",
        ),
        (
            {"leftovers": frozenset({"user/jdoe/restored/a@b.loc"})},
            "restored/a@b.loc is there by now",
        ),
        ({"is_seen_shared": True}, "seen was by reader, now it is shared"),
        ({"archive_room": replace(ROOM, directory="/arc")}, "archive was none, now it is /arc"),
        ({"is_absent": True}, "account was there, now it is gone"),
        ({"owner": None}, "the owner was jdoe@b.loc, now it is None"),
        ({"server": "other"}, "server was mail, Cyrus 3.6.1, now it is other"),
        ({"layout": "uuid"}, "layout was names, now it is uuid"),
        ({"partition": "two"}, "partition was b_loc, now it is two"),
        ({"has_search_index": True}, "search was none, now it is squatter"),
        (
            {"rights": {**RIGHTS, "asmith": "lr"}},
            "now it is admin0 lrswipkxtecda, anyone p, asmith",
        ),
        ({"obstacles": ("quota is missing",)}, "quota is missing"),
        ({"data_room": replace(ROOM, inodes=5)}, "room for 5 more files"),
        (
            {"quotas": (QuotaLimit(root="r", resource="MESSAGE", used=7, limit=11),)},
            "MESSAGE would be 12 of 11 (now 7)",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_whatever_changed_since_the_plan_is_a_reason(
    changes: dict[str, object], says: str
) -> None:
    (reason,) = recheck(HEAD, replace(SURVEY, **changes))  # type: ignore[arg-type]

    assert says in reason


def test_what_does_not_matter_may_change() -> None:
    others = frozenset({"user/jdoe/new@b.loc", "user/jdoe/restored2@b.loc"})
    rights = dict(reversed(RIGHTS.items()))

    assert recheck(HEAD, replace(SURVEY, existing=others, rights=rights)) == ()


def filling(**changes: object) -> tuple[str, ...]:
    """Reasons against a plan that fills INBOX and a folder in place."""
    there = frozenset({INBOX, "user/jdoe/a@b.loc"})
    survey = replace(NEVER_USED, existing=there)
    head = planned([chosen("INBOX"), chosen("a")], request=IN_PLACE, onto=survey).head
    return recheck(head, replace(survey, **changes))  # type: ignore[arg-type]


def test_a_plan_that_fills_in_place_holds_until_mail_arrives_or_a_folder_goes() -> None:
    assert filling() == ()
    assert filling(used=frozenset({INBOX})) == (f"{INBOX} has held mail by now",)
    assert filling(existing=frozenset({INBOX})) == ("user/jdoe/a@b.loc is gone by now",)


def test_a_plan_that_raises_a_limit_holds_only_while_it_would_raise_it_as_far() -> None:
    """What it raises the limit to is part of the plan, and was agreed to."""
    survey = limited("MESSAGE", 5, 8)
    head = planned([chosen("INBOX", 3)], request={"is_raising_quota": True}, onto=survey).head

    assert [each.raised_to for each in head.quota] == [8 + 3]
    assert recheck(head, survey) == ()
    assert recheck(head, limited("MESSAGE", 6, 8)) == ()
    for used, limit in ((5, 7), (5, 20), (9, 8)):
        assert recheck(head, limited("MESSAGE", used, limit)) == (
            "the limits to be raised are not as they were",
        )


LEFT = {INBOX: Load(messages=1, size_bytes=100, mailboxes=0)}


def test_a_run_may_go_on_where_only_what_it_did_itself_is_new() -> None:
    """Its folders are there, and an account that it created, and a limit that it raised."""
    there = frozenset({INBOX, "user/jdoe/restored/a@b.loc"})
    assert recheck_left(HEAD, replace(SURVEY, existing=there), LEFT) == ()

    gone = replace(SURVEY, existing=frozenset(), used=frozenset(), is_absent=True)
    creating = planned([chosen("a")], request={"is_creating_account": True}, onto=gone).head
    assert recheck_left(creating, replace(SURVEY, root_id="new"), LEFT) == ()

    in_place = planned([chosen("INBOX")], request=IN_PLACE, onto=NEVER_USED).head
    filled = replace(NEVER_USED, used=frozenset({INBOX}), is_seen_shared=True)
    assert recheck_left(in_place, filled, LEFT) == ()

    raising = {"is_raising_quota": True}
    head = planned([chosen("INBOX", 3)], request=raising, onto=limited("MESSAGE", 5, 8)).head
    assert recheck_left(head, limited("MESSAGE", 8, 11), LEFT) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"root_id": "another"}, "account id was none, now it is another"),
        ({"is_absent": True}, "account was there, now it is gone"),
        ({"owner": None}, "the owner was jdoe@b.loc, now it is None"),
        ({"server": "other"}, "server was mail, Cyrus 3.6.1, now it is other"),
        ({"rights": {"jdoe@b.loc": "lr"}}, "rights was"),
        ({"obstacles": ("quota is missing",)}, "quota is missing"),
        ({"data_room": replace(ROOM, inodes=5)}, "room for 5 more files"),
        (
            {"quotas": (QuotaLimit(root="r", resource="MESSAGE", used=7, limit=8),)},
            "MESSAGE would be 8 of 8",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_whatever_else_stands_against_it_keeps_a_run_from_going_on(
    changes: dict[str, object], says: str
) -> None:
    """Room and quota are asked for what is left alone."""
    (reason,) = recheck_left(HEAD, replace(SURVEY, **changes), LEFT)  # type: ignore[arg-type]

    assert says in reason
