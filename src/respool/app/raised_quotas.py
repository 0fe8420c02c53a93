"""Limits that runs have raised: which still are, and putting them back once that is possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from respool.app.settling import BEGUN, Raising, Settling
from respool.runs.journal import Journal, RunJournal
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.limits import Settled, settle
from respool.targets.spool.steps import RaiseQuota, SettleQuota
from respool.verification.report import RaisedLimit

_SETTLED = frozenset({Settled.YES, Settled.BY_OTHERS})


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
    """Put back what every run has raised in Cyrus, as `Settling.all_runs`."""

    def put_back(step: RaiseQuota) -> str | None:
        settled = settle(server, step.root, step.former, step.limits)
        return settled.value if settled in _SETTLED else None

    Settling(raised=_raised, settle=put_back).all_runs(state, journal, server)


def _raised(run: RunJournal) -> Iterator[Raising[RaiseQuota]]:
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
        is_begun = row.state in BEGUN
        if isinstance(step, RaiseQuota) and is_begun and step.root not in done:
            yield Raising(number=row.number, step=step, state=row.state, what=step.root)
