from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from respool.app.readiness import is_account_whole, left_of, may_have_written
from respool.finishing.steps import CreateMailshare, Repair, SaveRights
from respool.planning.appending import AppendMessages
from respool.planning.load import Load, load_of, total
from respool.runs.journal import Journal, RunJournal, StepRow
from respool.runs.states import StepState
from respool.targets.spool.steps import CopyMessages, CreateAccount, CreateMailbox, WriteIndex
from tests.unit.app.journals import begun, do, fail, journal_in, start
from tests.unit.targets.spool.plans import planned_by


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with journal_in(tmp_path) as opened:
        yield opened


@pytest.fixture
def run(journal: Journal, tmp_path: Path) -> RunJournal:
    return begun(journal, tmp_path, planned_by("annotated"))


def test_before_the_first_step_all_that_was_planned_is_left(run: RunJournal) -> None:
    left = left_of(run)

    assert total(left.loads.values()) == load_of(run.head().mailboxes)
    assert {str(each.data) for each in left.sources} == {"data/INBOX", "data/b"}


def test_what_is_copied_needs_no_room_any_more(run: RunJournal) -> None:
    """A group that was begun may have copied nothing yet: it counts as a whole."""
    do(run, CreateMailbox)
    do(run, CopyMessages)
    start(run, CopyMessages, at=1)

    assert total(left_of(run).loads.values()) == Load(messages=2, size_bytes=200, mailboxes=1)


def test_what_was_being_appended_counts_as_used_already(journal: Journal, tmp_path: Path) -> None:
    """Counted again, a run whose quota was full could not go on once there is room."""
    run = begun(journal, tmp_path, planned_by("added-to"))
    assert total(left_of(run).loads.values()).messages == 3
    fail(run, AppendMessages)

    assert total(left_of(run).loads.values()).messages == 1


def test_the_backup_is_needed_until_the_index_of_a_folder_is_written(run: RunJournal) -> None:
    """Its cache and the names of its keywords are read for that."""
    do(run, CopyMessages)
    assert {str(each.data) for each in left_of(run).sources} == {"data/INBOX", "data/b"}
    do(run, WriteIndex)
    assert {str(each.data) for each in left_of(run).sources} == {"data/b"}


@pytest.mark.parametrize(
    ("kind", "receipt", "counts"),
    [
        (SaveRights.kind, {"saved": 2}, True),
        (SaveRights.kind, {"skipped": "1 folder has rights of its own"}, False),
        (Repair.kind, {"operation": "mailboxAcls", "warnings": []}, True),
        (Repair.kind, {"operation": "mailboxQuota", "warnings": []}, False),
        (Repair.kind, None, True),  # cut off: nobody knows what it was at
    ],
)
def test_another_run_wrote_rights_where_a_step_of_it_says_so_or_was_cut_off(
    kind: str,
    receipt: Mapping[str, Any] | None,
    counts: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert may_have_written(kind, receipt) is counts


@pytest.mark.parametrize(
    ("kind", "state", "is_whole"),
    [
        (CreateAccount.kind, StepState.STARTED, False),
        (CreateMailshare.kind, StepState.STARTED, False),  # made, and maybe not yet shared
        (CreateMailshare.kind, StepState.DONE, True),
        (CopyMessages.kind, StepState.STARTED, True),
    ],
)
def test_an_account_is_whole_once_whoever_makes_it_is_done(
    kind: str,
    state: StepState,
    is_whole: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    row = StepRow(number=0, lane="", kind=kind, state=state)

    assert is_account_whole([row]) is is_whole
