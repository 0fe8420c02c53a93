"""The journal: what a run was to do, how each step stands, what was before and what was done.

A `record` that returned is on disk.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from respool.errors import JournalError, RunNotFound
from respool.model.dataclasses import dataclass
from respool.planning.codec import StepKinds, parse_head, parse_step
from respool.planning.plan import PlanHead, PlanTail
from respool.planning.step import Step
from respool.runs.batches import Batches
from respool.runs.database import Database, Values
from respool.runs.other_runs import OtherRuns
from respool.runs.settlings import Settlings
from respool.runs.states import ALLOWED, RunState, StepState
from respool.system.durable import flush_directory, flush_file

PLAN_FILE = "plan.jsonl"
_CHANGE = (
    "UPDATE step SET state = ?, before = coalesce(?, before),"
    " receipt = coalesce(?, receipt), error = ? WHERE run = ? AND number = ?"
)
# A step's line as `render_step` writes it: what names it comes first.
_BEGINNING = re.compile(rb'(\{"step":\d+,"kind":"[a-z-]+","lane":"(?:[^"\\]|\\.)*")[,}]')
_RUNS = "SELECT id, state, started_at, ended_at, plan_digest FROM run"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step as the journal lists it, without its messages.

    ``error`` says why it failed, or why an undo left it; None where neither is so.
    """

    number: int
    lane: str
    kind: str
    state: StepState
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run as the journal lists it; ``ended_at`` None while it works, or if it was killed."""

    number: int
    state: RunState
    started_at: datetime
    ended_at: datetime | None
    plan_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step's next state, and what is noted with it."""

    number: int
    state: StepState
    before: Mapping[str, Any] | None = None
    receipt: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None


