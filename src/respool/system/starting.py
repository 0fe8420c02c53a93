"""Starting threads and programs: the system may have no more of them for us."""

from __future__ import annotations

import errno
import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from respool.errors import NoMoreProcesses

ParamsP = ParamSpec("ParamsP")
ResultT = TypeVar("ResultT")

_NO_THREAD: Final = "can't start new thread"  # CPython's _threadmodule.c


@contextmanager
def starting() -> Iterator[None]:
    """To start a thread or a program in, and nothing else.

    Raises:
        NoMoreProcesses: the system has no more of them for us.
    """
    try:
        yield
    except RuntimeError as error:
        if _NO_THREAD not in str(error):
            raise
        raise no_more_processes() from error
    except OSError as error:
        if error.errno != errno.EAGAIN:
            raise
        raise no_more_processes() from error


def no_more_processes() -> NoMoreProcesses:
    """What is said then. Source: fork(2), EAGAIN; threads count like processes."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    allowed = "has no limit" if soft == resource.RLIM_INFINITY else f"is {soft}"
    return NoMoreProcesses(
        "the system lets us start no more processes or threads",
        why=f"`ulimit -u` {allowed} (all of this user's count), a service or container may have"
        " a limit of its own (pids.max, systemd's TasksMax), or memory is short",
        hint="try again with --jobs 1, which takes fewer of them, or raise the limit",
    )


def most_threads(count: int) -> int:
    """How many more threads we can have now, up to ``count``: they count like processes."""
    ended = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(count):
            thread = threading.Thread(target=ended.wait)
            thread.start()
            started.append(thread)
    except RuntimeError:
        return len(started)
    finally:
        ended.set()
        for each in started:
            each.join()
    return count


class Threads(ThreadPoolExecutor):
    """Up to ``count`` threads, fewer where the system has no more for us; one at least.

    Raises:
        NoMoreProcesses: when it is made, or by `submit`: not even one.
    """

    def __init__(self, count: int) -> None:
        most = most_threads(count)
        if not most:
            raise no_more_processes()
        super().__init__(max_workers=most)

    def submit(
        self,
        fn: Callable[ParamsP, ResultT],
        /,
        *args: ParamsP.args,
        **kwargs: ParamsP.kwargs,
    ) -> Future[ResultT]:
        """As any executor."""
        with starting():
            return super().submit(fn, *args, **kwargs)
