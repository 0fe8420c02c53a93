"""Limits that runs have raised: which still are, and putting them back once that is possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from respool.app.settling import BEGUN, Place, Raising, Settling
from respool.runs.journal import RunJournal
from respool.runs.states import StepState
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.limits import Settled, settle
from respool.targets.spool.steps import RaiseQuota, SettleQuota
from respool.verification.report import RaisedLimit

_SETTLED = frozenset({Settled.YES, Settled.BY_OTHERS})


def raised_limits(run: RunJournal) -> tuple[RaisedLimit, ...]:
    """The limits that ``run`` raised and that nobody has put back, as the journal knows."""
    return tuple(
        RaisedLimit(root=each.step.root, resource=resource, former=former, limit=limit)
        for each in _begun(run)
        if each.row.state in BEGUN and each.known is None
        for resource, former in each.step.former.items()
        for limit in (each.step.limits[resource],)
        if limit != former
    )


def settle_raised(place: Place, server: CyrusServer) -> None:
    """Put back what every run has raised in Cyrus, as `Settling.all_runs`."""

    def put_back(step: RaiseQuota) -> str | None:
        settled = settle(server, step.root, step.former, step.limits)
        return settled.value if settled in _SETTLED else None

    kind = RaiseQuota.kind
    Settling(kind=kind, raised=_raised, settle=put_back).all_runs(place, server)


def _raised(run: RunJournal) -> Iterator[Raising[RaiseQuota]]:
    """Each raising that has not been settled.

    That somebody set another limit the run itself cannot tell: it may have been a later run.
    """
    for each in _begun(run):
        if (run.receipt(each.row.number) or {}).get("settled") not in _SETTLED:
            yield replace(each, known=None) if each.known == Settled.BY_OTHERS else each


def _begun(run: RunJournal) -> Iterator[Raising[RaiseQuota]]:
    """Each raising, and what the run says became of it."""
    rows = [row for row in run.rows() if row.kind in {RaiseQuota.kind, SettleQuota.kind}]
    steps = {row.number: run.step(row.number) for row in rows}
    known: dict[str, str] = {}
    for row in rows:
        receipt: Mapping[str, Any] = run.receipt(row.number) or {}
        step = steps[row.number]
        if isinstance(step, RaiseQuota | SettleQuota) and receipt.get("settled") in _SETTLED:
            known[step.root] = str(receipt["settled"])
    for row in rows:
        step = steps[row.number]
        if isinstance(step, RaiseQuota) and row.state is not StepState.WAITING:
            yield Raising(row=row, step=step, what=step.root, known=known.get(step.root))
