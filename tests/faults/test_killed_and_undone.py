"""Restores that are killed, and then undone: on a real server, over IMAP and on disk."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.faults.bench import Bench
from tests.support.faults.scenarios import ALL, Scenario
from tests.support.faults.short_part import cases_of, check

pytestmark = [pytest.mark.needs_cyrus, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_a_restore_that_is_killed_anywhere_and_undone_leaves_everything_as_it_was_before(
    scenario: Scenario, bench_for: Callable[[Scenario], Bench]
) -> None:
    """But for counters of the server and empty directories; no door is left."""
    bench = bench_for(scenario)
    check(bench, cases_of(bench, scenario, "undo"))
