"""Benches for tests that kill commands: one of each layout for all tests of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.faults.bench import Bench, bench_of
from tests.support.faults.scenarios import Scenario


@pytest.fixture(scope="module")
def bench_for(as_root: None) -> Iterator[Callable[[Scenario], Bench]]:
    """The bench of a scenario's layout, made at its first use."""
    with ExitStack() as stack:
        benches: dict[str, Bench] = {}

        def of(scenario: Scenario) -> Bench:
            if scenario.layout not in benches:
                benches[scenario.layout] = stack.enter_context(bench_of(scenario.layout))
            return benches[scenario.layout]

        yield of
