"""Limits that runs have raised: which still are, and putting them back once that is possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid, TargetError
from respool.runs.journal import Journal, RunJournal
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.limits import Settled, settle
from respool.targets.spool.steps import RaiseQuota, SettleQuota
from respool.verification.report import RaisedLimit

_SETTLED = frozenset({Settled.YES, Settled.BY_OTHERS})


def raised_limits(run: RunJournal) -> tuple[RaisedLimit, ...]:
    """The limits that ``run`` raised and that nobody has put back, as the journal knows."""
    return tuple(
        RaisedLimit(root=raised["root"], resource=resource, former=former, limit=limit)
        for _, raised in _raised(run)
        for resource, former in raised["former"].items()
        for limit in (raised["limits"][resource],)
        if limit != former
    )


def settle_raised(journal: Journal, server: CyrusServer) -> None:
    """Put back what every run has raised, wherever what is used fits below again.

    A quota root that is gone, or on another server, is left as it is.
    """
    for row in journal.rows():
        try:
            run = journal.run(row.number, STEP_KINDS)
            raised = list(_raised(run))
        except PlanFileInvalid:  # of an older version, which raised nothing
            continue
        for number, receipt in raised:
            try:
                settled = settle(server, receipt["root"], receipt["former"], receipt["limits"])
            except TargetError:
                continue
            journal.amend(run.number, number, {**receipt, "settled": settled.value})


def _raised(run: RunJournal) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Number and receipt of each raising that has not been settled."""
    rows = [row for row in run.rows() if row.kind in {RaiseQuota.kind, SettleQuota.kind}]
    done = {
        step.root
        for row in rows
        if (run.receipt(row.number) or {}).get("settled") in _SETTLED
        for step in (run.step(row.number),)
        if isinstance(step, RaiseQuota | SettleQuota)
    }
    for row in rows:
        receipt = run.receipt(row.number)
        if row.kind == RaiseQuota.kind and receipt is not None and receipt["root"] not in done:
            yield row.number, receipt
