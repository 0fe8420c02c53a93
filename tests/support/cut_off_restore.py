"""The command ``respool``, killed while it fills a mailbox in place: run as a module.

``python -m tests.support.cut_off_restore POINT WORD...``: the words are the command's own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from respool.cli.main import main
from respool.targets.spool import filling_in_place
from tests.support.restoring import Workplace

# Whose call it is, of what, and which one: the process is killed in its place.
POINTS: Mapping[str, tuple[Any, str, int]] = {
    "copied": (filling_in_place, "note_unfinished", 1),
    "half named": (os, "rename", 25),
    "named": (filling_in_place, "_pwrite", 1),
    "records written": (filling_in_place, "write_durably", 1),
    "header file written": (filling_in_place, "_pwrite", 2),
    "index written": (filling_in_place, "forget_unfinished", 1),
}
_CHECKOUT = Path(__file__).resolve().parents[2]


def cut_off(place: Workplace, point: str, *words: str) -> None:
    """Run the command, and see that it was killed at ``point``."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.cut_off_restore", point, *words],
        check=False,
        capture_output=True,
        text=True,
        env={**place.environment, "PYTHONPATH": str(_CHECKOUT)},
        cwd=_CHECKOUT,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def _kill_at(point: str) -> None:
    owner, name, number = POINTS[point]
    real, calls = getattr(owner, name), []

    def wrapper(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - stands for anything
        calls.append(name)
        if len(calls) == number:
            _die()
        return real(*arguments, **more)

    setattr(owner, name, wrapper)


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


if __name__ == "__main__":
    _kill_at(sys.argv.pop(1))
    main()
