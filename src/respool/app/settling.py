"""Limits that runs have raised, in Cyrus or in a directory: all of them, newest first."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from respool.app.state import account_lock
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid, RespoolError
from respool.planning.step import Step
from respool.runs.journal import Journal, RunJournal
from respool.runs.states import StepState
from respool.system.cyrus_server import CyrusServer
from respool.system.locks import try_to_hold
from respool.targets.spool.surveyor import is_of

StepT = TypeVar("StepT", bound=Step)
# A step that was begun may have had its effect, whatever became of its run.
BEGUN = frozenset({StepState.STARTED, StepState.DONE, StepState.UNDOING, StepState.KEPT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Raising(Generic[StepT]):
    """A step that raised a limit, or was under way when its run was killed; ``what`` it was."""

    number: int
    step: StepT
    state: StepState
    what: Hashable


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling(Generic[StepT]):
    """How one kind of limit is put back.

    ``raised`` are the raisings of a run that nobody has settled. ``settle`` puts one back: what
    became of it, None where it still stays; an error leaves it for the next time.
    """

    raised: Callable[[RunJournal], Iterable[Raising[StepT]]]
    settle: Callable[[StepT], str | None]

    def all_runs(self, state: Path, journal: Journal, server: CyrusServer) -> None:
        """Put back what every run has raised, wherever what is used fits below again.

        Newest first: what was raised twice goes back in two steps. Left as they are: what an
        account has that a run works on now (what it copied is not counted yet), what is gone,
        and what is on another server.
        """
        waiting: set[Hashable] = set()
        for row in journal.rows():
            run = journal.run(row.number, STEP_KINDS)
            try:
                raised, head = list(self.raised(run)), run.head()
            except (PlanFileInvalid, OSError):  # of an older version, or gone
                continue
            if not raised or not is_of(server, head.facts.get("server", "")):
                continue
            lock = account_lock(state, head.request.target, server.default_domain)
            held = try_to_hold(lock)
            for each in raised:
                is_free = held is not None and each.what not in waiting
                if not (is_free and self._is_settled(each, run, journal)):
                    waiting.add(each.what)
            if held is not None:
                os.close(held)

    def _is_settled(self, each: Raising[StepT], run: RunJournal, journal: Journal) -> bool:
        settled: str | None = None
        with suppress(RespoolError):
            settled = self.settle(each.step)
        if settled is None:
            return False
        note = {"settled": settled}
        if each.state is StepState.STARTED:
            run.record(each.number, StepState.FAILED, error=note)
        else:
            journal.amend(run.number, each.number, {**(run.receipt(each.number) or {}), **note})
        return True
