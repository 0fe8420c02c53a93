"""Restoring many accounts: one plan, one question, one report; each becomes a run of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from respool.app.batch_plan import BatchPlan, NoWish, copy_section, plan_of_file
from respool.app.batch_planning import OnPlanned, plan_batch
from respool.app.batch_report import (
    BatchReport,
    MemberOutcome,
    failure_of,
    idle,
    outcome_of,
    told,
    without_run,
)
from respool.app.carrying_out import Conversation
from respool.app.errand import Errand, head_of
from respool.app.plan_file import checked_tail
from respool.app.prune import RUNS
from respool.app.reaching import Reaching
from respool.app.rehearsing import end_rehearsal
from respool.app.resume import resume
from respool.app.settings import Settings
from respool.app.state import check_not_inside, prepare_state
from respool.app.stored_runs import opened_journal
from respool.app.waiting_plan import waiting_plan
from respool.app.wish import Wish
from respool.errors import Declined, Interrupted, PlanFileInvalid, RunRefused
from respool.model.dataclasses import dataclass
from respool.runs.batches import Batch, Member
from respool.runs.journal import Journal
from respool.runs.states import TAKEN_BACK, RunState
from respool.system.locks import exclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchConversation:
    """How a restore of many accounts speaks with whoever asked for it.

    ``on_planned`` is told each account as it is planned; ``agree`` is shown them all and
    says whether to go on; ``on_member`` is told each before it begins (which of how many),
    ``alone`` is the conversation about the one that works.
    """

    on_planned: OnPlanned
    agree: Callable[[BatchPlan], bool]
    on_member: Callable[[str, int, int], None]
    alone: Conversation


def restore_batch(
    settings: Settings, wishes: Sequence[Wish | NoWish], conversation: BatchConversation
) -> BatchReport:
    """Restore what is wished for many accounts; one that fails does not stop the others.

    Raises:
        PlanRefused, Declined: nothing was changed.
        Interrupted: a stop was asked for; ``hint`` says how to go on.
    """
    state = prepare_state(settings)
    with waiting_plan(state) as file, Reaching(settings) as reaching:
        plan = plan_batch(wishes, reaching, file, state, conversation.on_planned)
        work = _Work(settings=settings, state=state, reaching=reaching, conversation=conversation)
        return work.begin(plan, file)


def restore_batch_plan(
    settings: Settings, plan_file: Path, conversation: BatchConversation
) -> BatchReport:
    """Carry out exactly the plans in ``plan_file``, each if it still holds.

    Raises:
        PlanFileInvalid, Declined: nothing was changed.
        Interrupted: as `restore_batch`.
    """
    state = prepare_state(settings)
    with waiting_plan(state) as file, Reaching(settings) as reaching:
        try:
            shutil.copyfile(plan_file, file)
        except OSError as error:
            raise PlanFileInvalid(f"{plan_file} cannot be read", why=str(error)) from error
        file.chmod(0o600)
        work = _Work(settings=settings, state=state, reaching=reaching, conversation=conversation)
        return work.begin(plan_of_file(file), file, is_from_outside=True)


def save_batch_plan(
    settings: Settings, wishes: Sequence[Wish | NoWish], out: Path | None, on_planned: OnPlanned
) -> BatchPlan:
    """Plan many accounts into ``out``, where one is named. Changes nothing.

    Raises:
        PlanRefused, UsageError: as `plan_batch`.
    """
    if out is not None:
        check_not_inside(out, settings, what="the plan")
    state = prepare_state(settings)
    with waiting_plan(state) as file, Reaching(settings) as reaching:
        return plan_batch(wishes, reaching, out or file, state, on_planned)


@contextmanager
def batch_plan_lines(
    settings: Settings, wishes: Sequence[Wish | NoWish]
) -> Iterator[tuple[BatchPlan, Iterator[str]]]:
    """The plan of many accounts, and the lines of it as of its file, for a program.

    Raises:
        PlanRefused: as `plan_batch`.
    """
    state = prepare_state(settings)
    with waiting_plan(state) as file, Reaching(settings) as reaching:
        plan = plan_batch(wishes, reaching, file, state, lambda _member, _head: None)
        with file.open(encoding="ascii") as lines:
            yield plan, (line.rstrip("\n") for line in lines)


def resume_batch(settings: Settings, number: int, conversation: BatchConversation) -> BatchReport:
    """Do what a batch has not done yet: runs that stopped, and accounts never begun.

    Raises:
        RunNotFound: there is no such batch.
        Interrupted: as `restore_batch`.
    """
    state = prepare_state(settings)
    with opened_journal(settings, number) as journal:
        journal.batches.batch(number)
    with Reaching(settings) as reaching:
        work = _Work(settings=settings, state=state, reaching=reaching, conversation=conversation)
        return work.carry_out(number, is_from_outside=True)  # who knows where its plans are from


@contextmanager
def held_batch(state: Path, number: int) -> Iterator[None]:
    """A batch for ourselves alone, for the length of a block.

    Raises:
        Locked: another command works on it.
    """
    with exclusive(state / "locks" / f"batch-{number}", what=f"batch {number}"):
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    settings: Settings
    state: Path
    reaching: Reaching
    conversation: BatchConversation

    def begin(self, plan: BatchPlan, file: Path, *, is_from_outside: bool = False) -> BatchReport:
        if not plan.planned and not plan.failed:
            return BatchReport(batch=None, accounts=tuple(idle(e.account) for e in plan.idle))
        if not self.conversation.agree(plan):
            raise Declined("the answer was no")
        journal = Journal(self.state)
        try:
            batch = journal.batches.begin(file, plan.as_members(), now=datetime.now(UTC))
        finally:
            journal.close()
        return self.carry_out(batch.number, is_from_outside=is_from_outside)

    def carry_out(self, number: int, *, is_from_outside: bool) -> BatchReport:
        """Every member in order, as far as each can go; as they stand once it is ours alone."""
        with held_batch(self.state, number):
            batch = self._batch(number)
            done: list[MemberOutcome] = []
            for member in batch.members:
                self.conversation.on_member(member.account, member.number + 1, len(batch.members))
                try:
                    outcome = self._one(batch, member, is_from_outside=is_from_outside)
                except Interrupted as error:
                    raise _stopped(batch.number, error) from error
                except Exception as error:  # noqa: BLE001 - no account stops the others
                    outcome = self._failed(batch.number, member, error)
                done.append(outcome)
        return BatchReport(batch=batch.number, accounts=tuple(done))

    def _one(self, batch: Batch, member: Member, *, is_from_outside: bool) -> MemberOutcome:
        if member.run is None and member.plan is None:
            return without_run(member)
        if self.conversation.alone.stop.wish.is_set():
            raise Interrupted(f"batch {batch.number} was stopped between two accounts")
        if member.run is not None:
            return self._gone_on(member.account, member.run)
        number = self._begun(batch, member, is_from_outside=is_from_outside)
        return outcome_of(member.account, number, self._receipt(number))

    def _begun(self, batch: Batch, member: Member, *, is_from_outside: bool) -> int:
        assert member.plan is not None  # noqa: S101 - `_one` saw to it
        with waiting_plan(self.state) as file:
            copy_section(batch.file, member.plan, file)
            tail = checked_tail(file)
            with self.reaching.planned(head_of(file)) as target:
                target.mend(self.state)
                if is_from_outside:
                    target.check_honesty(self.settings, file)
                errand = Errand(
                    settings=self.settings,
                    state=self.state,
                    target=target,
                    file=file,
                    tail=tail,
                    member=(batch.number, member.number),
                )
                receipt = errand.carry_out(self.conversation.alone)
        end_rehearsal(self.settings, receipt, self.conversation.alone.stop)
        return receipt.run

    def _gone_on(self, account: str, run: int) -> MemberOutcome:
        with opened_journal(self.settings, run) as journal:
            run_state = journal.row(run).state
        if run_state in TAKEN_BACK:
            raise RunRefused(f"run {run} is {run_state}", hint=f"respool runs show {run}")
        if run_state is not RunState.DONE:
            resume(self.settings, run, self.conversation.alone)
        return outcome_of(account, run, self._receipt(run))

    def _batch(self, number: int) -> Batch:
        with opened_journal(self.settings, number) as journal:
            return journal.batches.batch(number)

    def _receipt(self, run: int) -> Path:
        return self.state / RUNS / str(run) / "receipt.json"

    def _failed(self, number: int, member: Member, error: Exception) -> MemberOutcome:
        journal = Journal(self.state)
        try:
            journal.batches.failed(number, member.number, told(error))
            members = {each.number: each for each in journal.batches.batch(number).members}
            run = members[member.number].run if member.number in members else None
        finally:
            journal.close()
        return failure_of(member.account, error, run)


def _stopped(number: int, error: Interrupted) -> Interrupted:
    stopped = Interrupted(
        f"batch {number} was stopped",
        why=error.what,
        hint=f"`respool resume batch:{number}` goes on, `respool undo batch:{number}`"
        " takes it back",
    )
    stopped.changed = error.changed or f"BATCH {number} IS PARTLY DONE"
    return stopped