class Journal:
    """All runs of one state directory."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._database = Database(state / "journal.db")

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    @property
    def settlings(self) -> Settlings:
        """What became of what their steps had raised."""
        return Settlings(self._database)

    @property
    def batches(self) -> Batches:
        """What runs were begun together."""
        return Batches(self._database, self._state)

    def begin(
        self,
        plan_file: Path,
        tail: PlanTail,
        kinds: StepKinds,
        *,
        now: datetime,
        member: tuple[int, int] | None = None,
    ) -> RunJournal:
        """A new run of the plan in ``plan_file``, which moves into the run's directory.

        ``tail`` is its last line, by whoever wrote or checked the file. ``member`` is the
        batch that it belongs to, and which of it: noted together with the run.
        """
        with plan_file.open(encoding="ascii") as lines:
            head = parse_head(lines.readline())
        with self._database.transaction() as cursor:
            values = (head.request.account.address, head.target, head.software, "", tail.digest)
            cursor.execute(
                "INSERT INTO run (account, target, software, plan_file, plan_digest, state,"
                " started_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, RunState.RUNNING, _written(now)),
            )
            number = int(cursor.lastrowid or 0)
            kept = _keep(plan_file, self._state / "runs" / str(number))
            cursor.execute(
                "UPDATE run SET plan_file = ? WHERE id = ?", (f"runs/{number}/{PLAN_FILE}", number)
            )
            cursor.executemany(
                "INSERT INTO step (run, number, lane, kind, line_offset, line_length, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((number, *row, StepState.WAITING) for row in _step_lines(kept)),
            )
            if member is not None:
                cursor.execute(
                    "UPDATE member SET run = ?, error = NULL WHERE batch = ? AND number = ?",
                    (number, *member),
                )
        return self.run(number, kinds)

    def run(self, number: int, kinds: StepKinds) -> RunJournal:
        """Run ``number``.

        Raises:
            RunNotFound: there is none.
        """
        row = self._database.one("SELECT plan_file FROM run WHERE id = ?", (number,))
        if row is None:
            raise RunNotFound(f"there is no run {number}", why=f"looked in {self._state}")
        return RunJournal(self._database, number, self._state / str(row[0]), kinds)

    def rows(self) -> list[RunRow]:
        """Every run, newest first."""
        return [_run_row(values) for values in self._database.all(f"{_RUNS} ORDER BY id DESC", ())]

    def row(self, number: int) -> RunRow:
        """Run ``number``, as `rows` has it.

        Raises:
            RunNotFound: there is none.
        """
        values = self._database.one(f"{_RUNS} WHERE id = ?", (number,))
        if values is None:
            raise RunNotFound(f"there is no run {number}", why=f"looked in {self._state}")
        return _run_row(values)

    def forget(self, number: int, *, is_to_begin_again: bool = False) -> None:
        """Run ``number`` is no more, nor are its steps; on disk when this returns.

        ``is_to_begin_again``: the member of a batch that it was waits as before.
        """
        with self._database.transaction() as cursor:
            if is_to_begin_again:
                cursor.execute("UPDATE member SET run = NULL WHERE run = ?", (number,))
            else:
                cursor.execute("DELETE FROM member WHERE run = ?", (number,))
            cursor.execute("DELETE FROM step WHERE run = ?", (number,))
            cursor.execute("DELETE FROM run WHERE id = ?", (number,))

    @contextmanager
    def undisturbed(self) -> Iterator[frozenset[int]]:
        """The numbers of all runs; no other process begins one within the block."""
        with self._database.transaction() as cursor:
            yield frozenset(row[0] for row in cursor.execute("SELECT id FROM run"))

    def amend(self, run: int, step: int, receipt: Mapping[str, Any]) -> None:
        """Put a newer receipt in place of that of a step which was done: a later look."""
        self._database.write(
            "UPDATE step SET receipt = ? WHERE run = ? AND number = ? AND receipt IS NOT NULL",
            (_text(receipt), run, step),
        )


class RunJournal:
    """One run: its plan, and how each step stands."""

    def __init__(self, database: Database, number: int, plan_file: Path, kinds: StepKinds) -> None:
        self.number = number
        self.directory = plan_file.parent
        self._database = database
        self._plan_file = plan_file
        self._head: PlanHead | None = None
        self.kinds = kinds

    def head(self) -> PlanHead:
        """The head of the plan, which nobody changes: read once, for it names every folder."""
        if self._head is None:
            with self._plan_file.open(encoding="ascii") as lines:
                self._head = parse_head(lines.readline())
        return self._head

    def rows(self) -> list[StepRow]:
        """Every step, in order, without messages."""
        found = self._database.all(
            "SELECT number, lane, kind, state, error FROM step WHERE run = ? ORDER BY number",
            (self.number,),
        )
        return [
            StepRow(
                number=number,
                lane=lane,
                kind=kind,
                state=StepState(state),
                error=None if error is None else json.loads(error),
            )
            for number, lane, kind, state, error in found
        ]

    def receipts_of_lane(self, lane: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Kind and receipt of each step of a lane that has one, in order.

        What they keep of single messages is left out: `receipt` has it, step by step.
        """
        found = self._database.all(
            "SELECT kind, json_remove(receipt, '$.entries') FROM step"
            " WHERE run = ? AND lane = ? AND receipt IS NOT NULL ORDER BY number",
            (self.number, lane),
        )
        return [(kind, json.loads(receipt)) for kind, receipt in found]

    @property
    def others(self) -> OtherRuns:
        """What the other runs for the same target did."""
        return OtherRuns(self._database, self.number)

    @property
    def overtaken(self) -> frozenset[str]:
        """Mailboxes that a later run for the same target has begun to work on."""
        return self.others.overtaking()

    def step(self, number: int) -> Step:
        """Step ``number``, with its messages."""
        row = self._database.one(
            "SELECT line_offset, line_length FROM step WHERE run = ? AND number = ?",
            (self.number, number),
        )
        if row is None:
            raise JournalError(f"run {self.number} has no step {number}")
        return parse_step(self._line(row[0], row[1]), self.kinds)

    def steps_of_lane(self, lane: str) -> Iterator[tuple[int, Step]]:
        """Number and step of one lane, in order, lazily."""
        found = self._database.all(
            "SELECT number, line_offset, line_length FROM step WHERE run = ? AND lane = ?"
            " ORDER BY number",
            (self.number, lane),
        )
        for number, offset, length in found:
            yield number, parse_step(self._line(offset, length), self.kinds)

    def state(self, number: int) -> StepState:
        """How step ``number`` stands."""
        return StepState(self._value("state", number) or "")

    def before(self, number: int) -> dict[str, Any]:
        """What was noted before step ``number`` began."""
        return dict(json.loads(self._value("before", number) or "{}"))

    def receipt(self, number: int) -> Mapping[str, Any] | None:
        """What step ``number`` said it did; None where it never ended."""
        text = self._value("receipt", number)
        return None if text is None else dict(json.loads(text))

    def record(
        self,
        number: int,
        state: StepState,
        *,
        before: Mapping[str, Any] | None = None,
        receipt: Mapping[str, Any] | None = None,
        error: Mapping[str, Any] | None = None,
    ) -> None:
        """Note a change of state; on disk when this returns.

        Raises:
            JournalError: a change that the table of states does not know, or no space.
        """
        change = Change(number=number, state=state, before=before, receipt=receipt, error=error)
        self._note([change])

    def _note(self, changes: Sequence[Change]) -> None:
        for change in changes:
            now = self.state(change.number)
            if (now, change.state) not in ALLOWED:
                raise JournalError(f"step {change.number} cannot go from {now} to {change.state}")
        if len(changes) == 1:
            self._database.write(_CHANGE, self._values(changes[0]))
        elif changes:
            with self._database.transaction() as cursor:
                cursor.executemany(_CHANGE, map(self._values, changes))

    def _values(self, change: Change) -> Values:
        notes = map(_text, (change.before, change.receipt, change.error))
        return (change.state, *notes, self.number, change.number)

    def mark(self, state: RunState, *, ended_at: datetime | None) -> None:
        """Note how the run stands; ``ended_at`` None: it goes on, or is being taken back.

        Why it stopped before, its batch says no more once it is done.
        """
        with self._database.transaction() as cursor:
            cursor.execute(
                "UPDATE run SET state = ?, ended_at = ? WHERE id = ?",
                (state, None if ended_at is None else _written(ended_at), self.number),
            )
            if state is RunState.DONE:
                cursor.execute("UPDATE member SET error = NULL WHERE run = ?", (self.number,))

    def _value(self, column: str, number: int) -> str | None:
        row = self._database.one(
            f"SELECT {column} FROM step WHERE run = ? AND number = ?",  # noqa: S608 - our own word
            (self.number, number),
        )
        if row is None:
            raise JournalError(f"run {self.number} has no step {number}")
        return None if row[0] is None else str(row[0])

    def _line(self, offset: int, length: int) -> str:
        with self._plan_file.open("rb") as file:
            file.seek(offset)
            return file.read(length).decode("ascii")


