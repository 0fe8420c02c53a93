"""Limits that runs have raised in BlueMind's directory: put back once what is used fits below."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from respool.app.state import account_lock
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid, RespoolError
from respool.finishing.asking import Asking
from respool.finishing.directory_quota import NO, SETTLED, settle_limit
from respool.finishing.patience import Patience
from respool.finishing.steps import RaiseDirectoryQuota, SettleDirectoryQuota
from respool.runs.journal import Journal, RunJournal
from respool.runs.states import StepState
from respool.system.bluemind_core import BluemindCore
from respool.system.cyrus_server import CyrusServer
from respool.system.locks import try_to_hold
from respool.targets.spool.surveyor import is_of

_AT_ONCE: Final = Patience(away=0.0, tries=1)  # the next look is soon enough
_RAISED: Final = frozenset({StepState.DONE, StepState.KEPT})


def settle_directories(
    state: Path, journal: Journal, server: CyrusServer, core: Callable[[], BluemindCore]
) -> None:
    """Put back what every run has raised there, as `settle_raised` does in Cyrus.

    Left as they are: an entry that a run works on now, and all of a core that is away.
    """
    asking = Asking(core=core, patience=_AT_ONCE)
    for row in journal.rows():
        run = journal.run(row.number, STEP_KINDS)
        try:
            raised, head = list(_raised(run)), run.head()
        except (PlanFileInvalid, OSError):  # of an older version, which raised nothing; or gone
            continue
        if not raised or not is_of(server, head.facts.get("server", "")):
            continue
        held = try_to_hold(account_lock(state, head.request.target, server.default_domain))
        if held is None:
            continue
        for number, step in raised:
            _settle(asking, journal, run, number, step)
        os.close(held)


def _settle(
    asking: Asking, journal: Journal, run: RunJournal, number: int, step: RaiseDirectoryQuota
) -> None:
    try:
        settled = settle_limit(asking, step)
    except RespoolError:
        return
    if settled[SETTLED] != NO:
        journal.amend(run.number, number, {**(run.receipt(number) or {}), **settled})


def _raised(run: RunJournal) -> Iterator[tuple[int, RaiseDirectoryQuota]]:
    """Each raising that has not been settled, with its step's number."""
    kinds = {RaiseDirectoryQuota.kind, SettleDirectoryQuota.kind}
    rows = [row for row in run.rows() if row.kind in kinds]
    notes = [run.receipt(row.number) or {} for row in rows]
    if any(note.get(SETTLED, NO) != NO for note in notes):
        return
    for row in rows:
        step = run.step(row.number)
        if isinstance(step, RaiseDirectoryQuota) and row.state in _RAISED:
            yield row.number, step
