"""The clock by which a core forgets its tasks; a test can move it."""

from __future__ import annotations

import time


class Clock:
    """Seconds that go by themselves, and more of them where a test says so."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let that much time be over."""
        self._ahead += seconds
