from __future__ import annotations

from respool.runs.states import ALLOWED, StepState


def reachable(start: StepState) -> set[StepState]:
    """Every state that a step can come to from ``start``."""
    found = {start}
    while more := {after for before, after in ALLOWED if before in found} - found:
        found |= more
    return found


def test_every_state_can_be_reached_by_a_step_that_waits() -> None:
    assert reachable(StepState.WAITING) == set(StepState)


def test_what_was_taken_back_stays_so() -> None:
    """What was kept may be asked for again."""
    final = {state for state in StepState if reachable(state) == {state}}

    assert final == {StepState.UNDONE}


def test_nothing_is_done_that_was_not_started() -> None:
    """So what was there before is always noted before something changes."""
    assert {before for before, after in ALLOWED if after is StepState.DONE} == {StepState.STARTED}
    assert {after for before, after in ALLOWED if before is StepState.WAITING} == {
        StepState.STARTED
    }


def test_what_is_done_is_never_done_again() -> None:
    assert StepState.STARTED not in reachable(StepState.DONE)
