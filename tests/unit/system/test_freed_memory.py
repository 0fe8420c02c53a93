"""Memory given back to the system."""

from __future__ import annotations

import re
from pathlib import Path

from respool.system.freed_memory import give_back_freed

_PAGES = 2000


def resident() -> int:
    """Octets of this process that are in memory (proc(5))."""
    found = re.search(r"VmRSS:\s*([0-9]+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) * 1024


def test_what_lies_between_others_that_are_in_use_is_given_back() -> None:
    pieces = [bytearray(8192) for _ in range(2 * _PAGES)]
    before = resident()
    del pieces[: 2 * _PAGES - 1]  # the last one keeps the heap from shrinking

    give_back_freed()

    assert before - resident() > _PAGES * 4096
