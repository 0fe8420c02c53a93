"""Benches for tests that kill commands: one of each place for all tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.faults.bench import Bench, bench_of
from tests.support.faults.scenarios import PlaceName, Scenario


@pytest.fixture(scope="module")
def bench_for(as_root: None) -> Iterator[Callable[[Scenario], Bench]]:
    """The bench of a scenario's place, made at its first use."""
    with ExitStack() as stack:
        benches: dict[PlaceName, Bench] = {}

        def of(scenario: Scenario) -> Bench:
            if scenario.place not in benches:
                benches[scenario.place] = stack.enter_context(bench_of(scenario.place))
            return benches[scenario.place]

        yield of
