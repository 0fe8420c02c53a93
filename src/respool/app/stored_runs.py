"""A run of the state directory, held alone and on the server that it is of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from respool.app.reached import Reached
from respool.app.reaching import reach_planned
from respool.app.settings import Settings
from respool.app.state import prepare_state
from respool.app.wiring import STEP_KINDS
from respool.errors import PlanFileInvalid, RunNotFound
from respool.model.dataclasses import dataclass
from respool.planning.codec import check_plan
from respool.planning.plan import PlanHead
from respool.runs.journal import PLAN_FILE, Journal, RunJournal, RunRow
from respool.system.locks import exclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRun:
    """One run that nobody else works on, with all that is needed to go on with it."""

    journal: Journal
    run: RunJournal
    row: RunRow
    head: PlanHead
    target: Reached
    state: Path


@contextmanager
def opened_journal(settings: Settings, number: int) -> Iterator[Journal]:
    """The journal of the state directory, which must be there.

    Raises:
        RunNotFound: it is not.
    """
    if not (settings.state / "journal.db").exists():
        raise RunNotFound(
            f"there is no run {number}",
            why=f"{settings.state} has no journal",
            hint="--state DIR names another place",
        )
    journal = Journal(settings.state)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def held_run(settings: Settings, number: int) -> Iterator[HeldRun]:
    """Run ``number``, for ourselves alone; it is looked at only once it is held.

    Raises:
        RunNotFound: there is none.
        PlanFileInvalid: its plan is damaged, or is not the one that was begun.
        SurveyChanged: it was carried out on another server.
        Locked: another run works on the same account.
        TargetError: the server cannot be reached.
    """
    with opened_journal(settings, number) as journal:
        state = prepare_state(settings)
        run = journal.run(number, STEP_KINDS)
        head = _head(run)
        with reach_planned(settings, head) as target:
            target.check_is_of(number, head)
            with exclusive(target.lock_file(state, head), what=locked_text(head)):
                target.mend(state)
                row = journal.row(number)
                _check_plan(run.directory / PLAN_FILE, row)
                yield HeldRun(
                    journal=journal, run=run, row=row, head=head, target=target, state=state
                )


def locked_text(head: PlanHead) -> str:
    """What runs of this plan hold for themselves, for people."""
    return f"the account {head.request.target.address}" if head.where is None else head.where


def _head(run: RunJournal) -> PlanHead:
    try:
        return run.head()
    except OSError as error:
        raise _lost(run.number, error) from error


def _lost(number: int, error: Exception) -> PlanFileInvalid:
    return PlanFileInvalid(f"the plan of run {number} is lost", why=str(error))


def _check_plan(file: Path, row: RunRow) -> None:
    """The plan must still be the one whose digest the journal has."""
    try:
        with file.open(encoding="ascii") as lines:
            tail = check_plan((line.rstrip("\n") for line in lines), STEP_KINDS)
    except (OSError, UnicodeDecodeError) as error:
        raise _lost(row.number, error) from error
    if tail.digest != row.plan_digest:
        raise PlanFileInvalid(
            f"the plan of run {row.number} is not the one that was begun",
            why=f"its digest is {tail.digest[:16]}, the journal has {row.plan_digest[:16]}",
        )
