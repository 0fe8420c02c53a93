"""Processes of our own that share work: forked, fed through pipes, gone with their parent."""

from __future__ import annotations

import ctypes
import os
import queue
import signal
import traceback
import warnings
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

from respool.errors import Interrupted, ProcessLost
from respool.system.signals import ENDING, undisturbed

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_AHEAD: Final = 2  # tasks that a worker has at a time: the next one waits in its pipe


def core_count() -> int:
    """How many processes can run at once for us."""
    return len(os.sched_getaffinity(0))


class Workers(Generic[TaskT, ResultT]):
    """``count`` processes that do ``work``; with one, it is done here, as tasks are given.

    ``work`` is inherited, never sent: it may hold what it likes. Tasks and results are
    sent. A worker ends when its parent does, however that was killed; a signal to end is
    for the parent alone. Where the system lets us have fewer processes, `count` says so;
    without any it is done here, too.
    """

    def __init__(self, count: int, work: Callable[[TaskT], ResultT]) -> None:
        self._count = count
        self._work = work
        self._pipes: list[Connection[Any, Any]] = []
        self._processes: list[ForkProcess] = []
        self._loads: dict[int, int] = {}  # by place in _pipes: tasks given and not answered
        self._done: deque[ResultT] = deque()
        self._is_ending = False
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()  # by place: those of `call`

    def __enter__(self) -> Workers[TaskT, ResultT]:
        """Start them. Other threads are not copied: ``work`` may need nothing that they hold."""
        if self._count > 1:
            with undisturbed(), warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # NumPy's threads do sleep
                with suppress(OSError):  # EAGAIN of fork(2), ENOMEM, EMFILE: these must do
                    for _ in range(self._count):
                        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End them, in the middle of what they do if need be."""
        self._is_ending = True
        with undisturbed():
            for process in self._processes:
                process.kill()  # a stopped one does not hear anything else
            for process in self._processes:
                process.join()
            for pipe in self._pipes:  # last: a thread that reads one comes to its end first
                pipe.close()

    @property
    def count(self) -> int:
        """How many processes there are beside this one."""
        return len(self._processes)

    @property
    def has_room(self) -> bool:
        """Whether a task can be given that will not wait for long."""
        if not self._pipes:
            return not self._done
        return any(load < _AHEAD for load in self._loads.values())

    @property
    def is_busy(self) -> bool:
        """Whether a result is to come."""
        return bool(self._done) or any(self._loads.values())

    def give(self, task: TaskT) -> None:
        """Hand a task to the worker that has least to do.

        Raises:
            ProcessLost: that one is gone.
        """
        if not self._pipes:
            self._done.append(self._work(task))
            return
        self._send(min(self._loads, key=lambda each: self._loads[each]), task)

    def take(self) -> ResultT:
        """The next result, waited for; only where `is_busy`.

        Raises:
            ProcessLost: a worker ended before it could answer.
        """
        if not self._done:
            busy = [self._pipes[number] for number, load in self._loads.items() if load]
            for pipe in wait(busy):
                number = next(at for at, each in enumerate(self._pipes) if each is pipe)
                self._done.append(self._received(number))
        return self._done.popleft()

    def call(self, task: TaskT) -> ResultT:
        """Have ``task`` done by a worker that is free, and wait for it: of any thread.

        Not beside `give` and `take`.

        Raises:
            ProcessLost: that worker is gone.
            Interrupted: the block was left meanwhile, which ends them all.
        """
        if not self._pipes:
            return self._work(task)
        number = self._free.get()
        try:
            self._send(number, task)
            return self._received(number)
        finally:
            self._free.put(number)

    def _send(self, number: int, task: TaskT) -> None:
        try:
            self._pipes[number].send(task)
        except OSError as error:
            raise self._lost(number) from error
        self._loads[number] += 1

    def _received(self, number: int) -> ResultT:
        try:
            failure, result = self._pipes[number].recv()
        except (EOFError, OSError) as error:
            raise self._lost(number) from error
        self._loads[number] -= 1
        if failure is not None:
            raise RuntimeError(failure)
        answer: ResultT = result
        return answer

    def _lost(self, number: int) -> ProcessLost | Interrupted:
        """Why a worker does not answer: we end it, or something has."""
        if self._is_ending:
            return Interrupted("this work was cut off", why="it was to end at once")
        return _lost(self._processes[number])

    def _start(self) -> None:
        context = get_context("fork")
        ours, theirs = context.Pipe()
        others = [*self._pipes, ours]
        process = context.Process(
            target=_serve,
            args=(theirs, others, self._work, os.getpid()),
            name="respool",
            daemon=True,
        )
        try:
            process.start()
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        self._loads[len(self._pipes)] = 0
        self._free.put(len(self._pipes))
        self._pipes.append(ours)
        self._processes.append(process)


def _serve(
    pipe: Connection[Any, Any],
    others: list[Connection[Any, Any]],
    work: Callable[[Any], Any],
    parent: int,
) -> None:
    """The life of a worker: until nobody is left to answer."""
    _end_with(parent)
    for other in others:  # or the end of the parent would not be the end of its pipes
        other.close()
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN if each != signal.SIGTERM else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    with suppress(EOFError, OSError):
        while True:
            task = pipe.recv()
            answer: tuple[str | None, Any]
            try:
                answer = (None, work(task))
            except Exception:  # noqa: BLE001 - a bug is told where it can be reported
                answer = (traceback.format_exc(), None)
            pipe.send(answer)


def _end_with(parent: int) -> None:
    """Let the system end us in the middle of our work when the parent is gone (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _lost(process: ForkProcess) -> ProcessLost:
    process.join(1.0)
    status = process.exitcode
    how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
    return ProcessLost(
        "one of the processes that share the work has ended",
        why=f"it ended with {how}; a machine that is out of memory ends processes so",
        hint="try again with --jobs 1",
    )
