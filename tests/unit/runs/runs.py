"""A plan in a journal, for tests of journal and runner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from respool.planning.codec import StepKinds, parse_tail
from respool.planning.plan import PlanHead
from respool.planning.step import Step
from respool.runs.journal import Journal, RunJournal
from tests.support.memory_steps import MEMORY_KINDS
from tests.unit.planning.plans import HEAD, plan_lines

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def quick(journal: Journal) -> Journal:
    """The same journal without waiting for the disk: a test's process dies, not its machine."""
    journal._database.write("PRAGMA synchronous = OFF", ())
    return journal


def write_plan(state: Path, steps: Iterable[Step], head: PlanHead = HEAD) -> Path:
    """The plan file of ``steps``."""
    file = state / "new.jsonl"
    file.write_text("".join(f"{line}\n" for line in plan_lines(steps, head)), "ascii")
    return file


def begin(
    journal: Journal,
    state: Path,
    steps: Iterable[Step],
    kinds: StepKinds = MEMORY_KINDS,
    head: PlanHead = HEAD,
) -> RunJournal:
    """A new run of ``steps``."""
    file = write_plan(state, steps, head)
    tail = parse_tail(file.read_text("ascii").splitlines()[-1])
    return journal.begin(file, tail, kinds, now=NOW)
