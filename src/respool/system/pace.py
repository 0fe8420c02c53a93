"""How much of the machine we take: how many lanes at a time, and behind whom we wait."""

from __future__ import annotations

import os
from typing import Final

from respool.model.dataclasses import dataclass
from respool.system.workers import core_count

MOST_BY_DEFAULT: Final = 4
_NICE: Final = 10
_BUSY: Final = 2  # processes for each core: one of them waits for the disk


def default_jobs() -> int:
    """How many folders are worked on at once: one for each core, no more than four."""
    return max(1, min(MOST_BY_DEFAULT, core_count()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """``jobs`` folders at once; ``is_nice``: after everybody else who wants to work.

    Nice is 10, and not idle: whoever waits for an index that we hold locked waits for us.
    Linux takes the priority of a process's reading and writing from it, too: the last but
    one of its class (ioprio_set(2): (nice + 20) / 5).
    """

    jobs: int
    is_nice: bool = False

    @property
    def hands(self) -> int:
        """How many processes write messages: some wait for the disk while others hash.

        Not more than the cores can keep busy, however many folders are worked on: each has a
        group of up to 64 MiB in hand that is finished first when a run is to stop.
        """
        return min(self.jobs, _BUSY * core_count()) + 1

    def lanes(self, hands: int) -> int:
        """How many folders are under way at once while so many ``hands`` write.

        With several of them it is two more than ``jobs``: now one folder and now another waits
        for the disk or for the server, whose ``reconstruct`` takes one mailbox of an account at
        a time, and meanwhile a core would have nothing to do.
        """
        return self.jobs if hands == 1 else self.jobs + 2

    def keep(self) -> None:
        """Let this process, the threads and programs that it starts from now on, be nice.

        It stays so. To be called before any thread begins,
        since each has its own (setpriority(2)); an even nicer one stays as it is.
        """
        if self.is_nice:
            now = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, 0, max(now, _NICE))
