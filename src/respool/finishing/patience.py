"""How long BlueMind's core is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """All in seconds: of a core that is ``away`` (a restart takes minutes), of a task that says
    nothing new (``silent``), between two looks at one (``look``), and of rights that BlueMind
    writes some time after they were saved (``later``). ``tries`` are those of what a core has
    forgotten, or cannot do at once.
    """

    away: float = 300.0
    silent: float = 1800.0
    look: float = 1.0
    later: float = 30.0
    tries: int = 3
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


USUAL: Final = Patience()
