from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from respool.errors import RunNotFound
from respool.planning.codec import parse_tail
from respool.runs.batches import Batch, Member, Section
from respool.runs.journal import Journal
from respool.runs.states import RunState
from tests.support.memory_steps import MEMORY_KINDS, MakeMailbox
from tests.unit.runs.runs import NOW, quick, write_plan

LATER = NOW + timedelta(days=1)
STEPS = (MakeMailbox(lane="", mailbox="a"),)
MEMBERS = (
    Member(number=0, account="a@b.loc", plan=Section(offset=0, length=10)),
    Member(number=1, account="b@b.loc", plan=Section(offset=10, length=20)),
    Member(number=2, account="c@b.loc", error={"error": "account-not-in-generation"}),
)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    (tmp_path / "locks").mkdir()
    with closing(quick(Journal(tmp_path))) as opened:
        yield opened


@pytest.fixture
def batch(journal: Journal, tmp_path: Path) -> Batch:
    plans = tmp_path / "new-plans"
    plans.write_text("plans")
    return journal.batches.begin(plans, MEMBERS, now=NOW)


def begin(journal: Journal, state: Path, number: int) -> int:
    """Member ``number`` of batch 1 becomes a run; its number."""
    file = write_plan(state, STEPS)
    tail = parse_tail(file.read_text("ascii").splitlines()[-1])
    return journal.begin(file, tail, MEMORY_KINDS, now=NOW, member=(1, number)).number


def test_a_batch_keeps_its_plans_and_its_members_in_order(batch: Batch, tmp_path: Path) -> None:
    assert batch.members == MEMBERS
    assert batch.file.read_text() == "plans"
    assert not (tmp_path / "new-plans").exists()
    assert [each.is_waiting for each in batch.members] == [True, True, False]


def test_a_member_and_its_run_are_noted_together(
    journal: Journal, batch: Batch, tmp_path: Path
) -> None:
    journal.batches.failed(batch.number, 1, {"error": "locked"})

    run = begin(journal, tmp_path, 1)

    member = journal.batches.batch(batch.number).members[1]
    assert (member.run, member.error, member.is_waiting) == (run, None, False)
    assert journal.batches.of_runs() == {run: batch.number}


def test_a_run_that_could_not_be_noted_elsewhere_waits_again_as_a_member(
    journal: Journal, batch: Batch, tmp_path: Path
) -> None:
    journal.forget(begin(journal, tmp_path, 0), is_to_begin_again=True)

    assert journal.batches.batch(batch.number).members == MEMBERS


def test_a_run_that_was_forgotten_is_no_member_any_more_and_is_not_begun_again(
    journal: Journal, batch: Batch, tmp_path: Path
) -> None:
    journal.forget(begin(journal, tmp_path, 0))

    assert journal.batches.batch(batch.number).members == MEMBERS[1:]


def test_what_was_never_begun_can_be_given_up(
    journal: Journal, batch: Batch, tmp_path: Path
) -> None:
    run = begin(journal, tmp_path, 0)

    journal.batches.give_up(batch.number, {"error": "taken-back"})

    first, second, third = journal.batches.batch(batch.number).members
    assert (first.run, second.is_waiting, third) == (run, False, MEMBERS[2])
    assert second.error == {"error": "taken-back"}


def test_an_old_batch_goes_with_its_last_run(
    journal: Journal, batch: Batch, tmp_path: Path
) -> None:
    run = begin(journal, tmp_path, 0)
    journal.batches.give_up(batch.number, {"error": "taken-back"})
    assert journal.batches.forget_before(LATER) == ()
    journal.forget(run)
    assert journal.batches.forget_before(NOW) == ()

    assert journal.batches.forget_before(LATER) == (batch.number,)

    assert not batch.file.parent.exists()
    with pytest.raises(RunNotFound):
        journal.batches.batch(batch.number)


def test_an_old_batch_stays_while_an_account_of_it_can_be_begun(
    journal: Journal, batch: Batch
) -> None:
    assert journal.batches.waiting_before(NOW) == {}
    assert journal.batches.waiting_before(LATER) == {batch.number: 2}
    assert journal.batches.forget_before(LATER) == ()

    journal.batches.give_up(batch.number, {"error": "taken-back"})

    assert journal.batches.waiting_before(LATER) == {}
    assert journal.batches.forget_before(LATER) == (batch.number,)


def test_what_is_left_of_a_batch_that_nobody_knows_is_removed(
    journal: Journal, batch: Batch, tmp_path: Path
) -> None:
    left = tmp_path / "batches/7"
    left.mkdir()
    (left / "plans.jsonl").write_text("plans")

    journal.batches.forget_before(LATER)

    assert not left.exists()
    assert batch.file.exists()


def test_why_a_run_stopped_is_told_no_more_once_it_is_done(
    journal: Journal, batch: Batch, tmp_path: Path
) -> None:
    run = begin(journal, tmp_path, 0)
    journal.batches.failed(batch.number, 0, {"error": "step-failed"})

    journal.run(run, MEMORY_KINDS).mark(RunState.STOPPED, ended_at=NOW)
    assert journal.batches.batch(batch.number).members[0].error is not None
    journal.run(run, MEMORY_KINDS).mark(RunState.DONE, ended_at=NOW)

    assert journal.batches.batch(batch.number).members[0].error is None
