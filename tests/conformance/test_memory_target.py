"""The target in memory against the suite: the runner, the undo and the journal, at every call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from respool.runs.journal import Journal
from tests.conformance.targets import TargetSuite, World
from tests.support.cut_counts import is_long
from tests.support.memory_plans import drawn_steps
from tests.support.memory_world import MemoryWorld, new_memory_world
from tests.unit.runs.runs import quick


@pytest.mark.parametrize("drawn", range(8) if is_long() else [1])
@pytest.mark.parametrize("keeps_copies", [True, False])
class TestMemoryTarget(TargetSuite):
    cuts = None if is_long() else 40

    @pytest.fixture
    def new_world(
        self,
        drawn: int,
        keeps_copies: bool,  # noqa: FBT001 - a parameter of the test
        tmp_path: Path,
    ) -> Iterator[Callable[[], World]]:
        steps = drawn_steps(drawn)
        journal = quick(Journal(tmp_path))

        def new() -> MemoryWorld:
            return new_memory_world(
                journal, tmp_path, steps, name="back/sub", keeps_copies=keeps_copies
            )

        yield new
        journal.close()
