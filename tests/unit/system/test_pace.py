from __future__ import annotations

import os

import pytest

from respool.system.pace import MOST_BY_DEFAULT, Pace, default_jobs


@pytest.mark.parametrize(("begun_at", "ends_at"), [(0, 10), (15, 15)])
def test_who_is_nice_is_so_to_the_end_and_an_even_nicer_one_stays(
    begun_at: int, ends_at: int
) -> None:
    child = os.fork()  # what is nice stays nice
    if child == 0:
        before = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, max(before, begun_at))
        Pace(jobs=1, is_nice=True).keep()
        os._exit(int(os.getpriority(os.PRIO_PROCESS, 0) != max(before, ends_at)))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_without_it_nothing_changes() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)

    Pace(jobs=1).keep()

    assert os.getpriority(os.PRIO_PROCESS, 0) == before


def test_few_folders_are_worked_on_at_once() -> None:
    assert 1 <= default_jobs() <= MOST_BY_DEFAULT
