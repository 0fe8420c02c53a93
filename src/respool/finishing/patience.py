"""How long BlueMind's core is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from respool.model.dataclasses import dataclass

_SLOWER: Final = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """All in seconds: of a core that is ``away`` (a restart takes minutes), how long one that
    stayed away is ``untried``, of a task that says nothing new (``silent``), of one that goes
    on saying something (``talking``), and of what BlueMind does some time after it was asked
    (``later``). The first look again comes after ``first``, later ones more and more seldom, up
    to ``longest``. ``tries`` are those of what a core has forgotten, or cannot do at once.
    """

    away: float = 300.0
    untried: float = 60.0
    silent: float = 1800.0
    talking: float = 21600.0
    later: float = 30.0
    first: float = 0.1
    longest: float = 5.0
    tries: int = 3
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def waits(self) -> Iterator[None]:
        """Sleeps before each turn of a loop, and longer each time."""
        wait = self.first
        while True:
            self.sleep(wait)
            wait = min(wait * _SLOWER, self.longest)
            yield


USUAL: Final = Patience()
