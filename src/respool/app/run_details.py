"""One run in full: its folders, its steps, its receipts, and what can be typed next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from respool.app.runs import RunSummary, summary_of
from respool.app.settings import Settings
from respool.app.state import run_locks
from respool.app.stored_runs import opened_journal
from respool.app.what_changed import what_changed
from respool.app.wiring import STEP_KINDS
from respool.model.dataclasses import dataclass
from respool.model.json_text import as_utc_text
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.step import MessageStep, Step
from respool.runs.journal import Journal, StepRow
from respool.runs.states import RunState, StepState
from respool.system.locks import is_held

_AT_WORK = frozenset({RunState.RUNNING, RunState.UNDOING})


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDetails:
    """One step: how it stands, what was noted before it, and what it said when it was done."""

    row: StepRow
    before: Mapping[str, Any]
    receipt: Mapping[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """The shape in ``steps`` of ``runs show --json``."""
        return {
            "step": self.row.number,
            "kind": self.row.kind,
            "lane": self.row.lane or None,
            "state": self.row.state.value,
            "before": dict(self.before),
            "receipt": None if self.receipt is None else dict(self.receipt),
            "error": None if self.row.error is None else dict(self.row.error),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderProgress:
    """One folder of the plan; ``copied`` messages lie in the target, ``lost`` were lost."""

    planned: PlannedMailbox
    copied: int
    lost: int
    steps: Mapping[StepState, int]

    def as_json(self) -> dict[str, Any]:
        """The shape in ``folders`` of ``runs show --json``."""
        return {
            "mailbox": self.planned.target_name,
            "from": self.planned.source_path,
            "to": self.planned.target_path,
            "new": self.planned.is_new,
            "planned": self.planned.messages,
            "copied": self.copied,
            "lost": self.planned.lost + self.lost,
            "steps": by_state(self.steps),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetails:
    """A run in full; of a plan of another version neither folders nor what it changed.

    ``is_at_work``: a process works on its account right now.
    """

    summary: RunSummary
    digest: str
    directory: Path
    is_at_work: bool
    changed: str | None
    folders: tuple[FolderProgress, ...]
    steps: tuple[StepDetails, ...]

    @property
    def state(self) -> RunState:
        """Where it stands."""
        return self.summary.row.state

    @property
    def counts(self) -> Mapping[StepState, int]:
        """How many steps stand where."""
        return Counter(step.row.state for step in self.steps)

    @property
    def next_commands(self) -> tuple[str, ...]:
        """What can be typed next, the likeliest first."""
        return tuple(_next(self))

    def as_json(self) -> dict[str, Any]:
        """The shape of ``runs show --json``."""
        return {
            **self.summary.as_json(),
            "at_work": self.is_at_work,
            "plan": _plan(self.summary.head, self.digest),
            "changed": self.changed,
            "folders": [each.as_json() for each in self.folders],
            "step_states": by_state(self.counts),
            "steps": [each.as_json() for each in self.steps],
            "directory": str(self.directory),
            "next": list(self.next_commands),
        }


def show_run(settings: Settings, number: int) -> RunDetails:
    """Run ``number`` as its journal has it. Asks no server.

    Raises:
        RunNotFound: there is none.
        JournalError: the journal cannot be read.
    """
    with opened_journal(settings, number) as journal:
        return _details(settings, journal, number)


def by_state(counts: Mapping[StepState, int]) -> dict[str, int]:
    """Counts in the order of the states, none of them 0."""
    return {state.value: counts[state] for state in StepState if counts.get(state)}


def is_at_work(settings: Settings, summary: RunSummary) -> bool:
    """Whether a process works on the run's account, as far as its state allows that."""
    head = summary.head
    if head is None or summary.row.state not in _AT_WORK:
        return False
    return any(is_held(file) for file in run_locks(settings.state, head))


def _details(settings: Settings, journal: Journal, number: int) -> RunDetails:
    summary = summary_of(journal, journal.row(number))
    run = journal.run(number, STEP_KINDS)
    rows = run.rows()
    steps = tuple(
        StepDetails(row=row, before=run.before(row.number), receipt=run.receipt(row.number))
        for row in rows
    )
    head = summary.head
    return RunDetails(
        summary=summary,
        digest=summary.row.plan_digest,
        directory=run.directory,
        is_at_work=is_at_work(settings, summary),
        changed=None if head is None else what_changed(run),
        folders=() if head is None else tuple(_folders(head, steps)),
        steps=steps,
    )


def _folders(head: PlanHead, steps: Sequence[StepDetails]) -> Iterator[FolderProgress]:
    for planned in head.mailboxes:
        own = [step for step in steps if step.row.lane == planned.target_name]
        copies = [
            step.receipt or {}
            for step in own
            if issubclass(STEP_KINDS.get(step.row.kind, Step), MessageStep)
            and step.row.state is StepState.DONE
        ]
        yield FolderProgress(
            planned=planned,
            copied=sum(each.get("copied", 0) for each in copies),
            lost=sum(len(each.get("lost", ())) for each in copies),
            steps=Counter(step.row.state for step in own),
        )


def _plan(head: PlanHead | None, digest: str) -> dict[str, Any]:
    return {
        "digest": digest,
        "version": None if head is None else head.version,
        "software": None if head is None else head.software,
        "made_at": None if head is None else as_utc_text(head.made_at),
        "source": None if head is None else head.source,
        "messages": None if head is None else head.messages,
        "size_bytes": None if head is None else head.size_bytes,
    }


def _next(run: RunDetails) -> Iterator[str]:
    number = run.summary.row.number
    if run.is_at_work or run.summary.head is None:
        return
    match run.state:
        case RunState.RUNNING | RunState.STOPPED:
            yield f"respool resume {number}"
            yield f"respool undo {number}"
        case RunState.DONE:
            yield f"respool verify {number}"
            yield f"respool undo {number}"
        case RunState.UNDOING:
            yield f"respool undo {number}"
        case RunState.PARTLY_UNDONE:
            yield f"respool undo {number}"
            yield f"respool undo {number} --force"
        case RunState.UNDONE:
            return
