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


@pytest.mark.parametrize(("jobs", "hands"), [(1, 2), (4, 5), (32, 5)])
def test_no_more_processes_write_than_the_cores_can_keep_busy(
    jobs: int, hands: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a run that is to stop would have to end that many groups first."""
    monkeypatch.setattr("respool.system.pace.core_count", lambda: 2)

    assert Pace(jobs=jobs).hands == hands


def test_two_more_folders_are_under_way_where_several_processes_write() -> None:
    assert Pace(jobs=2).lanes(hands=3) == 4
    assert Pace(jobs=2).lanes(hands=1) == 2
    assert Pace(jobs=1).lanes(hands=1) == 1
