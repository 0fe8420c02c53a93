from __future__ import annotations

from pathlib import Path

import pytest

from respool.app.waiting_plan import waiting_plan


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "plans").mkdir()
    return tmp_path


def left(state: Path) -> list[str]:
    return [each.name for each in (state / "plans").iterdir()]


def test_a_plan_that_waited_goes_with_its_command(state: Path) -> None:
    with waiting_plan(state) as file:
        file.write_text("plan", "ascii")
        with waiting_plan(state) as other:
            other.write_text("another", "ascii")
        assert file.read_text("ascii") == "plan"
    assert left(state) == []


def test_what_a_killed_command_left_goes_with_the_next_one(state: Path) -> None:
    for name in ("dead.lock", "dead.jsonl"):  # and no process holds the lock
        (state / "plans" / name).write_text("plan", "ascii")

    with waiting_plan(state):
        assert len(left(state)) == 1  # its own lock
    assert left(state) == []
