"""Carrying out a run that was begun, from wherever it stands, and keeping its receipt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, Final

from respool.app.phases import PhaseClock
from respool.app.reached import Reached
from respool.app.receipt_text import keep_receipt
from respool.app.receipts import receipt_of, untold_of
from respool.backups.source import forget_trees
from respool.errors import EndedBySignal, Interrupted, JournalError, RespoolError, StepFailed
from respool.model.dataclasses import dataclass
from respool.planning.plan import PlanHead
from respool.runs.actor import Actor, ActsAhead, ActsByHands
from respool.runs.hands import many_hands
from respool.runs.journal import RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import RunState
from respool.runs.stepping import Progress
from respool.system.pace import Pace, default_jobs
from respool.system.signals import undisturbed
from respool.verification.report import Receipt

MOST_ALONE: Final = 2_000  # messages, or
MOST_OCTETS_ALONE: Final = 64 << 20  # of mail: no more than one process copies in a moment


def _unheard(_progress: Progress) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """How a restore speaks with whoever asked for it.

    ``agree`` is shown the plan and says whether to go on; ``on_begin`` gets the run and
    its head; ``on_progress`` each step that was done.
    """

    agree: Callable[[PlanHead], bool]
    on_begin: Callable[[int, PlanHead], None]
    on_progress: Callable[[Progress], None] = _unheard
    stop: Stop = field(default_factory=Stop)
    pace: Pace = field(default_factory=lambda: Pace(jobs=default_jobs()))


def carry_out(run: RunJournal, target: Reached, conversation: Conversation) -> Receipt:
    """Do every step that is not done yet; the run's receipt.

    Where BlueMind alone was not told, the mail is whole and the receipt says so (``untold``);
    the run has stopped, and can go on.

    Raises:
        StepFailed, Interrupted: stopped part-way; ``changed`` says what was added, the
            hint how to go on or to take it back.
    """
    clock = PhaseClock()
    conversation.pace.keep()

    def heard(progress: Progress) -> None:
        clock.step(progress.kind)
        conversation.on_progress(progress)

    actors = target.actors(run)
    try:
        with many_hands(hands_for(run.head(), actors, conversation.pace)) as hands:
            Runner(
                journal=run,
                actors=actors,
                stop=conversation.stop,
                lanes_at_once=conversation.pace.lanes(hands.count),
                hands=hands,
                on_progress=heard,
            ).run()
    except BaseException as error:
        with undisturbed():
            forget_trees()  # if the backup is going away, only those who read it know
            with suppress(JournalError):  # its disk is full, perhaps: it stands as killed then
                run.mark(RunState.STOPPED, ended_at=datetime.now(UTC))
            untold = _untold_receipt(error, run, clock)
            if untold is not None:
                return untold
            told = _with_what_was_changed(error, run)
        raise told from error
    receipt = receipt_of(run, phases=clock.phases)
    keep_receipt(run.directory / "receipt", receipt)  # before: what has ended is not resumed
    run.mark(RunState.DONE, ended_at=datetime.now(UTC))
    return receipt


def hands_for(head: PlanHead, actors: Mapping[str, Actor[Any]], pace: Pace) -> int:
    """How many processes write messages, and read files back.

    Of little mail, or with one job, this one alone does it.
    """
    is_ahead = any(
        (isinstance(actor, ActsAhead) and actor.ahead) or isinstance(actor, ActsByHands)
        for actor in actors.values()
    )
    is_little = head.messages < MOST_ALONE and head.size_bytes < MOST_OCTETS_ALONE
    return 1 if pace.jobs == 1 or is_little or not is_ahead else pace.hands


def _untold_receipt(error: BaseException, run: RunJournal, clock: PhaseClock) -> Receipt | None:
    """The receipt that is kept where nothing but BlueMind failed; None elsewhere."""
    if not isinstance(error, StepFailed) or untold_of(run) is None:
        return None
    receipt = receipt_of(run, phases=clock.phases, hint=error.hint)
    keep_receipt(run.directory / "receipt", receipt)
    return receipt


def _with_what_was_changed(error: BaseException, run: RunJournal) -> BaseException:
    """``error`` as one that says first what was added; a bug of ours stays what it is."""
    if isinstance(error, KeyboardInterrupt | EndedBySignal):
        error = Interrupted(f"run {run.number} was stopped at once", why="asked for twice")
    from respool.app.what_changed import what_changed  # noqa: PLC0415 - of what failed alone

    error.add_note(what_changed(run))
    if isinstance(error, RespoolError):
        error.changed = what_changed(run)
        is_final = isinstance(error, StepFailed) and not error.can_be_tried_again
        onward = how_to_go_on(run.number, is_final=is_final)
        error.hint = "; ".join(filter(None, (error.hint, onward)))
    return error


def how_to_go_on(number: int, *, is_final: bool = False) -> str:
    """What to type after a run that stopped part-way; ``is_final``: it would stop again."""
    back = f"`respool undo {number}` takes it back"
    return back if is_final else f"`respool resume {number}` goes on, {back}"
