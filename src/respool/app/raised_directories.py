"""Limits that runs have raised in BlueMind's directory: put back once what is used fits below."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from respool.app.settling import Place, Raising, Settling
from respool.finishing.asking import Asking
from respool.finishing.directory_quota import BY_OTHERS, NO, SETTLED, YES, settle_limit
from respool.finishing.patience import Patience
from respool.finishing.steps import RaiseDirectoryQuota, SettleDirectoryQuota
from respool.runs.journal import RunJournal
from respool.runs.states import StepState
from respool.system.bluemind_core import BluemindCore
from respool.system.cyrus_server import CyrusServer

_AT_ONCE: Final = Patience(away=0.0, tries=1)  # the next look is soon enough


def settle_directories(
    place: Place, server: CyrusServer, core: Callable[[], BluemindCore]
) -> None:
    """Put back what every run has raised there, as `Settling.all_runs`.

    Where the core is away all stays as it is.
    """
    asking = Asking(core=core, patience=_AT_ONCE)

    def put_back(step: RaiseDirectoryQuota) -> str | None:
        settled = str(settle_limit(asking, step)[SETTLED])
        return None if settled == NO else settled

    kind = RaiseDirectoryQuota.kind
    Settling(kind=kind, raised=_raised, settle=put_back).all_runs(place, server)


def _raised(run: RunJournal) -> Iterator[Raising[RaiseDirectoryQuota]]:
    """Each raising that has not been settled."""
    rows = run.rows()
    settling = (row.number for row in rows if row.kind == SettleDirectoryQuota.kind)
    is_put_back = any((run.receipt(each) or {}).get(SETTLED) == YES for each in settling)
    for row in rows:
        step = run.step(row.number) if row.kind == RaiseDirectoryQuota.kind else None
        if isinstance(step, RaiseDirectoryQuota) and row.state is not StepState.WAITING:
            known = YES if is_put_back else None
            if run.before(row.number).get("quota") != step.former:
                known = BY_OTHERS  # it was as high already
            yield Raising(row=row, step=step, what=(step.domain, step.entry), known=known)
