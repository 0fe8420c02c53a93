"""How long restoring and proving took, apart."""

from __future__ import annotations

import time
from collections.abc import Mapping

from respool.planning.proof import (
    FLAG_PROOFS,
    MESSAGE_PROOFS,
    ProveAnnotations,
    ProveSeen,
    ProveSubscriptions,
)

RESTORE = "restore"
PROOF = "proof"
_PROOFS = (
    MESSAGE_PROOFS
    | FLAG_PROOFS
    | {step.kind for step in (ProveSeen, ProveAnnotations, ProveSubscriptions)}
)


class PhaseClock:
    """Wall time of a run by phase. Proofs run in a stretch of their own."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._seconds = {RESTORE: 0.0, PROOF: 0.0}

    def step(self, kind: str) -> None:
        """A step of ``kind`` has just ended."""
        now = time.monotonic()
        self._seconds[PROOF if kind in _PROOFS else RESTORE] += now - self._last
        self._last = now

    @property
    def phases(self) -> Mapping[str, float]:
        """Seconds by phase."""
        return dict(self._seconds)
