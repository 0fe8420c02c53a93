"""An undo on the screen: what will go, what went, what is left and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from respool.cli.output import shown_count
from respool.cli.state_text import flags_undo_text
from respool.runs.states import RunState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from respool.app.due import Due
    from respool.app.undo import UndoReport
    from respool.planning.plan import PlanHead

_INCOMPLETE = 21


def undo_text(run: int, head: PlanHead, *, is_forced: bool) -> str:
    """What an undo is about to do, before it asks."""
    if head.request.state_only is not None:
        return flags_undo_text(run, head)
    where = "put where it was" if head.request.is_in_place else head.into
    count = shown_count(head.messages)
    left = (
        "Folders that the run created go even where somebody touched them."
        if is_forced
        else "What somebody touched since is left."
    )
    return "\n".join(
        (
            f"UNDO of run {run}: {count} messages of {head.request.account.address}, {where}",
            f"  in the mailbox of {head.request.target.address}, {head.target}",
            f"  {left}",
            "  Nothing that was there before the run is touched.",
        )
    )


def undo_question(run: int, head: PlanHead) -> str:
    """What is asked before anything is removed."""
    if head.request.state_only is not None:
        return f"Put the flags that run {run} changed back as they were?"
    return f"Take run {run} back out of the mailbox of {head.request.target.address}?"


def undo_screen(report: UndoReport) -> str:
    """What went and what is left."""
    gone = len(report.mailboxes) - len(report.kept)
    state = report.state.value.upper()
    lines = [f"RUN {report.run}  {state}: {_folders(gone)} as before it"]
    lines += [f"  LEFT: {each.mailbox}: {each.kept}" for each in report.kept]
    lines += [f"  Left for you: {each}" for each in report.others]
    if any(each.is_new for each in report.kept):
        lines.append(f"  Remove the new folders all the same: respool undo {report.run} --force")
    return "\n".join(lines)


def due_screen(every: Sequence[Due]) -> str:
    """What became of each run that was due."""
    lines = [
        undo_screen(each.report)
        if each.report is not None
        else f"RUN {each.run}  NOT TAKEN BACK: {each.failure}"
        for each in every
    ]
    return "\n".join(lines) or "no run is due"


def due_status(every: Sequence[Due]) -> int:
    """0 all that was due is as before, 21 something is left."""
    states = [each.report is not None and undo_status(each.report) == 0 for each in every]
    return 0 if all(states) else _INCOMPLETE


def undo_status(report: UndoReport) -> int:
    """0 all is as before, 21 something is left."""
    return 0 if report.state is RunState.UNDONE else _INCOMPLETE


def _folders(count: int) -> str:
    return "1 folder is" if count == 1 else f"{count} folders are"
