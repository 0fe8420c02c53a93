"""What runs in place that were killed left in mailboxes: cleared once these have mail again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from respool.app.state import account_lock
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid, StepFailed, TargetError
from respool.runs.journal import Journal, RunJournal
from respool.runs.states import RunState, StepState
from respool.system.cyrus_server import CyrusServer
from respool.system.locks import try_to_hold
from respool.targets.spool.created import CreatedMailboxes
from respool.targets.spool.filling_in_place import clear_up
from respool.targets.spool.steps import AdoptMailbox
from respool.targets.spool.surveyor import is_of

_CLEARED: Final = "is_cleared"


def clear_cut_off(state: Path, server: CyrusServer) -> None:
    """Remove copies that no index speaks of, and that no later run in place can take up.

    Left as they are: those of a run that works now, of another server, and in mailboxes
    that are empty still, or are not the same any more.
    """
    journal = Journal(state)
    try:
        for row in journal.rows():
            if row.state is not RunState.DONE:
                with suppress(PlanFileInvalid, OSError):  # of an older version; or gone
                    _clear_run(journal.run(row.number, STEP_KINDS), state, journal, server)
    finally:
        journal.close()


def _clear_run(run: RunJournal, state: Path, journal: Journal, server: CyrusServer) -> None:
    head = run.head()
    if not (head.request.is_in_place and is_of(server, head.facts.get("server", ""))):
        return
    held = try_to_hold(account_lock(state, head.request.target, server.default_domain))
    if held is None:
        return
    try:
        mailboxes = CreatedMailboxes(server, run)
        for number, mailbox in _adopted(run):
            with suppress(TargetError, StepFailed, OSError):
                if clear_up(mailboxes.directories(mailbox), server):
                    receipt = run.receipt(number) or {}
                    journal.amend(run.number, number, {**receipt, _CLEARED: True})
    finally:
        os.close(held)


def _adopted(run: RunJournal) -> Iterator[tuple[int, str]]:
    """Number and mailbox of each adoption that nothing was cleared of yet."""
    for row in run.rows():
        if row.kind == AdoptMailbox.kind and row.state is StepState.DONE:
            step = run.step(row.number)
            is_cleared = (run.receipt(row.number) or {}).get(_CLEARED)
            if isinstance(step, AdoptMailbox) and not is_cleared:
                yield row.number, step.mailbox
