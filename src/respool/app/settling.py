"""Limits that runs have raised, in Cyrus or in a directory: all of them, newest first."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Generic, TypeVar

from respool.app.state import account_lock
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid, RespoolError
from respool.model.dataclasses import dataclass
from respool.planning.step import Step
from respool.runs.journal import Journal, RunJournal, StepRow
from respool.runs.states import StepState
from respool.system.cyrus_server import CyrusServer
from respool.system.locks import try_to_hold
from respool.targets.spool.surveyor import is_of

StepT = TypeVar("StepT", bound=Step)
# A step that was begun may have had its effect, whatever became of its run.
BEGUN = frozenset({StepState.STARTED, StepState.DONE, StepState.UNDOING, StepState.KEPT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Raising(Generic[StepT]):
    """A step that was to raise a limit, and was begun; ``what`` limit it was.

    ``known`` is what became of it, where the run itself tells.
    """

    row: StepRow
    step: StepT
    what: Hashable
    known: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The state directory and its journal; ``held`` is the lock that the caller holds himself."""

    state: Path
    journal: Journal
    held: Path | None = None

    @contextmanager
    def locked(self, lock: Path) -> Iterator[bool]:
        """Whether nobody else works on the account of that lock, for the length of a block."""
        if lock == self.held:
            yield True
            return
        descriptor = try_to_hold(lock)
        try:
            yield descriptor is not None
        finally:
            if descriptor is not None:
                os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling(Generic[StepT]):
    """How one kind of limit is put back; ``kind`` is that of the steps that raise it.

    ``raised`` are the raisings of a run that nobody has settled. ``settle`` puts one back: what
    became of it, None where it still stays; an error leaves it for the next time.
    """

    kind: str
    raised: Callable[[RunJournal], Iterable[Raising[StepT]]]
    settle: Callable[[StepT], str | None]

    def all_runs(self, place: Place, server: CyrusServer) -> None:
        """Put back what every run has raised, wherever what is used fits below again.

        Newest first: what was raised twice goes back in two steps, whichever run was taken back
        first; a step that failed may have raised it as well. Left as they are: what an account
        has that a run works on now (what it copied is not counted yet), what is gone, and what
        is on another server.
        """
        waiting: set[Hashable] = set()
        for number in place.journal.settlings.open_runs(self.kind):
            run = place.journal.run(number, STEP_KINDS)
            try:
                raised, head = list(self.raised(run)), run.head()
            except (PlanFileInvalid, OSError):  # of an older version, or gone
                continue
            if not is_of(server, head.facts.get("server", "")):
                continue
            lock = account_lock(place.state, head.request.target, server.default_domain)
            with place.locked(lock) as is_ours:
                for each in raised:
                    is_free = is_ours and each.what not in waiting
                    if not (is_free and self._is_settled(each, number, place.journal)):
                        waiting.add(each.what)

    def _is_settled(self, each: Raising[StepT], run: int, journal: Journal) -> bool:
        settled = each.known
        if settled is None:
            with suppress(RespoolError):
                settled = self.settle(each.step)
        if settled is None:
            return False
        journal.settlings.note(run, each.row.number, settled)
        return True
