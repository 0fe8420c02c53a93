"""The command ``respool``, killed while it fills a mailbox: run as a module.

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
# The same in a process that gives names for it: killed with it, or alone.
NAMING_FOR_IT: Mapping[str, bool] = {"naming for it": True, "naming alone": False}
_CHECKOUT = Path(__file__).resolve().parents[2]
_NAMED = 300


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


def _kill_who_names(*, is_all_killed: bool) -> None:
    real, ours, calls = os.rename, os.getpid(), []

    def rename(*arguments: Any, **more: Any) -> None:  # noqa: ANN401 - stands for anything
        if os.getpid() != ours:
            calls.append(arguments)
            if len(calls) == _NAMED:
                if is_all_killed:
                    os.kill(ours, signal.SIGKILL)
                _die()
        real(*arguments, **more)

    os.rename = rename


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


if __name__ == "__main__":
    at = sys.argv.pop(1)
    if at in NAMING_FOR_IT:
        _kill_who_names(is_all_killed=NAMING_FOR_IT[at])
    else:
        _kill_at(at)
    main()
