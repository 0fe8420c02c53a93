from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from respool.app.carrying_out import Conversation, carry_out
from respool.backups.source import tree_at
from respool.errors import StepFailed
from respool.runs.journal import Journal, RunJournal
from respool.system.pace import Pace
from tests.support.memory_steps import MEMORY_KINDS, MakeMailbox
from tests.support.memory_target import MemoryActor, MemoryTarget
from tests.unit.runs.runs import begin, quick


class FailingActor(MemoryActor):
    def perform(self, *_: object) -> dict[str, Any]:
        raise StepFailed("the backup is going away")


class Reached:
    def actors(self, run: RunJournal) -> dict[str, MemoryActor]:
        return dict.fromkeys(MEMORY_KINDS, FailingActor(MemoryTarget(), run))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[RunJournal]:
    journal = quick(Journal(tmp_path))
    begin(journal, tmp_path, [MakeMailbox(lane="", mailbox="one")])
    yield journal.run(1, MEMORY_KINDS)
    journal.close()


def test_after_a_step_has_failed_the_backup_is_opened_anew(
    run: RunJournal, tmp_path: Path
) -> None:
    """Processes that ended have seen why: of a batch the next account may find it mounted."""
    before = tree_at(PurePosixPath(tmp_path))
    target: Any = Reached()
    speaking = Conversation(agree=lambda _: True, on_begin=lambda *_: None, pace=Pace(jobs=1))

    with pytest.raises(StepFailed):
        carry_out(run, target, speaking)

    assert tree_at(PurePosixPath(tmp_path)) is not before
