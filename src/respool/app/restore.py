"""Restoring: plan, ask, run, prove, and keep a receipt."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from respool.app.access import server_access
from respool.app.cut_off import clear_cut_off
from respool.app.phases import PhaseClock
from respool.app.plan import make_plan, new_plan_file, write_plan
from respool.app.plan_file import check_honesty, check_unchanged, checked_tail
from respool.app.raised_quotas import settle_raised
from respool.app.receipt_text import keep_receipt
from respool.app.receipts import receipt_of
from respool.app.settings import Settings
from respool.app.state import account_lock, check_not_inside, prepare_state
from respool.app.what_changed import what_changed
from respool.app.wiring import STEP_KINDS, actors_of
from respool.app.wish import Wish
from respool.errors import (
    Declined,
    EndedBySignal,
    Interrupted,
    PlanFileInvalid,
    PlanRefused,
    RespoolError,
)
from respool.planning.codec import parse_head, render_plan
from respool.planning.plan import PlanHead, PlanTail
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Progress, Runner, Stop
from respool.runs.states import RunState
from respool.system.cyrus_server import CyrusServer, reach_server
from respool.system.locks import exclusive
from respool.system.signals import undisturbed
from respool.verification.report import Receipt

_NEW_FOLDER = "restore again: it takes a new folder"
_IN_PLACE = "restore what is missing into a new folder: leave --in-place out"


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


def restore(settings: Settings, wish: Wish, conversation: Conversation) -> Receipt:
    """Restore what ``wish`` says, if the person agrees to the plan.

    Raises:
        BackupError, PlanRefused, TargetError, Declined: nothing was changed.
        StepFailed, Interrupted: stopped part-way; ``changed`` says what was added.
    """
    state = prepare_state(settings)
    with reach_server(server_access(settings)) as server, _kept_plan(state) as file:
        clear_cut_off(state, server)
        tail = write_plan(make_plan(settings, wish, server), file)
        errand = _Errand(settings=settings, state=state, server=server, file=file, tail=tail)
        return errand.carry_out(conversation)


def restore_plan(settings: Settings, plan_file: Path, conversation: Conversation) -> Receipt:
    """Carry out exactly the plan in ``plan_file``, if it still holds.

    Raises:
        PlanFileInvalid, SurveyChanged and what `restore` raises.
    """
    state = prepare_state(settings)
    with reach_server(server_access(settings)) as server, _kept_plan(state) as file:
        try:
            shutil.copyfile(plan_file, file)
        except OSError as error:
            raise PlanFileInvalid(f"{plan_file} cannot be read", why=str(error)) from error
        file.chmod(0o600)
        tail = checked_tail(file)
        check_honesty(settings, file, server)
        errand = _Errand(settings=settings, state=state, server=server, file=file, tail=tail)
        return errand.carry_out(conversation)


def save_plan(settings: Settings, wish: Wish, out: Path | None) -> PlanHead:
    """Make a plan and keep it in ``out``, where one is named; its head. Changes nothing.

    Raises:
        BackupError, PlanRefused, TargetError, UsageError.
    """
    if out is not None:
        check_not_inside(out, settings, what="the plan")
    with reach_server(server_access(settings)) as server:
        plan = make_plan(settings, wish, server)
        if out is not None:
            write_plan(plan, out)
        return plan.head


def plan_lines(settings: Settings, wish: Wish) -> Iterator[str]:
    """The lines of a plan, lazily, for a program that reads them."""
    with reach_server(server_access(settings)) as server:
        plan = make_plan(settings, wish, server)
        yield from render_plan(plan.head, plan.steps())


@contextmanager
def _kept_plan(state: Path) -> Iterator[Path]:
    file = new_plan_file(state)
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Errand:
    """A plan file that is whole, and the server that it is for."""

    settings: Settings
    state: Path
    server: CyrusServer
    file: Path
    tail: PlanTail

    def carry_out(self, conversation: Conversation) -> Receipt:
        with self.file.open(encoding="ascii") as lines:
            head = parse_head(lines.readline())
        if head.target_kind != "spool":
            raise PlanRefused("this plan cannot be carried out", (f"target {head.target_kind}",))
        if not conversation.agree(head):
            raise Declined("the answer was no")
        account = head.request.target
        lock = account_lock(self.state, account, self.server.default_domain)
        journal = Journal(self.state)
        try:
            with exclusive(lock, what=f"the account {account.address}"):
                check_unchanged(self.settings, head, self.server)
                run = journal.begin(self.file, self.tail, STEP_KINDS, now=datetime.now(UTC))
                conversation.on_begin(run.number, head)
                receipt = _run(run, self.server, conversation)
            settle_raised(self.state, journal, self.server)
            return receipt
        finally:
            journal.close()


def _run(run: RunJournal, server: CyrusServer, conversation: Conversation) -> Receipt:
    clock = PhaseClock()

    def heard(progress: Progress) -> None:
        clock.step(progress.kind)
        conversation.on_progress(progress)

    runner = Runner(
        journal=run, actors=actors_of(server, run), stop=conversation.stop, on_progress=heard
    )
    try:
        runner.run()
    except BaseException as error:
        with undisturbed():
            run.end(RunState.STOPPED, now=datetime.now(UTC))
            told = _with_what_was_changed(error, run)
        raise told from error
    run.end(RunState.DONE, now=datetime.now(UTC))
    receipt = receipt_of(run, phases=clock.phases)
    keep_receipt(run.directory / "receipt", receipt)
    return receipt


def _with_what_was_changed(error: BaseException, run: RunJournal) -> BaseException:
    """``error`` as one that says first what was added; a bug of ours stays what it is."""
    if isinstance(error, KeyboardInterrupt | EndedBySignal):
        error = Interrupted(f"run {run.number} was stopped at once", why="asked for twice")
    error.add_note(what_changed(run))
    if isinstance(error, RespoolError):
        error.changed = what_changed(run)
    if isinstance(error, Interrupted):
        in_place = run.head().request.is_in_place
        again = _IN_PLACE if in_place else _NEW_FOLDER
        error.hint = error.hint or again
    return error
