"""Steps that give readers theirs back do what the plan's head says, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from respool.planning.annotating import PlannedAnnotation
from respool.planning.proof import ProveAnnotations, ProveSeen
from respool.planning.step import Step
from respool.targets.spool.steps import Annotate, GiveSeen
from tests.unit.targets.spool.plans import planned_by
from tests.unit.targets.spool.test_plan_check import check_of, found_with, twice, without


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("annotated", Annotate),
        ("annotated", ProveAnnotations),
        ("read-by-others", GiveSeen),
        ("read-by-others", ProveSeen),
    ],
)
def test_what_is_given_back_is_neither_left_out_nor_done_twice(way: str, kind: type[Step]) -> None:
    plan = planned_by(way)

    assert without(plan, kind)
    assert twice(plan, kind)


@pytest.mark.parametrize(
    ("way", "asked"),
    [("annotated", "is_without_annotations"), ("read-by-others", "is_without_seen")],
)
def test_what_was_asked_to_be_left_is_not_given_back(way: str, asked: str) -> None:
    assert "that the plan does not speak of" in found_with(planned_by(way), None, **{asked: True})


def test_an_annotation_that_makes_restored_mail_go_is_found() -> None:
    """Even where the backup has it: beside the live folder it would work the next night."""
    plan = planned_by("annotated")
    expire = PlannedAnnotation(entry="/vendor/cmu/cyrus-imapd/expire", value="1", uid=None)
    steps = [
        replace(step, annotations=(expire,))
        if isinstance(step, Annotate) and not step.userid
        else step
        for step in plan.steps()
    ]
    check = check_of(plan)
    name = plan.destined[0].chosen.mailbox.name.admin
    had = check.annotations[name] | {(expire.entry, "", b"1", None)}

    found = replace(check, annotations={name: had}).reasons(enumerate(steps))

    assert "the server would remove or move restored mail by it" in found[0]
