"""Limits that runs have raised: which still are, and putting them back once that is possible."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from respool.app.state import account_lock
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid, TargetError
from respool.runs.journal import Journal, RunJournal
from respool.runs.states import StepState
from respool.system.cyrus_server import CyrusServer
from respool.system.locks import try_to_hold
from respool.targets.spool.limits import Settled, settle
from respool.targets.spool.steps import RaiseQuota, SettleQuota
from respool.targets.spool.surveyor import is_of
from respool.verification.report import RaisedLimit

_SETTLED = frozenset({Settled.YES, Settled.BY_OTHERS})
_RAISED = frozenset({StepState.STARTED, StepState.DONE, StepState.UNDOING, StepState.KEPT})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raising:
    """A step that raised limits, or was under way when its run was killed."""

    number: int
    step: RaiseQuota
    state: StepState


def raised_limits(run: RunJournal) -> tuple[RaisedLimit, ...]:
    """The limits that ``run`` raised and that nobody has put back, as the journal knows."""
    return tuple(
        RaisedLimit(root=each.step.root, resource=resource, former=former, limit=limit)
        for each in _raised(run)
        for resource, former in each.step.former.items()
        for limit in (each.step.limits[resource],)
        if limit != former
    )


def settle_raised(state: Path, journal: Journal, server: CyrusServer) -> None:
    """Put back what every run has raised, wherever what is used fits below again.

    Newest first: a root that was raised twice goes back in two steps. Left as they are: a
    root whose account a run works on now (what it copied is not counted yet), one that is
    gone, and one on another server.
    """
    waiting: set[str] = set()
    for row in journal.rows():
        run = journal.run(row.number, STEP_KINDS)
        try:
            raised = list(_raised(run))
            head = run.head()
        except (PlanFileInvalid, OSError):  # of an older version, which raised nothing; or gone
            continue
        if not raised or not is_of(server, head.facts.get("server", "")):
            continue
        lock = account_lock(state, head.request.target, server.default_domain)
        held = try_to_hold(lock)
        for each in raised:
            is_free = held is not None and each.step.root not in waiting
            if not (is_free and _is_settled(each, run, journal, server)):
                waiting.add(each.step.root)
        if held is not None:
            os.close(held)


def _is_settled(each: _Raising, run: RunJournal, journal: Journal, server: CyrusServer) -> bool:
    step = each.step
    try:
        settled = settle(server, step.root, step.former, step.limits)
    except TargetError:
        return False
    if settled not in _SETTLED:
        return False
    note = {"settled": settled.value}
    if each.state is StepState.STARTED:
        run.record(each.number, StepState.FAILED, error=note)
    else:
        journal.amend(run.number, each.number, {**(run.receipt(each.number) or {}), **note})
    return True


def _raised(run: RunJournal) -> Iterator[_Raising]:
    """Each raising that has not been settled."""
    rows = [row for row in run.rows() if row.kind in {RaiseQuota.kind, SettleQuota.kind}]
    steps = {row.number: run.step(row.number) for row in rows}
    done: set[str] = set()
    for row in rows:
        receipt: Mapping[str, Any] = run.receipt(row.number) or {}
        step = steps[row.number]
        if isinstance(step, RaiseQuota | SettleQuota) and receipt.get("settled") in _SETTLED:
            done.add(step.root)
    for row in rows:
        step = steps[row.number]
        is_begun = row.state in _RAISED
        if isinstance(step, RaiseQuota) and is_begun and step.root not in done:
            yield _Raising(number=row.number, step=step, state=row.state)
