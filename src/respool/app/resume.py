"""Going on with a run that stopped part-way or was killed."""

from __future__ import annotations

from respool.app.access_log import note_change, of_run
from respool.app.carrying_out import Conversation, carry_out
from respool.app.rehearsing import end_rehearsal
from respool.app.settings import Settings
from respool.app.stored_runs import HeldRun, held_run
from respool.errors import RunRefused
from respool.runs.states import TAKEN_BACK, RunState, StepState
from respool.runs.stepping import progress_of
from respool.verification.report import Receipt


def resume(settings: Settings, number: int, conversation: Conversation) -> Receipt:
    """Do what run ``number`` has not done yet, and prove it.

    Raises:
        RunRefused: it has ended, or is taken back.
        NotReady: it cannot go on as things are now; nothing was changed by this.
        StepFailed, Interrupted: stopped again; what was done stays done.
        and what `held_run` raises.
    """
    with held_run(settings, number) as held:
        _check(number, held.row.state)
        held.target.check_ready(settings, held.run)
        note_change(settings, of_run("resume", number, held.head))
        held.run.mark(RunState.RUNNING, ended_at=None)
        conversation.on_begin(number, held.head)
        _tell_of_what_is_done(held, conversation)
        receipt = carry_out(held.run, held.target, conversation)
    return end_rehearsal(settings, receipt, conversation.stop)


def _tell_of_what_is_done(held: HeldRun, conversation: Conversation) -> None:
    """So that a bar does not begin at nothing."""
    for row in held.run.rows():
        if row.state is StepState.DONE:
            conversation.on_progress(progress_of(held.run.step(row.number)))


def _check(number: int, state: RunState) -> None:
    if state is RunState.DONE:
        raise RunRefused(
            f"run {number} has ended: there is nothing to go on with",
            hint=f"respool verify {number} reads it back again",
        )
    if state in TAKEN_BACK:
        raise RunRefused(
            f"run {number} is {state}",
            why="what is being taken back is not gone on with",
            hint=f"respool undo {number} goes on with that; restore again for the mail",
        )
