"""A power switch that can go off at any call, and a run's journal that dies with it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from respool.runs.journal import Change, RunJournal


class PowerCut(BaseException):
    """The process is gone: nothing after this call takes place."""


@dataclass(slots=True)
class Power:
    """Goes off before the call after the next ``calls``; from then on every call fails."""

    calls: int | None = None
    used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def use(self) -> None:
        """Count one call.

        Raises:
            PowerCut: the power is off.
        """
        with self._lock:
            if self.calls is not None and self.used >= self.calls:
                raise PowerCut
            self.used += 1


class MortalJournal(RunJournal):
    """A run's journal that dies with the power."""

    power: Power

    @classmethod
    def of(cls, run: RunJournal, power: Power) -> MortalJournal:
        """The same run, under ``power``."""
        journal = cls.__new__(cls)
        vars(journal).update(vars(run), power=power)
        return journal

    def _note(self, changes: Sequence[Change]) -> None:
        """Note changes of state, unless the power is off."""
        if changes:
            self.power.use()
            super()._note(changes)
