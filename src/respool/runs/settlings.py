"""What became of what the steps of all runs have raised for a time, as the journal notes it."""

from __future__ import annotations

import json
from typing import Final

from respool.model.dataclasses import dataclass
from respool.runs.database import Database
from respool.runs.states import StepState

_SETTLED: Final = "settled"


@dataclass(frozen=True, slots=True)
class Settlings:
    """The steps of a journal that were to raise something."""

    database: Database

    def open_runs(self, kind: str) -> list[int]:
        """Runs with a step of ``kind`` that was begun, and not noted as settled; newest first.

        ``kind`` is one of those of the index ``step_raising``: the others would be read, each.
        """
        rows = self.database.all(
            f"SELECT DISTINCT run FROM step WHERE kind = '{kind}' AND state <> ?"  # noqa: S608 - our own word
            " AND coalesce(receipt, '') || coalesce(error, '') NOT LIKE ? ORDER BY run DESC",
            (StepState.WAITING, f'%"{_SETTLED}"%'),
        )
        return [int(run) for (run,) in rows]

    def note(self, run: int, number: int, word: str) -> None:
        """Note what became of a step's: with its receipt, or where it has none, its error.

        One that was under way when its run was killed counts as failed from then on: begun
        again, it raises again, and is open again.
        """
        with self.database.transaction() as cursor:
            row = cursor.execute(
                "SELECT state, receipt, error FROM step WHERE run = ? AND number = ?",
                (run, number),
            ).fetchone()
            state, receipt, error = row
            if state == StepState.STARTED:
                state = StepState.FAILED
            if receipt is not None:
                receipt = _with(receipt, word)
            else:
                error = _with(error, word)
            cursor.execute(
                "UPDATE step SET state = ?, receipt = ?, error = ? WHERE run = ? AND number = ?",
                (state, receipt, error, run, number),
            )


def _with(note: str | None, word: str) -> str:
    return json.dumps({**json.loads(note or "{}"), _SETTLED: word}, separators=(",", ":"))
