"""The file of a plan until its run begins: ours alone, and gone with the command.

It tells of somebody's mail. So what a command that was killed has left of it goes with
the next restore: it is known by its lock, which died with that command.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from respool.errors import Locked
from respool.system.locks import try_to_hold, waiting_for

_LOCK: Final = ".lock"
_PLAN: Final = ".jsonl"


@contextmanager
def waiting_plan(state: Path) -> Iterator[Path]:
    """Where a plan waits in the state directory, for the length of a block; not made yet."""
    plans = state / "plans"
    lock = plans / f"{secrets.token_hex(8)}{_LOCK}"
    with waiting_for(plans):  # else another command could take it for left over
        _forget_left_over(plans)
        descriptor = try_to_hold(lock)
    if descriptor is None:
        raise Locked(f"the new file {lock} is locked already")
    try:
        yield lock.with_suffix(_PLAN)
    finally:
        _forget(lock)
        os.close(descriptor)


def _forget_left_over(plans: Path) -> None:
    for lock in plans.glob(f"*{_LOCK}"):
        try:
            descriptor = try_to_hold(lock)
        except FileNotFoundError:
            continue
        if descriptor is not None:
            _forget(lock)
            os.close(descriptor)


def _forget(lock: Path) -> None:
    lock.with_suffix(_PLAN).unlink(missing_ok=True)
    lock.unlink(missing_ok=True)
