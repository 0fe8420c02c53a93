"""Noting steps whose effect must reach the disk first, beside the lanes that go on meanwhile.

A thread of its own flushes what several steps, maybe of several lanes, have done since the
last flush, and then notes them all at once: one wait for the disk for many steps. So a step
is noted as done only after its flush, as it is where steps are done one after the other.

A flush makes others wait who make files there meanwhile (jbd2 ends its transaction): as long
as no lane needs one, there are few.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import field
from types import TracebackType
from typing import Final, Self

from respool.model.dataclasses import dataclass
from respool.planning.step import Step
from respool.runs.actor import ActsAhead, Unflushed
from respool.runs.journal import Change, RunJournal, record_together
from respool.runs.states import StepState
from respool.system.starting import starting

_REST_SECONDS: Final = 0.25  # from the first step that waits to its flush, if none needs it


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    number: int
    step: Step
    actor: ActsAhead
    unflushed: Unflushed
    noted: Future[None] = field(default_factory=Future)

    @property
    def change(self) -> Change:
        return Change(number=self.number, state=StepState.DONE, receipt=self.unflushed.note)


class Flushing:
    """Flushes and notes steps of one run while the block lasts, in the order they come.

    A signal may end the block while lanes still work: then each does it for itself.
    """

    def __init__(self, journal: RunJournal, on_done: Callable[[Step], None]) -> None:
        self._journal = journal
        self._on_done = on_done
        self._ended: queue.SimpleQueue[_Ended | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="flushing")
        self._lock = threading.Lock()
        self._is_needed = threading.Event()
        self._is_open = True
        self.lanes = 0  # that give steps now

    def __enter__(self) -> Self:
        """Begin to work."""
        with starting():
            self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Work off what was given."""
        with self._lock:
            self._is_open = False
            self._ended.put(None)
            self._is_needed.set()
        self._thread.join()

    @contextmanager
    def for_lane(self) -> Iterator[None]:
        """Count a lane among those that give steps, for the length of the block."""
        with self._lock:
            self.lanes += 1
        try:
            yield
        finally:
            with self._lock:
                self.lanes -= 1

    def end(self, number: int, step: Step, actor: ActsAhead, unflushed: Unflushed) -> Future[None]:
        """Flush what ``step`` did, then note it as done: ends when both are on disk.

        What goes wrong is the future's exception: StepFailed, JournalError, or a bug.
        """
        ended = _Ended(number=number, step=step, actor=actor, unflushed=unflushed)
        with self._lock:
            is_open = self._is_open
            if is_open:
                self._ended.put(ended)
        if not is_open:
            self._settle(actor, [ended])
        return ended.noted

    def failure_of(self, noted: Future[None]) -> BaseException | None:
        """What `end` gave is waited for, from now on without delay; what went wrong, if so."""
        if not noted.done():
            self._is_needed.set()
        return noted.exception()

    def _work(self) -> None:
        is_open = True
        while is_open:
            waiting = self._waiting()
            is_open = waiting[-1] is not None
            steps = [each for each in waiting if each is not None]
            for actor in {id(each.actor): each.actor for each in steps}.values():
                self._settle(actor, [each for each in steps if each.actor is actor])

    def _waiting(self) -> list[_Ended | None]:
        """All that waits once a flush is needed; one at least, nothing after the last."""
        found = [self._ended.get()]
        if found[-1] is not None:
            self._is_needed.wait(_REST_SECONDS)
        self._is_needed.clear()  # before looking: whoever needs one has put his step before
        while found[-1] is not None:
            try:
                found.append(self._ended.get_nowait())
            except queue.Empty:
                break
        return found

    def _settle(self, actor: ActsAhead, steps: Sequence[_Ended]) -> None:
        try:
            actor.flush([each.unflushed for each in steps])
            record_together(self._journal, [each.change for each in steps])
            for each in steps:
                self._on_done(each.step)
        except BaseException as error:  # noqa: BLE001 - for the lanes that wait
            _end(steps, error)
        else:
            _end(steps, None)
        finally:
            for each in steps:
                each.unflushed.close()


def _end(steps: Iterable[_Ended], error: BaseException | None) -> None:
    for each in steps:
        if error is None:
            each.noted.set_result(None)
        else:
            each.noted.set_exception(error)
