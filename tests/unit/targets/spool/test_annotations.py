"""Which annotations and special uses come back with a folder, and why one stays away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from respool.model.state import SHARED, Annotation, MailboxState
from respool.planning.annotating import PlannedAnnotation
from respool.planning.chosen import ChosenMailbox
from respool.planning.plan import PlannedMailbox
from respool.planning.proof import ProveAnnotations
from respool.targets.spool.annotations import (
    NOBODY_S,
    NOT_HIS,
    STAYS_WITH_LIVE,
    UNTOUCHED,
    WOULD_GO,
    allowed_annotations,
)
from respool.targets.spool.readers import GONE, MAY_NOT_READ
from respool.targets.spool.sequence import SpoolPlan
from respool.targets.spool.steps import Annotate
from respool.targets.spool.survey import SpoolSurvey
from tests.unit.planning.plans import ACCOUNT, REQUEST
from tests.unit.targets.spool.plans import (
    IN_PLACE,
    NEVER_USED,
    ONTO_SHARE,
    SHARE_SURVEY,
    SURVEY,
    chosen,
    planned,
)

JDOE, ASMITH = "jdoe@b.loc", "asmith@b.loc"
EXPIRE = "/vendor/cmu/cyrus-imapd/expire"
OTHER = replace(ACCOUNT, login="bob")


def note(
    entry: str, userid: str = SHARED, value: bytes = b"x", uid: int | None = None
) -> Annotation:
    return Annotation(entry=entry, userid=userid, value=value, uid=uid)


def annotated(*notes: Annotation, path: str = "INBOX", count: int = 3) -> ChosenMailbox:
    """A folder with annotations of its own and of its messages."""
    state = MailboxState(
        annotations=tuple(each for each in notes if each.uid is None),
        on_messages=tuple(each for each in notes if each.uid is not None),
    )
    return replace(chosen(path, count), state=state)


def written(plan: SpoolPlan) -> list[tuple[str, str, str, int | None]]:
    return [
        (step.userid, each.entry, each.value, each.uid)
        for step in plan.steps()
        if isinstance(step, Annotate)
        for each in step.annotations
    ]


def last(plan: SpoolPlan) -> PlannedMailbox:
    return plan.head.mailboxes[-1]


def test_what_is_written_beside_a_folder_and_its_messages_comes_back() -> None:
    """But for messages that do not: UID 9 is none of the three."""
    folder = annotated(
        note("/comment", value="é".encode()),
        note("/comment", JDOE, b"\xff"),
        note("/altsubject", uid=2),
        note("/altsubject", uid=9),
    )

    plan = planned([folder])

    assert written(plan) == [
        ("", "/comment", "é", None),
        ("", "/altsubject", "x", 2),
        (JDOE, "/comment", "\udcff", None),
    ]
    assert (last(plan).annotations, last(plan).message_annotations) == (2, 1)
    assert isinstance(list(plan.steps())[-1], ProveAnnotations)


def test_octets_that_are_no_text_are_written_as_they_were() -> None:
    assert PlannedAnnotation(entry="/e", value="\udcff", uid=None).octets == b"\xff"


def test_more_than_a_step_holds_comes_in_several() -> None:
    folder = annotated(*(note("/comment", uid=uid) for uid in range(1, 1002)), count=1001)

    steps = [step for step in planned([folder]).steps() if isinstance(step, Annotate)]

    assert [len(step.annotations) for step in steps] == [500, 500, 1]


@pytest.mark.parametrize(
    ("request_", "onto", "left"),
    [
        ({}, SURVEY, {EXPIRE: WOULD_GO}),
        (IN_PLACE, NEVER_USED, {}),
    ],
    ids=["beside", "in-place"],
)
def test_how_long_mail_is_kept_comes_back_in_place_only(
    request_: dict[str, Any],
    onto: SpoolSurvey,
    left: dict[str, str],
) -> None:
    """Else the next cyr_expire would take the restored mail away, for it is old."""
    plan = planned([annotated(note(EXPIRE))], request=request_, onto=onto)

    assert last(plan).annotations_left == left
    assert bool(written(plan)) == (not left)


def test_a_special_use_comes_back_where_no_live_folder_has_it() -> None:
    folder = annotated(note("/specialuse", JDOE, b"\\Sent \\Archive"))

    plan = planned([folder], context={"special_uses": frozenset({"\\Sent"})})

    assert written(plan) == [(JDOE, "/specialuse", "\\Archive", None)]
    assert last(plan).special_use == ("\\Archive",)
    assert last(plan).annotations_left == {"\\Sent": STAYS_WITH_LIVE}


def test_a_mailshare_has_no_special_use() -> None:
    folder = annotated(note("/specialuse", JDOE, b"\\Sent"))

    plan = planned([folder], request=ONTO_SHARE, onto=SHARE_SURVEY)

    assert (written(plan), last(plan).annotations_left) == ([], {"\\Sent": NOBODY_S})


def test_what_another_said_a_folder_is_for_stays_away() -> None:
    plan = planned([annotated(note("/specialuse", ASMITH, b"\\Sent"))])

    assert last(plan).annotations_left == {f"/specialuse of {ASMITH}": NOT_HIS}


def test_what_was_the_owner_s_is_the_new_owner_s() -> None:
    bobs = replace(SURVEY, owner="bob@b.loc", existing=frozenset({"user/bob@b.loc"}))

    plan = planned([annotated(note("/comment", JDOE))], request={"target": OTHER}, onto=bobs)

    assert written(plan) == [("bob@b.loc", "/comment", "x", None)]


def test_who_is_gone_or_may_not_read_has_nothing_written_in_his_name() -> None:
    folder = annotated(note("/comment", "gone@b.loc"), note("/comment", ASMITH))

    plan = planned([folder])

    assert last(plan).annotations_left == {
        "/comment of gone@b.loc": GONE,
        f"/comment of {ASMITH}": MAY_NOT_READ,
    }


def test_annotations_are_left_where_that_was_asked() -> None:
    folder = annotated(note("/comment"), note("/specialuse", JDOE, b"\\Sent"))

    plan = planned([folder], request={"is_without_annotations": True})

    assert (written(plan), last(plan).annotations_left) == ([], {})


def test_a_plan_may_write_what_the_backup_has_and_nothing_else() -> None:
    state = MailboxState(annotations=(note("/comment", JDOE),), on_messages=(note("/c", uid=1),))

    assert allowed_annotations(state, REQUEST, SURVEY) == {
        ("/comment", JDOE, b"x", None),
        ("/c", "", b"x", 1),
    }


def test_a_live_folder_that_gets_no_mail_gets_no_annotation() -> None:
    """No run has taken it over: to write there is not allowed, and would end the run."""
    folder = annotated(note("/comment"), note("/specialuse", JDOE, b"\\Sent"), count=0)

    plan = planned([folder], request=IN_PLACE, onto=NEVER_USED)

    assert written(plan) == []
    assert last(plan).annotations_left == {"/comment": UNTOUCHED, "\\Sent": UNTOUCHED}


def test_how_long_mail_is_kept_stays_away_in_whatever_letters() -> None:
    plan = planned([annotated(note(EXPIRE.upper()))])

    assert last(plan).annotations_left == {EXPIRE.upper(): WOULD_GO}