def record_together(journal: RunJournal, changes: Sequence[Change]) -> None:
    """Note several changes of state, all or none; on disk when this returns.

    Raises:
        JournalError: as `RunJournal.record`.
    """
    journal._note(changes)  # noqa: SLF001 - beside its class, which has enough methods


def _keep(plan_file: Path, directory: Path) -> Path:
    """Move the plan to its run, on disk before the journal speaks of it.

    A directory of that number is left of a beginning that was cut off; nobody knows it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = directory / PLAN_FILE
    plan_file.replace(kept)
    flush_file(kept)
    for each in (directory, directory.parent, plan_file.parent):
        flush_directory(each)
    return kept


def _step_lines(plan_file: Path) -> Iterator[tuple[int, str, str, int, int]]:
    """Number, lane, kind, offset and length of each step line."""
    with plan_file.open("rb") as file:
        offset = len(file.readline())
        pending: tuple[int, int, bytes] | None = None
        for line in file:
            if pending is not None:
                yield (*_named_in(pending[2]), pending[0], pending[1])
            pending = (offset, len(line), line)
            offset += len(line)


def _named_in(line: bytes) -> tuple[int, str, str]:
    """Number, lane and kind of a step's line; of a long one by its beginning alone."""
    found = _BEGINNING.match(line)
    fields = json.loads(line if found is None else found[1] + b"}")
    return fields["step"], fields["lane"], fields["kind"]


def _run_row(values: tuple[Any, ...]) -> RunRow:
    number, state, started_at, ended_at, digest = values
    return RunRow(
        number=number,
        state=RunState(state),
        started_at=_read(started_at),
        ended_at=None if ended_at is None else _read(ended_at),
        plan_digest=digest,
    )


def _text(note: Mapping[str, Any] | None) -> str | None:
    return None if note is None else json.dumps(note, separators=(",", ":"))


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)
