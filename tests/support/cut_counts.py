"""How many cases of cutting runs off were tried: counted, and kept for the page of figures.

Where the variable ``RESPOOL_COUNTS`` names a folder, each process of the tests leaves a file
``cuts-PID.json`` there: ``{"cut_and_resume": {"TestMemoryTarget": 812}, ...}``.
"""

from __future__ import annotations

import atexit
import json
import os
from collections import Counter, defaultdict
from pathlib import Path

CUT_AND_RESUME = "cut_and_resume"
CUT_AND_UNDO = "cut_and_undo"
_counts: defaultdict[str, Counter[str]] = defaultdict(Counter)


def count_case(kind: str, suite: str) -> None:
    """One more case of that kind came to a right end."""
    _counts[kind][suite] += 1


def is_long() -> bool:
    """Whether all cases are wanted, not the sample that CI has time for."""
    return bool(os.environ.get("RESPOOL_LONG"))


def _keep() -> None:
    folder = os.environ.get("RESPOOL_COUNTS")
    if folder and _counts:
        Path(folder).mkdir(parents=True, exist_ok=True)
        file = Path(folder) / f"cuts-{os.getpid()}.json"
        file.write_text(json.dumps(_counts, indent=2, sort_keys=True) + "\n", "utf-8")


atexit.register(_keep)
