"""Carrying out a plan: lanes in parallel, the steps of a lane in order, all of it noted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from respool.errors import Interrupted, JournalError, RespoolError, StepFailed
from respool.planning.step import ACCOUNT_LANE, MessageStep, Step
from respool.runs.actor import Actor
from respool.runs.journal import RunJournal, StepRow
from respool.runs.states import StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One step was done."""

    kind: str
    lane: str
    messages: int
    size_bytes: int


@dataclass(slots=True)
class Stop:
    """Says, from any thread or signal handler, that a run is to end after its present steps."""

    wish: threading.Event = field(default_factory=threading.Event)


def _unheard(_progress: Progress) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Carries out one run. Called again after a crash, `run` goes on where it was."""

    journal: RunJournal
    actors: Mapping[str, Actor[Any]]
    stop: Stop
    lanes_at_once: int = 2
    on_progress: Callable[[Progress], None] = _unheard

    def run(self) -> None:
        """Do every step not yet done.

        Raises:
            StepFailed: a step failed; the others of its lane and all later ones wait.
            Interrupted: a stop was asked for, between two steps.
        """
        for is_account, rows in _segments(self.journal.rows()):
            if is_account:
                self._run_lane(rows)
            else:
                self._run_lanes(rows)

    def _run_lanes(self, rows: Sequence[StepRow]) -> None:
        lanes: dict[str, list[StepRow]] = {}
        for row in rows:
            lanes.setdefault(row.lane, []).append(row)
        broken = Stop()
        failures: list[BaseException] = []

        def carry_out(lane: list[StepRow]) -> None:
            try:
                self._run_lane(lane, broken)
            except BaseException as error:  # noqa: BLE001 - kept, and raised below
                failures.append(error)
                broken.wish.set()

        with ThreadPoolExecutor(max_workers=self.lanes_at_once) as pool:
            for lane in lanes.values():
                pool.submit(carry_out, lane)
        if failures:
            raise next((e for e in failures if not isinstance(e, Interrupted)), failures[0])

    def _run_lane(self, rows: Sequence[StepRow], broken: Stop | None = None) -> None:
        for row in rows:
            if row.state is StepState.DONE:
                continue
            if self.stop.wish.is_set() or (broken is not None and broken.wish.is_set()):
                raise Interrupted(
                    f"run {self.journal.number} was stopped",
                    why="the step under way was finished first",
                )
            self._do(row)

    def _do(self, row: StepRow) -> None:
        step = self.journal.step(row.number)
        actor = self.actors[row.kind]
        try:
            if row.state is StepState.WAITING:
                before = actor.observe(step)
                self.journal.record(row.number, StepState.STARTED, before=before)
            elif row.state is StepState.FAILED:
                self.journal.record(row.number, StepState.STARTED)
            receipt = actor.perform(step, self.journal.before(row.number))
        except RespoolError as error:
            self._note_failure(row, error)
            raise self._failed(row, error) from error
        self.journal.record(row.number, StepState.DONE, receipt=receipt)
        self.on_progress(progress_of(step))

    def _note_failure(self, row: StepRow, error: RespoolError) -> None:
        if self.journal.state(row.number) is StepState.STARTED:
            note = {"error": error.code, "what": error.what, "why": error.why}
            with suppress(JournalError):  # the step's own error is the one to tell
                self.journal.record(row.number, StepState.FAILED, error=note)

    def _failed(self, row: StepRow, error: RespoolError) -> RespoolError:
        if isinstance(error, StepFailed):
            error.step_number = row.number
            return error
        why = error.what if error.why is None else f"{error.what}: {error.why}"
        return StepFailed(
            f"step {row.number} ({row.kind}) of run {self.journal.number} failed"
            + (f" for {row.lane}" if row.lane else ""),
            why=why,
            hint=error.hint,
            step_number=row.number,
        )


def progress_of(step: Step) -> Progress:
    """What is told of a step once it is done."""
    messages = step.messages if isinstance(step, MessageStep) else ()
    return Progress(
        kind=step.kind,
        lane=step.lane,
        messages=len(messages),
        size_bytes=sum(message.size_bytes for message in messages),
    )


def _segments(rows: Sequence[StepRow]) -> Iterator[tuple[bool, list[StepRow]]]:
    for is_account, members in groupby(rows, key=lambda row: row.lane == ACCOUNT_LANE):
        yield is_account, list(members)
