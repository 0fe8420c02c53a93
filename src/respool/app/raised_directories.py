"""Limits that runs have raised in BlueMind's directory: put back once what is used fits below."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from respool.app.settling import BEGUN, Raising, Settling
from respool.finishing.asking import Asking
from respool.finishing.directory_quota import NO, SETTLED, settle_limit
from respool.finishing.patience import Patience
from respool.finishing.steps import RaiseDirectoryQuota, SettleDirectoryQuota
from respool.runs.journal import Journal, RunJournal
from respool.system.bluemind_core import BluemindCore
from respool.system.cyrus_server import CyrusServer

_AT_ONCE: Final = Patience(away=0.0, tries=1)  # the next look is soon enough


def settle_directories(
    state: Path, journal: Journal, server: CyrusServer, core: Callable[[], BluemindCore]
) -> None:
    """Put back what every run has raised there, as `Settling.all_runs`.

    Where the core is away all stays as it is.
    """
    asking = Asking(core=core, patience=_AT_ONCE)

    def put_back(step: RaiseDirectoryQuota) -> str | None:
        settled = str(settle_limit(asking, step)[SETTLED])
        return None if settled == NO else settled

    Settling(raised=_raised, settle=put_back).all_runs(state, journal, server)


def _raised(run: RunJournal) -> Iterator[Raising[RaiseDirectoryQuota]]:
    """Each raising that has not been settled."""
    kinds = {RaiseDirectoryQuota.kind, SettleDirectoryQuota.kind}
    rows = [row for row in run.rows() if row.kind in kinds]
    notes = [run.receipt(row.number) or {} for row in rows]
    if any(note.get(SETTLED, NO) != NO for note in notes):
        return
    for row in rows:
        step = run.step(row.number)
        if isinstance(step, RaiseDirectoryQuota) and row.state in BEGUN:
            what = (step.domain, step.entry)
            yield Raising(number=row.number, step=step, state=row.state, what=what)
