"""Where the system has no more threads or processes for us."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable

import pytest

from respool.errors import NoMoreProcesses
from respool.system.programs import run_program
from respool.system.starting import Threads, most_threads, starting

START = threading.Thread.start
LetThreads = Callable[[int], None]


@pytest.fixture
def let(monkeypatch: pytest.MonkeyPatch) -> LetThreads:
    """Let no more threads than some be alive beside those of now."""
    before = threading.active_count()

    def limit(count: int) -> None:
        def start(thread: threading.Thread) -> None:
            if threading.active_count() - before >= count:
                raise RuntimeError("can't start new thread")
            START(thread)

        monkeypatch.setattr("threading.Thread.start", start)

    return limit


def test_as_many_threads_as_there_can_be_do_all_the_work(let: LetThreads) -> None:
    let(2)

    assert most_threads(5) == 2
    with Threads(5) as pool:
        assert list(pool.map(abs, range(-20, 0))) == list(range(20, 0, -1))


def test_where_there_cannot_be_one_it_is_said_which_limit_that_is(let: LetThreads) -> None:
    let(0)

    with pytest.raises(NoMoreProcesses) as caught:
        Threads(2)
    assert "ulimit -u" in (caught.value.why or "")
    assert "--jobs 1" in (caught.value.hint or "")
    with pytest.raises(NoMoreProcesses), starting():
        threading.Thread(target=print).start()


def test_a_program_that_cannot_be_forked_is_no_failure_of_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def none_left(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr("subprocess.Popen", none_left)
    with pytest.raises(NoMoreProcesses):
        run_program(["/bin/true"])


@pytest.mark.parametrize("error", [RuntimeError("a bug"), FileNotFoundError("none")])
def test_anything_else_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)), starting():
        raise error
