from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from multiprocessing import active_children
from typing import Any

import pytest

from respool.errors import EndedBySignal, Interrupted, ProcessLost, StepFailed
from respool.runs.hands import ALONE, many_hands


def add(number: int, more: int = 0) -> tuple[int, int]:
    return number + more, os.getpid()


def fail(what: str) -> None:
    raise StepFailed(what, why="no room", hint="make room", can_be_tried_again=False)


def die(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_alone_it_is_done_here_and_at_once() -> None:
    assert ALONE.do(partial(add, more=2), 1) == (3, os.getpid())
    assert ALONE.begin(ALONE.do, add, 1).result() == (1, os.getpid())
    with pytest.raises(StepFailed):
        ALONE.begin(fail, "full")
    with many_hands(1) as hands:
        assert hands is ALONE


def test_several_do_it_elsewhere_at_the_same_time() -> None:
    with many_hands(3) as hands:
        begun = [hands.begin(hands.do, partial(add, more=10), number) for number in range(20)]
        found = [each.result() for each in begun]

    assert [number for number, _ in found] == list(range(10, 30))
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.parametrize("count", [1, 2])
def test_a_step_that_fails_there_fails_as_it_does_here(count: int) -> None:
    with many_hands(count) as hands, pytest.raises(StepFailed, match="full") as caught:
        hands.do(fail, "full")

    error = caught.value
    assert (error.why, error.hint, error.can_be_tried_again) == ("no room", "make room", False)


@pytest.mark.parametrize("work", [die, partial(die)])
def test_one_that_is_ended_from_outside_is_an_error(work: Callable[[object], None]) -> None:
    with many_hands(2) as hands, pytest.raises(ProcessLost, match="has ended"):
        hands.do(work, None)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def stop_oneself(_: object) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


@pytest.mark.parametrize(("work", "task"), [(sleep, 60.0), (stop_oneself, None)])
def test_a_block_that_is_left_early_does_not_wait_for_what_they_do(
    work: Callable[[Any], None], task: object
) -> None:
    begun: list[Future[None]] = []

    def leave() -> None:
        with many_hands(2) as hands:
            begun.append(hands.begin(hands.do, work, task))
            while not begun[0].running():
                pass
            time.sleep(0.05)
            raise EndedBySignal

    with pytest.raises(EndedBySignal):
        leave()

    assert isinstance(begun[0].exception(timeout=0), Interrupted)
    assert active_children() == []


@pytest.mark.parametrize("forks", [0, 1])
def test_fewer_do_it_where_the_system_has_no_more_processes(
    monkeypatch: pytest.MonkeyPatch, forks: int
) -> None:
    left, fork = iter(range(forks)), os.fork

    def fork_while_it_can() -> int:
        if next(left, None) is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return fork()

    monkeypatch.setattr("os.fork", fork_while_it_can)
    with many_hands(3) as hands:
        begun = [hands.begin(hands.do, add, number) for number in range(9)]
        found = [each.result() for each in begun]

    assert [number for number, _ in found] == list(range(9))
    assert {process == os.getpid() for _, process in found} == {not forks}
    assert hands.count == 1


def test_this_process_alone_does_it_where_the_system_has_no_more_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", none_left)
    with many_hands(3) as hands:
        assert hands is ALONE
        assert active_children() == []
