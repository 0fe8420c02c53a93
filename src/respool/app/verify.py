"""Reading a run's mail back again, at any later time; no backup is needed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from respool.app.access_log import note_reading, of_run
from respool.app.carrying_out import hands_for
from respool.app.phases import PROOF
from respool.app.reached import Reached
from respool.app.reaching import reach_planned
from respool.app.receipt_text import keep_receipt
from respool.app.receipts import Proofs, receipt_of
from respool.app.settings import Settings
from respool.app.stored_runs import opened_journal
from respool.app.wiring import STEP_KINDS
from respool.errors import RunRefused
from respool.runs.actor import ActsByHands
from respool.runs.hands import many_hands
from respool.runs.journal import RunJournal
from respool.runs.states import TAKEN_BACK, RunState
from respool.system.pace import Pace, default_jobs
from respool.verification.report import Receipt


def verify(settings: Settings, number: int) -> tuple[Receipt, Path]:
    """The receipt of run ``number`` as it reads back now, and the text file that has it.

    What its owner changed since is told apart from what differs.

    Raises:
        RunNotFound: there is no such run.
        RunRefused: it was taken back.
        TargetError: the server cannot be asked.
    """
    with opened_journal(settings, number) as journal:
        run = journal.run(number, STEP_KINDS)
        _check(number, journal.row(number).state)
        head = run.head()
        note_reading(settings, of_run("verify", number, head))
        begun = time.monotonic()
        with reach_planned(settings, head) as target:
            target.mend(settings.state)
            target.settle(settings.state, journal)
            proofs = _proofs(target, run)
        phases = {PROOF: time.monotonic() - begun}
        receipt = receipt_of(run, phases=phases, proofs=proofs)
        file = run.directory / "verify"
        keep_receipt(file, receipt)
        return receipt, file.with_suffix(".txt")


def _check(number: int, state: RunState) -> None:
    if state in TAKEN_BACK:
        raise RunRefused(
            f"run {number} is {state}", why="its mail was taken back", hint="respool runs"
        )


def _proofs(target: Reached, run: RunJournal) -> Proofs:
    provers = target.provers(run)
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    with many_hands(hands_for(run.head(), provers, Pace(jobs=default_jobs()))) as hands:
        for row in run.rows():
            if row.kind in provers:
                prover, step = provers[row.kind], run.step(row.number)
                found[row.kind, row.lane] = (
                    prover.perform_by(step, {}, hands)
                    if isinstance(prover, ActsByHands)
                    else prover.prove_again(step)
                )
    return found
