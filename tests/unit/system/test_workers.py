from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import active_children
from pathlib import Path

import pytest

from respool.errors import ProcessLost
from respool.system.workers import Workers, core_count

SOURCE = Path(__file__).resolve().parents[3] / "src"


def results_of(count: int, work: Callable[[int], object], tasks: range) -> list[object]:
    """All results, each task given when there is room."""
    pending = iter(tasks)
    results: list[object] = []
    with Workers(count, work) as workers:
        while True:
            while workers.has_room and (task := next(pending, None)) is not None:
                workers.give(task)
            if not workers.is_busy:
                return results
            results.append(workers.take())


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_task_is_done_once(count: int) -> None:
    assert sorted(results_of(count, lambda task: task * task, range(20))) == [  # type: ignore[type-var]
        task * task for task in range(20)
    ]


def test_one_alone_does_the_work_here_and_several_do_it_elsewhere() -> None:
    assert set(results_of(1, lambda _task: os.getpid(), range(3))) == {os.getpid()}
    elsewhere = set(results_of(2, lambda _task: os.getpid(), range(6)))
    assert os.getpid() not in elsewhere


def test_a_worker_that_dies_is_an_error_and_the_others_are_ended() -> None:
    def die(_task: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ProcessLost) as caught:
        results_of(2, die, range(4))

    assert "signal 9" in (caught.value.why or "")
    assert active_children() == []


def test_threads_may_each_have_a_task_done_and_wait_for_it() -> None:
    def work(task: int) -> tuple[int, int]:
        return task, os.getpid()

    with Workers(2, work) as workers, ThreadPoolExecutor(5) as pool:
        found = list(pool.map(workers.call, range(20)))

    assert [task for task, _ in found] == list(range(20))
    assert os.getpid() not in {process for _, process in found}


def test_a_task_that_is_called_for_is_done_here_by_one_alone() -> None:
    def work(_: int) -> int:
        return os.getpid()

    with Workers(1, work) as workers:
        assert workers.call(1) == os.getpid()


def test_a_worker_that_dies_is_an_error_for_who_called_and_for_the_next_one() -> None:
    def die(task: int) -> int:
        if not task:
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    with Workers(2, die) as workers:
        with pytest.raises(ProcessLost, match="has ended"):
            workers.call(0)
        answers = []
        for task in (1, 2):
            with suppress(ProcessLost):
                answers.append(workers.call(task))

    assert len(answers) == 1


def test_a_bug_in_the_work_is_told_with_its_trace() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        results_of(2, lambda task: 1 // task, range(1))


def test_leaving_early_ends_workers_in_the_middle_of_what_they_do() -> None:
    begun = time.monotonic()

    def sleep(seconds: float) -> None:
        time.sleep(seconds)

    with Workers(2, sleep) as workers:
        workers.give(60.0)

    assert time.monotonic() - begun < 10
    assert active_children() == []


def test_workers_are_gone_when_their_parent_was_killed(tmp_path: Path) -> None:
    program = (
        "import os, sys, time\n"
        "from respool.system.workers import Workers\n"
        "with Workers(3, lambda task: os.getpid()) as workers:\n"
        "    for task in range(3):\n"
        "        workers.give(task)\n"
        "    print(*(workers.take() for _ in range(3)), flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    ) as parent:
        assert parent.stdout is not None
        workers = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()

    deadline = time.monotonic() + 10
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_running, workers))


def is_running(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def test_there_is_at_least_one_core() -> None:
    assert core_count() >= 1
