"""Is a plan file the plan that its own request makes, step by step?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Final

from respool.app.plan_lines import without_last
from respool.app.reached import Plan
from respool.errors import PlanRefused
from respool.planning.codec import parse_head, render_step
from respool.planning.plan import PlanHead

# What a later look may find, and the plan could not say: it is no other plan for that.
_OF_THE_MOMENT: Final = frozenset(
    {
        "backup-changing",
        "backup-running",
        "generation-may-go",
        "live-changing",
        "live-folder-unread",
        "live-list-damaged",
    }
)


def check_same(file: Path, planned: Callable[[PlanHead], Plan]) -> None:
    """A plan file comes from outside: compare it with what ``planned`` makes of its head.

    Raises:
        SurveyChanged: BlueMind is no longer as it was.
        PlanRefused: a step is another, or the head promises something else.
    """
    with file.open(encoding="ascii") as lines:
        head = parse_head(next(lines))
        plan = planned(head)
        reasons = _of_heads(head, plan.head)
        if not reasons and (head.finishing or plan.head.finishing):
            from respool.app.finishing_check import check_unchanged  # noqa: PLC0415 - BlueMind's

            check_unchanged(head.finishing, plan.head.finishing)
        reasons += _of_steps(without_last(lines), plan)
    if reasons:
        raise PlanRefused(
            "this plan does not do what it says", tuple(reasons), hint="make the plan again"
        )


def head_of_plan(file: Path) -> PlanHead:
    """The head of a plan file that was found whole."""
    with file.open(encoding="ascii") as lines:
        return parse_head(next(lines))


def _of_steps(given: Iterable[str], plan: Plan) -> Iterator[str]:
    made = (render_step(number, step) for number, step in enumerate(plan.steps()))
    for number, (line, step) in enumerate(zip_longest(given, made)):
        if line is None or line.rstrip("\n") != step:
            yield f"step {number} is not what its request asks for"
            return


def _of_heads(given: PlanHead, made: PlanHead) -> list[str]:
    """What a person agrees to must be what is done."""
    fields = (
        "target_kind",
        "where",
        "request",
        "mailboxes",
        "generation_label",
        "source",
        *(() if given.request.is_selective else ("skipped",)),  # it goes by what was picked
    )
    reasons = [
        f"its {name} is not what its request asks for"
        for name in fields
        if getattr(given, name) != getattr(made, name)
    ]
    said = set(given.findings)
    return reasons + [
        f"it does not say: {each.subject}: {each.text}"
        for each in made.findings
        if each not in said and each.code not in _OF_THE_MOMENT
    ]
