"""What a run that stopped part-way has added, in one sentence: an error says it first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from respool.app.raised_quotas import raised_limits
from respool.app.where import TargetKind
from respool.finishing.steps import FINISHING_KINDS, CreateMailshare
from respool.planning.appending import AppendMessages
from respool.planning.plan import PlanHead
from respool.runs.journal import RunJournal, StepRow
from respool.runs.states import StepState
from respool.targets.spool.steps import (
    CopyMessages,
    CreateAccount,
    CreateMailbox,
    GiveRights,
    WriteIndex,
)
from respool.targets.state.steps import StoreFlags

_NOT_IN_EFFECT: Final = frozenset({StepState.WAITING, StepState.UNDONE})


def what_changed(run: RunJournal) -> str:
    """What was added, for people; that nothing was, where no step took effect."""
    if run.head().target_kind == TargetKind.STATE:
        return _flags_changed(run)
    added = "; ".join(_added(run))
    flagged = {row.lane for row in _begun(run.rows(), StoreFlags.kind)}
    if flagged:
        said = f"of messages in {len(flagged)} folders" + (f"; {added}" if added else "")
        return f"ONLY FLAGS THAT WERE LIVE WERE CHANGED, {said} (run {run.number})"
    if not added:
        return "NOTHING WAS CHANGED"
    kept = "NO MESSAGE" if run.head().request.is_in_place else "NOTHING"
    return f"{kept} THAT WAS LIVE WAS CHANGED; {added} (run {run.number})"


def _flags_changed(run: RunJournal) -> str:
    """Of a run that puts flags back: of which folders some may have been."""
    begun = {row.lane for row in run.rows() if row.state not in _NOT_IN_EFFECT}
    if not begun:
        return "NOTHING WAS CHANGED"
    return (
        f"FLAGS OF LIVE MESSAGES WERE CHANGED in {len(begun)} of"
        f" {sum(each.messages > 0 for each in run.head().mailboxes)} folders, nothing else"
        f" (run {run.number})"
    )


def _added(run: RunJournal) -> Iterator[str]:
    head, rows = run.head(), run.rows()
    if head.target_kind != TargetKind.SPOOL:
        yield from _elsewhere(head, rows)
        return
    for row in (*_begun(rows, CreateAccount.kind), *_begun(rows, CreateMailshare.kind)):
        was = "was" if row.state is StepState.DONE else "may have been"
        yield f"the account {head.request.target.address} {was} created"
    yield from _folders(head, rows)
    for raised in raised_limits(run):
        yield f"the {raised.resource} limit of {raised.root} is raised"


def _elsewhere(head: PlanHead, rows: Sequence[StepRow]) -> Iterator[str]:
    """At another server, or in files: what was begun there."""
    what = head.into if head.target_kind == TargetKind.IMAP else head.where
    if rows and all(row.state is StepState.DONE for row in rows):
        yield f"{what} is whole"
    elif any(row.state not in _NOT_IN_EFFECT for row in rows):
        yield f"{what} was begun, and is not whole"


def _folders(head: PlanHead, rows: Sequence[StepRow]) -> Iterator[str]:
    begun = _begun(rows, CreateMailbox.kind)
    adopted = frozenset(each.target_name for each in head.mailboxes if not each.is_new)
    yield from _in_place(rows, adopted)
    yield from _added_to(rows)
    if not begun:
        return
    name = "new folders" if head.request.is_in_place else f"the new folder {head.into}"
    if all(row.state is not StepState.DONE for row in begun):
        yield f"{name} may stand there, empty"
        return
    was, is_ = ("were", "are") if head.request.is_in_place else ("was", "is")
    if all(row.state is StepState.DONE for row in rows if row.kind not in FINISHING_KINDS):
        is_told = all(row.state is StepState.DONE for row in rows)
        but = "" if is_told else ", BlueMind was not told of all"
        yield f"{name} {is_} whole and in sight of the owner{but}"
        return
    shown = "partly in sight of" if _begun(rows, GiveRights.kind) else "hidden from"
    yield f"{name} {was} begun and {is_} {shown} the owner"


def _in_place(rows: Sequence[StepRow], adopted: frozenset[str]) -> Iterator[str]:
    writing = [row for row in _begun(rows, WriteIndex.kind) if row.lane in adopted]
    filled = {row.lane for row in writing if row.state is StepState.DONE}
    copying = {row.lane for row in _begun(rows, CopyMessages.kind) if row.lane in adopted}
    if filled:
        yield f"{_folders_were(len(filled))} filled in place"
    if copying - filled:
        yield (
            f"{_folders_were(len(copying - filled))} begun: copies wait there under names that no"
            " mail program sees"
        )


def _added_to(rows: Sequence[StepRow]) -> Iterator[str]:
    lanes = {row.lane for row in _begun(rows, AppendMessages.kind)}
    if lanes:
        yield f"{_folders_were(len(lanes))} added to"


def _folders_were(count: int) -> str:
    return "1 folder was" if count == 1 else f"{count} folders were"


def _begun(rows: Sequence[StepRow], kind: str) -> list[StepRow]:
    return [row for row in rows if row.kind == kind and row.state not in _NOT_IN_EFFECT]
