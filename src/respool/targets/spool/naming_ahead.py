"""Giving the first of many copies their names while the index of the last is laid out.

Both take one processor each. The one who lays out, and holds the index locked, is this
process; another one gives the names.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from respool.errors import StepFailed
from respool.model.dataclasses import dataclass
from respool.model.rows import is_among
from respool.runs.hands import Hands
from respool.system.cyrus_server import MailboxDirectories
from respool.targets.spool.live_files import Uids, files_in, message_directories
from respool.targets.spool.naming_files import Homes, name_waiting

MANY: Final = 2048  # fewer have their names before another process has heard of them


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    directory: Path
    uids: Uids


class NamingAhead:
    """Names copies of one mailbox, group by group; within a block, under the index's lock.

    Nothing is named where any message file has a name already: whose that is, is known only
    once all is laid out. At the end of the block no other process is at work any more.
    """

    def __init__(self, directories: MailboxDirectories, hands: Hands) -> None:
        there = {each: files_in(each) for each in message_directories(directories)}
        self._waiting = {directory: each.waiting for directory, each in there.items()}
        self._hands = hands
        self._tasks: list[_Task] = []
        self._running: Future[None] | None = None
        self._is_wanted = (
            hands.count > 1
            and not any(map(len, there.values()))
            and sum(map(len, self._waiting.values())) >= MANY
        )

    def __enter__(self) -> Self:
        """Nothing is named yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Wait for what was given away.

        Raises:
            StepFailed: a name could not be given.
        """
        if kind is None:
            self._give()
        if self._running is None or (kind is not None and self._running.cancel()):
            return
        with suppress(*() if kind is None else (Exception,)):  # what was first is to tell
            self._running.result()

    def add(self, homes: Homes) -> None:
        """Let those of ``homes`` that wait for their names have them, some time soon."""
        if not self._is_wanted:
            return
        for directory, uids in homes.items():
            waiting = self._waiting.get(directory)
            if waiting is not None:
                ours = uids[is_among(uids, waiting)]
                self._tasks.append(_Task(directory=directory, uids=ours))
        if self._running is None or self._running.done():
            self._give()

    def _give(self) -> None:
        """One after the other: names in one directory are given by one process at a time."""
        if self._running is not None:
            self._running.result()
        tasks, self._tasks = self._tasks, []
        if tasks:
            self._running = self._hands.begin(self._hands.do, _name_all, tasks)


def _name_all(tasks: Sequence[_Task]) -> None:
    for task in tasks:
        try:
            descriptor = os.open(task.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                name_waiting(descriptor, task.uids)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StepFailed(
                f"copies in {task.directory} cannot get their names", why=str(error)
            ) from error
