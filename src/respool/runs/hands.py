"""Who does the work of steps that may wait for the disk: this process, or several of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

from respool.errors import StepFailed
from respool.model.dataclasses import dataclass
from respool.system.starting import most_threads
from respool.system.workers import Workers

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")
ParamsP = ParamSpec("ParamsP")

_Given: TypeAlias = tuple[Callable[[Any], Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    """A failure as it is sent: an exception with keywords cannot be."""

    what: str
    why: str | None
    hint: str | None
    can_be_tried_again: bool

    @classmethod
    def of(cls, error: StepFailed) -> _Failed:
        return cls(
            what=error.what,
            why=error.why,
            hint=error.hint,
            can_be_tried_again=error.can_be_tried_again,
        )

    def error(self) -> StepFailed:
        return StepFailed(
            self.what,
            why=self.why,
            hint=self.hint,
            can_be_tried_again=self.can_be_tried_again,
        )


class Hands:
    """``count`` of them can work at the same time; one alone is this process.

    Hashing, and making files, can take more processors than one; Python's threads cannot.
    """

    def __init__(
        self,
        count: int = 1,
        workers: Workers[_Given, Any] | None = None,
        threads: Executor | None = None,
    ) -> None:
        self.count = count
        self._workers = workers
        self._threads = threads

    def begin(
        self,
        what: Callable[ParamsP, ResultT],
        *args: ParamsP.args,
        **kwargs: ParamsP.kwargs,
    ) -> Future[ResultT]:
        """Have ``what`` done in this process once a hand is free, which it may use by `do`.

        With one hand it is done when this returns, and what it raises is raised.
        """
        if self._threads is not None:
            return self._threads.submit(what, *args, **kwargs)
        done: Future[ResultT] = Future()
        done.set_result(what(*args, **kwargs))
        return done

    def do(self, work: Callable[[TaskT], ResultT], task: TaskT) -> ResultT:
        """What ``work`` makes of ``task``; may be called by several threads.

        With more than one, ``work`` is a function of a module, or a `functools.partial` of
        one, and everything that goes in and out is data. It changes nothing in this process.

        Raises:
            StepFailed: as ``work`` does.
            ProcessLost: one of the processes ended before it could answer.
            Interrupted: it was cut off, since the block was left.
        """
        if self._workers is None:
            return work(task)
        answer = self._workers.call((work, task))
        if isinstance(answer, _Failed):
            raise answer.error()
        return cast("ResultT", answer)


ALONE = Hands()


@contextmanager
def many_hands(count: int) -> Iterator[Hands]:
    """So many, for the length of the block; they end with it, however it ends.

    Fewer, or this process alone, where the system does not let us have as many.

    To be called by the main thread: with it they end, too, if it is killed. A block that is
    left by an error ends them in the middle of what they do, which fails then.
    """
    if count == 1:
        yield ALONE
        return
    # The workers end first: a thread waits for one of them, and it may never answer.
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(count))
        workers = stack.enter_context(Workers(count, _done))
        # One thread for each, and as many are to give them work.
        if workers.count and most_threads(2 * count) == 2 * count:
            yield Hands(workers.count, workers, threads)
            return
    yield ALONE


def _done(given: _Given) -> Any:  # noqa: ANN401 - whatever the work makes
    work, task = given
    try:
        return work(task)
    except StepFailed as error:
        return _Failed.of(error)
