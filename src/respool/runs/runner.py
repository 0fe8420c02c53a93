"""Carrying out a plan: lanes in parallel, the steps of a lane in order, all of it noted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import groupby
from typing import Any

from respool.errors import Interrupted
from respool.model.dataclasses import dataclass
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import Actor
from respool.runs.ahead import carry_out_ahead
from respool.runs.flushing import Flushing
from respool.runs.hands import ALONE, Hands
from respool.runs.in_turn import carry_out_in_turn
from respool.runs.journal import RunJournal, StepRow
from respool.runs.states import StepState
from respool.runs.stepping import Progress, Stepping
from respool.system.starting import Threads


@dataclass(slots=True)
class Stop:
    """Says, from any thread or signal handler, that a run is to end after its present steps."""

    wish: threading.Event = field(default_factory=threading.Event)


def _unheard(_progress: Progress) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Carries out one run. Called again after a crash, `run` goes on where it was.

    ``hands`` do the steps that may wait for the disk, those of all lanes, and take a part of
    others.
    """

    journal: RunJournal
    actors: Mapping[str, Actor[Any]]
    stop: Stop
    lanes_at_once: int = 2
    hands: Hands = ALONE
    on_progress: Callable[[Progress], None] = _unheard

    def run(self) -> None:
        """Do every step not yet done.

        Raises:
            NoMoreProcesses: not even one thread can be started beside this one.
            StepFailed: a step failed; the others of its lane and all later ones wait.
            Interrupted: a stop was asked for, between two steps.
        """
        for is_account, rows in _segments(self.journal.rows()):
            if is_account:
                self._run_lane(rows)
            else:
                self._run_lanes(rows)

    @property
    def _stepping(self) -> Stepping:
        return Stepping(
            journal=self.journal,
            actors=self.actors,
            on_progress=self.on_progress,
            hands=self.hands,
        )

    def _run_lanes(self, rows: Sequence[StepRow]) -> None:
        lanes: dict[str, list[StepRow]] = {}
        for row in rows:
            lanes.setdefault(row.lane, []).append(row)
        broken = Stop()
        failures: list[BaseException] = []

        def carry_out(lane: list[StepRow]) -> None:
            try:
                self._run_lane(lane, broken, flushing)
            except BaseException as error:  # noqa: BLE001 - kept, and raised below
                failures.append(error)
                broken.wish.set()

        with (
            Flushing(self.journal, self._stepping.tell) as flushing,
            Threads(min(self.lanes_at_once, len(lanes))) as pool,
        ):
            for lane in lanes.values():
                pool.submit(carry_out, lane)
        if failures:
            raise next((e for e in failures if not isinstance(e, Interrupted)), failures[0])

    def _run_lane(
        self,
        rows: Sequence[StepRow],
        broken: Stop | None = None,
        flushing: Flushing | None = None,
    ) -> None:
        stepping = self._stepping
        left = [row for row in rows if row.state is not StepState.DONE]

        def check() -> None:
            self._check_wish(broken)

        for is_ahead, members in groupby(left, key=stepping.is_ahead):
            if is_ahead and flushing is not None:
                carry_out_ahead(list(members), stepping, flushing, self.hands, check)
            else:
                carry_out_in_turn(members, stepping, check)

    def _check_wish(self, broken: Stop | None) -> None:
        if self.stop.wish.is_set() or (broken is not None and broken.wish.is_set()):
            raise Interrupted(
                f"run {self.journal.number} was stopped",
                why="the step under way was finished first",
            )


def _segments(rows: Sequence[StepRow]) -> Iterator[tuple[bool, list[StepRow]]]:
    for is_account, members in groupby(rows, key=lambda row: row.lane == ACCOUNT_LANE):
        yield is_account, list(members)
