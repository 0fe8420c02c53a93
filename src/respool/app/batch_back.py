"""Taking a batch back, and reading it back: run by run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from respool.app.batch import held_batch
from respool.app.batch_report import (
    BatchReport,
    MemberOutcome,
    failure_of,
    outcome_of,
    told,
    without_run,
)
from respool.app.settings import Settings
from respool.app.state import prepare_state
from respool.app.stored_runs import opened_journal
from respool.app.undo import UndoConversation, UndoReport, undo
from respool.app.verify import verify
from respool.errors import Declined, Interrupted
from respool.model.dataclasses import dataclass
from respool.runs.batches import Batch
from respool.runs.states import RunState

_GIVEN_UP = {
    "error": "taken-back",
    "what": "it was never begun, and the batch was taken back",
    "why": None,
    "hint": None,
    "exit_status": 12,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberUndo:
    """One account of a batch that is taken back; None of both: its run was undone before."""

    account: str
    run: int
    report: UndoReport | None = None
    failure: Mapping[str, Any] | None = None

    @property
    def is_as_before(self) -> bool:
        """Whether nothing of it is left."""
        if self.report is None:
            return self.failure is None
        return self.report.state is RunState.UNDONE

    def as_json(self) -> dict[str, Any]:
        """The shape in ``accounts`` of ``undo batch:N --json``."""
        return {
            "account": self.account,
            "run": self.run,
            "undo": None if self.report is None else self.report.as_json(),
            "error": None if self.failure is None else dict(self.failure),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchUndo:
    """What was taken back of each account of a batch that had begun, the last one first."""

    batch: int
    accounts: tuple[MemberUndo, ...]

    @property
    def exit_status(self) -> int:
        """0 all is as before, 21 something is left."""
        return 0 if all(each.is_as_before for each in self.accounts) else 21

    def as_json(self) -> dict[str, Any]:
        """The shape of ``undo batch:N --json``."""
        return {"batch": self.batch, "accounts": [each.as_json() for each in self.accounts]}


def undo_batch(
    settings: Settings,
    number: int,
    agree: Callable[[Batch], bool],
    conversation: UndoConversation,
    *,
    is_forced: bool = False,
) -> BatchUndo:
    """Take every run of a batch back; one that cannot be does not stop the others.

    What was never begun never will be.

    Raises:
        RunNotFound: there is no such batch.
        Declined: the answer was no; nothing was changed.
        Interrupted: a stop was asked for; the same command goes on.
    """
    state = prepare_state(settings)
    with opened_journal(settings, number) as journal:
        batch = journal.batches.batch(number)
        if not agree(batch):
            raise Declined("the answer was no")
        with held_batch(state, number):
            batch = journal.batches.batch(number)  # another command may have gone on with it
            journal.batches.give_up(number, _GIVEN_UP)
            alone = replace(conversation, agree=lambda _run, _head: True)
            begun = [(each.account, each.run) for each in batch.members if each.run is not None]
            taken = []
            for account, run in reversed(begun):
                if journal.row(run).state is RunState.UNDONE:
                    taken.append(MemberUndo(account=account, run=run))
                    continue
                try:
                    taken.append(_taken(settings, account, run, alone, is_forced=is_forced))
                except Interrupted as error:
                    error.hint = f"`respool undo batch:{number}` goes on"
                    raise
    return BatchUndo(batch=number, accounts=tuple(taken))


def verify_batch(settings: Settings, number: int) -> BatchReport:
    """Read back every run of a batch that has ended.

    Raises:
        RunNotFound: there is no such batch.
    """
    with opened_journal(settings, number) as journal:
        batch = journal.batches.batch(number)
    return BatchReport(
        batch=number,
        accounts=tuple(
            without_run(each) if each.run is None else _verified(settings, each.account, each.run)
            for each in batch.members
        ),
    )


def _taken(
    settings: Settings, account: str, run: int, alone: UndoConversation, *, is_forced: bool
) -> MemberUndo:
    try:
        report = undo(settings, run, alone, is_forced=is_forced)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - no account stops the others
        return MemberUndo(account=account, run=run, failure=told(error))
    return MemberUndo(account=account, run=run, report=report)


def _verified(settings: Settings, account: str, run: int) -> MemberOutcome:
    try:
        _, file = verify(settings, run)
        return outcome_of(account, run, file.with_suffix(".json"), is_looked_at_again=True)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001 - no account stops the others
        return failure_of(account, error, run)
