"""Restoring: plan, ask, run, prove, and keep a receipt."""

# ruff: noqa: PLC0415 - what checks plan files, and ends rehearsals, takes as long as many a plan

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from respool.app.carrying_out import Conversation
from respool.app.errand import Errand, head_of
from respool.app.reaching import reach_planned, reach_wished
from respool.app.settings import Settings
from respool.app.state import check_not_inside, prepare_state
from respool.app.waiting_plan import waiting_plan
from respool.app.wish import Wish
from respool.app.written_plan import write_plan
from respool.errors import PlanFileInvalid
from respool.planning.codec import render_plan
from respool.planning.plan import PlanHead
from respool.runs.runner import Stop
from respool.verification.report import NO_RUN, Receipt


def restore(settings: Settings, wish: Wish, conversation: Conversation) -> Receipt:
    """Restore what ``wish`` says, if the person agrees to the plan.

    Raises:
        BackupError, PlanRefused, TargetError, Declined: nothing was changed.
        StepFailed, Interrupted: stopped part-way; ``changed`` says what was added.
    """
    state = prepare_state(settings)
    with reach_wished(settings, wish) as target, waiting_plan(state) as file:
        target.mend(state)
        tail = write_plan(target.plan(settings, wish), file)
        errand = Errand(settings=settings, state=state, target=target, file=file, tail=tail)
        receipt = errand.carry_out(conversation)
    return _ended(settings, receipt, conversation.stop)


def restore_plan(settings: Settings, plan_file: Path, conversation: Conversation) -> Receipt:
    """Carry out exactly the plan in ``plan_file``, if it still holds.

    Raises:
        PlanFileInvalid, SurveyChanged and what `restore` raises.
    """
    from respool.app.plan_file import checked_tail

    state = prepare_state(settings)
    with waiting_plan(state) as file:
        try:
            shutil.copyfile(plan_file, file)
        except OSError as error:
            raise PlanFileInvalid(f"{plan_file} cannot be read", why=str(error)) from error
        file.chmod(0o600)
        tail = checked_tail(file)
        with reach_planned(settings, head_of(file)) as target:
            target.check_honesty(settings, file)
            errand = Errand(settings=settings, state=state, target=target, file=file, tail=tail)
            receipt = errand.carry_out(conversation)
    return _ended(settings, receipt, conversation.stop)


def save_plan(settings: Settings, wish: Wish, out: Path | None) -> PlanHead:
    """Make a plan and keep it in ``out``, where one is named; its head. Changes nothing.

    Raises:
        BackupError, PlanRefused, TargetError, UsageError.
    """
    if out is not None:
        check_not_inside(out, settings, what="the plan")
    with reach_wished(settings, wish) as target:
        plan = target.plan(settings, wish)
        if out is not None:
            write_plan(plan, out)
        return plan.head


def plan_lines(settings: Settings, wish: Wish) -> Iterator[str]:
    """The lines of a plan, lazily, for a program that reads them."""
    with reach_wished(settings, wish) as target:
        plan = target.plan(settings, wish)
        yield from render_plan(plan.head, plan.steps())


def _ended(settings: Settings, receipt: Receipt, stop: Stop) -> Receipt:
    """``receipt``, and of a rehearsal what became of it: errors as `end_rehearsal`."""
    if receipt.run == NO_RUN or not receipt.head.request.is_rehearsal:
        return receipt
    from respool.app.rehearsing import end_rehearsal

    return end_rehearsal(settings, receipt, stop)
