"""What the other runs for a run's target did, as the journal notes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from respool.model.dataclasses import dataclass
from respool.runs.database import Database
from respool.runs.states import StepState


@dataclass(frozen=True, slots=True)
class OtherRuns:
    """Those for the same target as run ``number``, whoever they were begun by."""

    database: Database
    number: int

    def overtaking(self) -> frozenset[str]:
        """Mailboxes that a later one has begun to work on."""
        found = self.database.all(
            "SELECT DISTINCT step.lane FROM run JOIN run AS own ON own.target = run.target"
            " JOIN step ON step.run = run.id"
            " WHERE own.id = ? AND run.id > own.id AND step.lane <> '' AND step.state <> ?",
            (self.number, StepState.WAITING),
        )
        return frozenset(lane for (lane,) in found)

    def begun_since(self, kinds: Iterable[str]) -> list[tuple[str, Mapping[str, Any] | None]]:
        """Kind and receipt of each step of ``kinds`` that one of them has begun, and that may
        have come after this run was begun: earlier ones that were at work still count as well.

        The receipt is None where the step did not come to its end.
        """
        wanted = tuple(kinds)
        found = self.database.all(
            "SELECT step.kind, step.receipt FROM run"  # noqa: S608 - question marks
            " JOIN run AS own ON own.target = run.target"
            " JOIN step ON step.run = run.id"
            " WHERE own.id = ? AND run.id <> own.id AND step.state <> ?"
            " AND (run.ended_at IS NULL OR run.ended_at >= own.started_at)"
            f" AND step.kind IN ({', '.join('?' * len(wanted))})",
            (self.number, StepState.WAITING, *wanted),
        )
        return [(kind, None if note is None else json.loads(note)) for kind, note in found]
