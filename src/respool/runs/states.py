"""The life of a step, as a table."""

from __future__ import annotations

from enum import StrEnum


class StepState(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"  # not begun
    STARTED = "started"  # what was there before is noted; perhaps done, perhaps not
    DONE = "done"  # done, and its receipt is noted
    FAILED = "failed"  # refused or broken off; can be started again
    UNDOING = "undoing"  # being taken back
    UNDONE = "undone"  # taken back
    KEPT = "kept"  # not taken back, because someone touched it since


ALLOWED = frozenset(
    {
        (StepState.WAITING, StepState.STARTED),
        (StepState.STARTED, StepState.DONE),
        (StepState.STARTED, StepState.FAILED),
        (StepState.FAILED, StepState.STARTED),
        (StepState.STARTED, StepState.UNDOING),
        (StepState.DONE, StepState.UNDOING),
        (StepState.FAILED, StepState.UNDOING),
        (StepState.UNDOING, StepState.UNDONE),
        (StepState.UNDOING, StepState.KEPT),
        (StepState.KEPT, StepState.UNDOING),  # asked for again
    }
)


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"  # or killed: the lock of its account tells which
    STOPPED = "stopped"  # part-way, on an error or at the user's wish
    DONE = "done"  # every step is done
    UNDOING = "undoing"  # being taken back, or that was stopped: an undo goes on
    UNDONE = "undone"  # taken back
    PARTLY_UNDONE = "partly undone"  # taken back but for what somebody touched since


TAKEN_BACK = frozenset({RunState.UNDOING, RunState.UNDONE, RunState.PARTLY_UNDONE})
