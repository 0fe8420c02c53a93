"""Tasks of the stand-in core: started, looked at, forgotten.

Source: BlueMind's TasksManager.java: a task runs in one of 15 threads; ten minutes after its
end whatever bears its id is forgotten, even a later task of the same id; a restart of the
core forgets all.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from tests.support.bluemind_core.clock import Clock
from tests.support.bluemind_core.json_values import Fields
from tests.support.bluemind_core.server_faults import ServerFault, not_found

FORGOTTEN_AFTER_SECONDS: Final = 600.0
_AT_ONCE: Final = 15
NOT_STARTED: Final = "NotStarted"
IN_PROGRESS: Final = "InProgress"
SUCCESS: Final = "Success"
IN_ERROR: Final = "InError"
_ENDED: Final = {SUCCESS, IN_ERROR}


@dataclass(slots=True, kw_only=True)
class Task:
    """One task, and what its work tells of itself."""

    id: str
    state: str = NOT_STARTED
    steps: float = 0.0
    progress: float = 0.0
    lines: list[str | None] = field(default_factory=list)
    result: str | None = None
    looks: int = 0
    is_lost: bool = False

    def begin(self, steps: float, line: str) -> None:
        """It has begun, and has so many steps."""
        self.steps = steps
        self.log(line)

    def log(self, line: str | None) -> None:
        """One line more of its log; None as the core has it where progress has no words."""
        self.lines.append(line)

    def end(self, state: str, line: str, result: str | None) -> None:
        """It is over; a second end changes nothing."""
        if self.state not in _ENDED:
            self.result = result
            self.progress = self.steps
            self.log(line)
            self.state = state


Work: TypeAlias = Callable[[Task], None]


class Tasks:
    """All tasks that the core knows.

    ``never_end``: their work is done, and still they are in progress. ``looks_before_end``:
    so many looks find a task in progress before one finds its end. ``forget_after_looks``: at
    that look it is not known any more.
    """

    def __init__(self, clock: Clock) -> None:
        self.never_end = False
        self.looks_before_end = 0
        self.forget_after_looks: int | None = None
        self.started: list[str] = []
        self._clock = clock
        self._tasks: dict[str, Task] = {}
        self._due: list[tuple[float, str]] = []
        self._lock = threading.RLock()
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="stand-in-task")
        self._futures: list[Future[None]] = []

    def run(self, work: Work, task_id: str | None = None) -> Fields:
        """Start a task: its TaskRef. Without an id it gets a random one.

        Raises:
            ServerFault: one of this id runs.
        """
        with self._lock:
            self._forget_due()
            task = Task(id=task_id or str(uuid.uuid4()))
            old = self._tasks.get(task.id)
            if old is not None and (self.never_end or old.state not in _ENDED):
                raise ServerFault(f"task {task.id} already running")
            self._tasks[task.id] = task
            self.started.append(task.id)
            self._futures.append(self._pool.submit(self._run, task, work))
        return {"id": task.id}

    def background(self, work: Callable[[], None]) -> None:
        """What the core does without a task that anybody could look at."""
        with self._lock:
            self._futures.append(self._pool.submit(work))

    def status(self, task_id: str) -> Fields:
        """A TaskStatus.

        Raises:
            ServerFault: no such task is known, or not any more.
        """
        task = self._get(task_id)
        with self._lock:
            task.looks += 1
            if self.forget_after_looks is not None and task.looks > self.forget_after_looks:
                self.forget(task_id)
                raise not_found(f"no task {task_id}")
            is_open = self.never_end or task.looks <= self.looks_before_end
            state = IN_PROGRESS if is_open and task.state in _ENDED else task.state
            return {
                "steps": task.steps,
                "progress": task.progress,
                "lastLogEntry": task.lines[-1] if task.lines else None,
                "state": state,
                "result": None if state == IN_PROGRESS else task.result,
            }

    def lines(self, task_id: str, offset: int = 0) -> list[str | None]:
        """Its log, from that line on.

        Raises:
            ServerFault: no such task is known.
        """
        return self._get(task_id).lines[offset:]

    def forget(self, task_id: str) -> None:
        """Know nothing of a task any more."""
        with self._lock:
            task = self._tasks.pop(task_id, None)
            if task is not None:
                task.is_lost = True

    def forget_all(self) -> None:
        """A restart: tasks are lost, and what they had not done yet is not done."""
        for task_id in list(self._tasks):
            self.forget(task_id)

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until all that was started is done."""
        with self._lock:
            futures, self._futures = self._futures, []
        done = wait(futures, timeout=seconds)
        assert not done.not_done, "the stand-in core's work does not come to an end"
        for future in done.done:
            future.result()

    def close(self) -> None:
        """Start nothing any more."""
        self.forget_all()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, task: Task, work: Work) -> None:
        task.state = IN_PROGRESS
        try:
            work(task)
            task.end(SUCCESS, "OK", None)
        except Exception as error:  # noqa: BLE001 - as the core does: a task that fails says so
            task.end(IN_ERROR, str(error), None)
        with self._lock:
            if not self.never_end:
                self._due.append((self._clock.now() + FORGOTTEN_AFTER_SECONDS, task.id))

    def _get(self, task_id: str) -> Task:
        with self._lock:
            self._forget_due()
            with suppress(KeyError):
                return self._tasks[task_id]
        raise not_found(f"no task {task_id}")

    def _forget_due(self) -> None:
        now = self._clock.now()
        for due, task_id in self._due:
            if due <= now:
                self.forget(task_id)
        self._due = [each for each in self._due if each[0] > now]
