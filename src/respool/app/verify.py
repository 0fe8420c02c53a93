"""Reading a run's mail back again, at any later time; no backup is needed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from respool.app.access import server_access
from respool.app.phases import PROOF
from respool.app.receipts import receipt_of
from respool.app.settings import Settings
from respool.app.wiring import STEP_KINDS
from respool.errors import RunNotFound, ServerSaidNo
from respool.planning.proof import ProveMailbox
from respool.runs.journal import Journal, RunJournal
from respool.system.cyrus_server import reach_server
from respool.verification.actor import ProofActor
from respool.verification.report import Receipt


def verify(settings: Settings, number: int) -> tuple[Receipt, Path]:
    """The receipt of run ``number`` as it reads back now, and the run's directory.

    What its owner changed since is told apart from what differs.

    Raises:
        RunNotFound: there is no such run.
        TargetError: the server cannot be asked.
    """
    if not (settings.state / "journal.db").exists():
        raise RunNotFound(
            f"there is no run {number}",
            why=f"{settings.state} has no journal",
            hint="--state DIR names another place",
        )
    journal = Journal(settings.state)
    try:
        run = journal.run(number, STEP_KINDS)
        begun = time.monotonic()
        with reach_server(server_access(settings)) as server:
            proofs = _proofs(ProofActor(server=server, record=run), run)
        phases = {PROOF: time.monotonic() - begun}
        return receipt_of(run, phases=phases, proofs=proofs), run.directory
    finally:
        journal.close()


def _proofs(actor: ProofActor, run: RunJournal) -> Mapping[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for row in run.rows():
        if row.kind != ProveMailbox.kind:
            continue
        step = run.step(row.number)
        if isinstance(step, ProveMailbox):
            try:
                found[step.lane] = actor.prove(step)
            except ServerSaidNo as error:
                found[step.lane] = actor.gone(step, error)
    return found
