"""How long work may take, whatever else the process that tests it holds."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """See that the block takes less time of the processor.

    Circles are not looked for meanwhile: among all that a process of many tests has kept that
    took longer than the block.
    """
    was_on = gc.isenabled()
    gc.disable()
    begun = time.process_time()
    try:
        yield
        taken = time.process_time() - begun
    finally:
        if was_on:
            gc.enable()
    assert taken < seconds
