"""An undo of which a person insists ends without a core that is gone, whatever was done there."""

from __future__ import annotations

from typing import Any

import pytest

from respool.errors import BluemindUnreachable, StepFailed
from respool.finishing.actor import FinishingActor
from respool.finishing.steps import (
    ConsolidateIndex,
    CreateMailshare,
    FinishingStep,
    RaiseDirectoryQuota,
    Repair,
)
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import Undoing
from tests.unit.finishing.scripted_core import ScriptedCore

AT: dict[str, Any] = {"lane": ACCOUNT_LANE, "domain": "b.loc", "entry": "U1"}
SHARE: dict[str, Any] = {"mailbox": "x@b.loc", "email": None, "data_location": "bm"}
STEPS = (
    CreateMailshare(**AT, **SHARE, name="x", quota_kib=None),
    RaiseDirectoryQuota(**AT, is_mailshare=False, former=10, limit=20),
    Repair(**AT, operation="mailboxQuota", address="x@b.loc"),
    ConsolidateIndex(**AT, address="x@b.loc"),
)


class _Gone(dict[str, list[Any]]):
    def __missing__(self, _called: str) -> list[Any]:
        return [BluemindUnreachable("BlueMind's core is away", why="status 503")]


def undoing(*, is_forced: bool) -> Undoing:
    return Undoing(before={"quota": 10}, done={}, is_forced=is_forced)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.kind)
def test_each_step_is_left_and_said_and_the_core_is_waited_for_once(step: FinishingStep) -> None:
    core = ScriptedCore(answers=_Gone())
    actor = FinishingActor(asking=core.asking, server=None, record=None)  # type: ignore[arg-type]

    with pytest.raises(StepFailed):
        actor.take_back(step, undoing(is_forced=False))
    waited = core.now
    kept = actor.take_back(step, undoing(is_forced=True))

    assert kept is not None
    assert kept.endswith(": BlueMind's core is away")
    assert core.now == waited
