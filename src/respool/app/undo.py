"""Taking a run back: exactly what it added, and nothing that somebody touched since."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from respool.app.access_log import note_change, of_run
from respool.app.settings import Settings
from respool.app.stored_runs import HeldRun, held_run
from respool.errors import (
    Declined,
    EndedBySignal,
    Interrupted,
    JournalError,
    RespoolError,
    RunRefused,
)
from respool.model.dataclasses import dataclass
from respool.planning.appending import AppendMessages
from respool.planning.plan import PlanHead
from respool.planning.step import FolderStep
from respool.runs.journal import StepRow
from respool.runs.runner import Stop
from respool.runs.states import RunState, StepState
from respool.runs.undo import TakenBack, Undo
from respool.system.durable import write_durably
from respool.system.signals import undisturbed


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One mailbox of the run; ``kept`` says why it, or something in it, is left."""

    mailbox: str
    is_new: bool
    kept: str | None

    def as_json(self) -> dict[str, Any]:
        """The shape in ``undo --json``."""
        return {"mailbox": self.mailbox, "new": self.is_new, "kept": self.kept}


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoReport:
    """What was taken back of a run, and what is left; ``others`` is left beside folders."""

    run: int
    head: PlanHead
    state: RunState
    mailboxes: tuple[Taken, ...]
    others: tuple[str, ...]

    @property
    def kept(self) -> tuple[Taken, ...]:
        """The mailboxes that are left, or something in them."""
        return tuple(each for each in self.mailboxes if each.kept is not None)

    def as_json(self) -> dict[str, Any]:
        """The shape of ``undo --json``."""
        return {
            "run": self.run,
            "account": self.head.request.account.address,
            "target": self.head.target,
            "state": self.state.value,
            "mailboxes": [each.as_json() for each in self.mailboxes],
            "left_to_do": list(self.others),
        }


def _unheard(_taken: TakenBack) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoConversation:
    """How an undo speaks with whoever asked for it: as `Conversation` does."""

    agree: Callable[[int, PlanHead], bool]
    on_begin: Callable[[int, PlanHead], None]
    on_progress: Callable[[TakenBack], None] = _unheard
    stop: Stop = field(default_factory=Stop)


def undo(
    settings: Settings, number: int, conversation: UndoConversation, *, is_forced: bool = False
) -> UndoReport:
    """Take run ``number`` back; what somebody touched since is left, and said.

    ``is_forced``: folders that the run created go, though somebody touched them.

    Raises:
        RunRefused: it is undone already.
        Declined: the answer was no; nothing was changed.
        StepFailed, Interrupted: stopped part-way; the same command goes on.
        and what `held_run` raises.
    """
    with held_run(settings, number) as held:
        if held.row.state is RunState.UNDONE:
            raise RunRefused(f"run {number} is undone already", hint="respool runs")
        if not conversation.agree(number, held.head):
            raise Declined("the answer was no")
        note_change(settings, of_run("undo", number, held.head))
        held.run.mark(RunState.UNDOING, ended_at=None)
        conversation.on_begin(number, held.head)
        _take_back(held, conversation, is_forced=is_forced)
        report = _report(held)
        _keep(held.run.directory / "undo.json", report)
        held.run.mark(report.state, ended_at=datetime.now(UTC))
    return report


def _take_back(held: HeldRun, conversation: UndoConversation, *, is_forced: bool) -> None:
    work = Undo(
        journal=held.run,
        actors=held.target.actors(held.run),
        stop=conversation.stop,
        is_forced=is_forced,
        on_progress=conversation.on_progress,
    )
    try:
        work.run()
    except BaseException as error:
        with undisturbed():
            told = _told(error, held)
        raise told from error
    lock = held.target.lock_file(held.state, held.head)
    held.target.settle(held.state, held.journal, lock)


def _told(error: BaseException, held: HeldRun) -> BaseException:
    number = held.run.number
    if isinstance(error, KeyboardInterrupt | EndedBySignal):
        error = Interrupted(f"taking run {number} back was stopped at once", why="asked for twice")
    if isinstance(error, RespoolError):
        error.changed = f"RUN {number} IS PARTLY TAKEN BACK; nothing else that is live was changed"
        error.hint = "; ".join(filter(None, (error.hint, f"`respool undo {number}` goes on")))
    return error


def _report(held: HeldRun) -> UndoReport:
    run = held.run
    rows = run.rows()
    kept = {row.number: _why(row) for row in rows if row.state is StepState.KEPT}
    begun = {row.number for row in rows if row.state is not StepState.WAITING}
    folders: dict[str, Taken] = {}
    for row in rows:
        is_of_folder = issubclass(run.kinds[row.kind], FolderStep)
        step = run.step(row.number) if is_of_folder and row.number in begun else None
        if isinstance(step, FolderStep):
            folders[step.mailbox] = Taken(
                mailbox=step.mailbox, is_new=step.makes_it, kept=kept.get(row.number)
            )
    for row in rows:  # what was added to a live folder stays or goes message by message
        if row.kind == AppendMessages.kind and row.number in begun:
            folders.setdefault(row.lane, Taken(mailbox=row.lane, is_new=False, kept=None))
        taken = folders.get(row.lane)
        if taken is not None and taken.kept is None:
            folders[row.lane] = replace(taken, kept=kept.get(row.number))
    said = {each.kept for each in folders.values()}
    others = dict.fromkeys(why for why in kept.values() if why not in said)
    return UndoReport(
        run=run.number,
        head=held.head,
        state=RunState.PARTLY_UNDONE if kept else RunState.UNDONE,
        mailboxes=tuple(folders.values()),
        others=tuple(others),
    )


def _why(row: StepRow) -> str:
    return str((row.error or {}).get("kept", "kept"))


def _keep(file: Path, report: UndoReport) -> None:
    text = json.dumps(report.as_json(), ensure_ascii=False, indent=2) + "\n"
    try:
        write_durably(file, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise JournalError(
            f"{file} cannot be written", why=str(error), hint=f"`respool undo {report.run}` again"
        ) from error
