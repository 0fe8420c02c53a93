"""Forgetting old runs: their plans, receipts and journals. No mail is touched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from respool.app.due import remove_at
from respool.app.runs import RunSummary, summary_of
from respool.app.settings import Settings
from respool.app.state import prepare_state, run_locks
from respool.errors import Declined
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text
from respool.runs.journal import Journal
from respool.runs.states import RunState
from respool.system.durable import remove_directory
from respool.system.locks import try_to_hold

RUNS = "runs"
_UNFINISHED = {
    RunState.RUNNING: "it was cut off, or is under way",
    RunState.STOPPED: "it stopped part-way, and was not taken back",
    RunState.UNDOING: "it is being taken back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """A run that is old enough, and why it is kept all the same."""

    number: int
    why: str

    def as_json(self) -> dict[str, Any]:
        """The shape in ``kept`` of ``runs prune --json``."""
        return {"run": self.number, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBatch:
    """A batch that is old enough, and has accounts that can still be begun."""

    number: int
    waiting: int

    @property
    def why(self) -> str:
        """For people."""
        accounts = "1 account was" if self.waiting == 1 else f"{self.waiting:,} accounts were"
        begins, ends = (f"respool {each} batch:{self.number}" for each in ("resume", "undo"))
        return f"{accounts} never begun: `{begins}` does that, `{ends}` gives up"

    def as_json(self) -> dict[str, Any]:
        """The shape in ``kept_batches`` of ``runs prune --json``."""
        return {"batch": self.number, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """The runs that go, or went, oldest first; ``kept`` are old, too, and stay.

    ``leftovers`` are directories of runs that nothing knows any more: a removal was cut off.
    """

    before: datetime
    runs: tuple[RunSummary, ...]
    kept: tuple[KeptRun, ...]
    leftovers: tuple[int, ...]
    kept_batches: tuple[KeptBatch, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing goes."""
        return not self.runs and not self.leftovers

    def as_json(self) -> dict[str, Any]:
        """The shape of ``runs prune --json``."""
        return {
            "before": as_utc_text(self.before),
            "pruned": [each.as_json() for each in self.runs],
            "kept": [each.as_json() for each in self.kept],
            "kept_batches": [each.as_json() for each in self.kept_batches],
            "leftovers": list(self.leftovers),
        }


def prune(settings: Settings, older_than: timedelta, agree: Callable[[Pruned], bool]) -> Pruned:
    """Forget the runs that ended longer ago than ``older_than``; what went, and what did not.

    Kept whatever their age: a run that can be gone on with or is being taken back, one
    with a limit still raised, one whose account is worked on. First a run is forgotten,
    then its directory goes: what is cut off between goes the next time.

    Raises:
        Declined: ``agree`` was shown what would go, and said no.
        JournalError, NotPermitted: the state directory cannot be used.
    """
    now = datetime.now(UTC)
    nothing = Pruned(before=_before(now, older_than), runs=(), kept=(), leftovers=())
    if not (settings.state / "journal.db").exists():
        return nothing
    state = prepare_state(settings)
    journal = Journal(state)
    try:
        found = _found(journal, state, now, older_than)
        if found.is_empty:
            journal.batches.forget_before(found.before)
            return found
        if not agree(found):
            raise Declined("the answer was no")
        return _forget(journal, state, found)
    finally:
        journal.close()


def _found(journal: Journal, state: Path, now: datetime, older_than: timedelta) -> Pruned:
    runs: list[RunSummary] = []
    kept: list[KeptRun] = []
    for row in reversed(journal.rows()):
        if now - (row.ended_at or row.started_at) < older_than:
            continue
        summary = summary_of(journal, row)
        why = _why_kept(summary)
        if why is None:
            runs.append(summary)
        else:
            kept.append(KeptRun(number=row.number, why=why))
    with journal.undisturbed() as known:
        leftovers = tuple(_unknown(state, known))
    before = _before(now, older_than)
    return Pruned(
        before=before,
        runs=tuple(runs),
        kept=tuple(kept),
        leftovers=leftovers,
        kept_batches=_kept_batches(journal, before),
    )


def _kept_batches(journal: Journal, before: datetime) -> tuple[KeptBatch, ...]:
    waiting = journal.batches.waiting_before(before)
    return tuple(KeptBatch(number=each, waiting=count) for each, count in waiting.items())


def _forget(journal: Journal, state: Path, found: Pruned) -> Pruned:
    gone: list[RunSummary] = []
    kept = list(found.kept)
    for each in found.runs:
        number = each.row.number
        with _held(state, each) as is_ours:
            if not is_ours:
                kept.append(KeptRun(number=number, why="its account is worked on just now"))
            elif journal.row(number) != each.row:
                kept.append(KeptRun(number=number, why="it changed just now"))
            else:
                journal.forget(number)
                remove_directory(state / RUNS / str(number))
                gone.append(each)
    with journal.undisturbed() as known:  # a run that begins has a directory before it is known
        leftovers = tuple(_unknown(state, known))
        for unknown in leftovers:
            remove_directory(state / RUNS / str(unknown))
    journal.batches.forget_before(found.before)
    return Pruned(
        before=found.before,
        runs=tuple(gone),
        kept=tuple(kept),
        leftovers=leftovers,
        kept_batches=_kept_batches(journal, found.before),
    )


def _why_kept(summary: RunSummary) -> str | None:
    if summary.row.state in _UNFINISHED:
        return _UNFINISHED[summary.row.state]
    if summary.head is not None and remove_at(summary.row, summary.head) is not None:
        return "it is to be taken back at its date: `respool undo --due` does that"
    if summary.raised:
        return "a limit that it raised is still raised: `respool verify` puts it back"
    return None


@contextmanager
def _held(state: Path, summary: RunSummary) -> Iterator[bool]:
    """Whether nobody works on the run's account; nobody begins to within the block."""
    files = () if summary.head is None else run_locks(state, summary.head)
    with ExitStack() as stack:
        for file in files:
            descriptor = try_to_hold(file)
            if descriptor is None:
                yield False
                return
            stack.callback(os.close, descriptor)
        yield True


def _unknown(state: Path, known: frozenset[int]) -> Iterator[int]:
    """Numbers of directories that no run has."""
    for directory in sorted((state / RUNS).iterdir()):
        name = directory.name
        is_number = name.isascii() and name.isdigit() and str(int(name)) == name
        if is_number and int(name) not in known and directory.is_dir():
            yield int(name)


def _before(now: datetime, older_than: timedelta) -> datetime:
    earliest = datetime.min.replace(tzinfo=UTC)
    return now - min(older_than, now - earliest)
