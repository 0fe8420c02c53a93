"""Where a restore goes, as every use case sees it: a live spool, another server, or files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from respool.app.settings import Settings
from respool.app.wish import Wish
from respool.planning.plan import PlanHead
from respool.planning.room_needs import RoomNeed
from respool.planning.step import Step
from respool.runs.actor import Actor, Note, RunRecord
from respool.runs.journal import Journal, RunJournal


class Plan(Protocol):
    """A head, and steps that are made as they are asked for."""

    @property
    def head(self) -> PlanHead:
        """All of it but its steps."""

    @property
    def needs(self) -> tuple[RoomNeed, ...]:
        """What it takes of file systems of this machine."""

    def steps(self) -> Iterator[Step]:
        """The steps in order, lazily."""


class Prover(Actor[Any], Protocol):
    """Performs proofs of one kind, and can look again."""

    def prove_again(self, step: Any) -> Note:  # noqa: ANN401 - a proof of its kind
        """As ``perform``, at any later time."""


class Reached(Protocol):
    """A target that was reached, for the length of a command."""

    def mend(self, state: Path) -> None:
        """Put right what commands that were killed have left there."""

    def plan(self, settings: Settings, wish: Wish) -> Plan:
        """The plan of a restore. Changes nothing.

        Raises:
            BackupError: what was asked for is not there.
            PlanRefused: it cannot be carried out, with every reason.
        """

    def check_is_of(self, number: int, head: PlanHead) -> None:
        """See that run ``number`` is of this target.

        Raises:
            SurveyChanged: it is of another one.
        """

    def lock_file(self, state: Path, head: PlanHead) -> Path:
        """What runs into the same account, or place, lock each other out by."""

    def check_unchanged(self, settings: Settings, head: PlanHead, file: Path) -> None:
        """See that target and backup are as they were when the plan in ``file`` was made.

        Raises:
            SurveyChanged: they are not.
        """

    def check_honesty(self, settings: Settings, file: Path) -> None:
        """A plan file comes from outside: its steps must be what its head says.

        Raises:
            SurveyChanged, PlanRefused.
        """

    def check_ready(self, settings: Settings, run: RunJournal) -> None:
        """See whether a run that stopped may go on, before it changes anything.

        Raises:
            NotReady: with every reason at once.
        """

    def actors(self, record: RunRecord) -> Mapping[str, Actor[Any]]:
        """Which actor performs which kind of step of one run."""

    def provers(self, record: RunRecord) -> Mapping[str, Prover]:
        """Who reads back what one run restored, now or later, by kind of step."""

    def settle(self, state: Path, journal: Journal, held: Path | None = None) -> None:
        """Put back what runs have changed for a time, where that is possible now.

        ``held`` is the lock of an account that the caller holds himself.
        """
