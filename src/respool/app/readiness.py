"""May a run that stopped go on? All that speaks against it, found before it changes anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from respool.app.settings import Settings
from respool.app.source_now import left_reasons
from respool.app.target_account import survey_target
from respool.app.unchanged import selected
from respool.errors import NotReady
from respool.finishing.steps import CreateMailshare, Repair, SaveRights
from respool.model.dataclasses import dataclass
from respool.planning.appending import AppendMessages
from respool.planning.finishing import RIGHTS_BY_REPAIR
from respool.planning.load import Load, total
from respool.planning.source_place import SourcePlace
from respool.planning.step import MessageStep, Step
from respool.planning.wanted_files import WantedFiles
from respool.runs.journal import RunJournal, StepRow
from respool.runs.states import StepState
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.recheck import WrittenRights, recheck_left
from respool.targets.spool.steps import (
    CopyMessages,
    CreateAccount,
    CreateMailbox,
    GiveRights,
    WriteIndex,
)
from respool.targets.spool.surveyor import partition_of

_MAKING = (CreateAccount.kind, CreateMailshare.kind)
_WRITING_RIGHTS = (CreateMailshare.kind, Repair.kind, SaveRights.kind)
_READING = (AppendMessages.kind, CopyMessages.kind, CreateMailbox.kind, WriteIndex.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a run has still to add to each folder, and the places that it still reads.

    ``sources`` has the files that are still to be copied of each, maybe none.
    """

    loads: Mapping[str, Load]
    sources: Mapping[SourcePlace, WantedFiles]


def check_ready(settings: Settings, run: RunJournal, server: CyrusServer) -> None:
    """Look whether ``run`` may go on: to be called under the account's lock, before it does.

    Looked at are the account (there, the same one, its rights and layout as planned), whether
    we may write, the server's services, room and quota for what is still left, and whether
    what the backup has of that is still there. Changes nothing.

    Raises:
        NotReady: with every reason at once.
        AccountNotOnServer, NotPermitted: nothing else can be looked at then.
    """
    head, left = run.head(), left_of(run)
    survey = survey_target(head.request, lambda: selected(settings, head), server, settings.state)
    against = recheck_left(
        head,
        survey,
        left.loads,
        is_account_whole=is_account_whole(run.rows()),
        written=WrittenRights(to_give=_to_give(run)) if _has_bluemind_written(run) else None,
        is_place_of_others=_has_bluemind_placed(run, server, survey.partition),
    )
    reasons = (*against, *left_reasons(left.sources))
    if reasons:
        raise NotReady(
            f"run {run.number} cannot go on as things are now",
            reasons,
            hint="mend that and go on, or take the run back",
        )


def is_account_whole(rows: Iterable[StepRow]) -> bool:
    """Whether no step is left that makes the account, and sets its rights when it is made."""
    return all(row.state is StepState.DONE for row in rows if row.kind in _MAKING)


def _has_bluemind_written(run: RunJournal) -> bool:
    """Whether a step was begun that has it make rights of its own sharings, INBOX's too.

    One of this run, or of another one into the same account since this one was begun.
    """
    rows = (row for row in run.rows() if row.kind in _WRITING_RIGHTS)
    if any(row.state is not StepState.WAITING for row in rows):
        return True
    return any(may_have_written(*each) for each in run.others.begun_since(_WRITING_RIGHTS))


def may_have_written(kind: str, receipt: Mapping[str, Any] | None) -> bool:
    """Whether a step of another run wrote rights; ``receipt`` None: it was cut off."""
    if receipt is None:
        return True
    is_of_rights = kind != Repair.kind or receipt.get("operation") == RIGHTS_BY_REPAIR
    return is_of_rights and "skipped" not in receipt


def _to_give(run: RunJournal) -> dict[str, Mapping[str, str]]:
    """The rights that folders are still to get, by folder."""
    rows = (row for row in run.rows() if row.kind == GiveRights.kind)
    left = (run.step(row.number) for row in rows if row.state is not StepState.DONE)
    return {each.mailbox: each.rights for each in left if isinstance(each, GiveRights)}


def _has_bluemind_placed(run: RunJournal, server: CyrusServer, partition: str) -> bool:
    """Whether it was BlueMind that chose ``partition`` for a mailshare that the run had made.

    Where it chose while the run was cut off, nobody has noted which one it was.
    """
    for row in run.rows():
        if row.kind == CreateMailshare.kind and row.state is not StepState.WAITING:
            noted = (run.receipt(row.number) or {}).get("data")
            if row.state is not StepState.DONE:
                return True
            roots = server.configuration.roots("")
            return noted is not None and partition_of(Path(noted), roots) == partition
    return False


def left_of(run: RunJournal) -> Left:
    """What the steps that are not done will add; a group that was cut off counts as a whole.

    Not one that was being appended: what is there of it counts as used already, and what is
    too much the server refuses, message by message, with no harm done.
    """
    rows = [row for row in run.rows() if row.state is not StepState.DONE]
    sources: dict[SourcePlace, WantedFiles] = {}
    loads: dict[str, Load] = {}
    for row in rows:  # one at a time: together they may have a million messages
        step = run.step(row.number) if row.kind in _READING else None
        if isinstance(step, CopyMessages | AppendMessages):
            sources.setdefault(step.source, WantedFiles()).add(step.messages)
        elif isinstance(step, WriteIndex):
            sources.setdefault(step.source, WantedFiles())
        if step is not None and not _is_partly_there(row):
            name, load = _load(step)
            loads[name] = total((loads.get(name, total(())), load))
    return Left(loads=loads, sources=sources)


def _is_partly_there(row: StepRow) -> bool:
    return row.kind == AppendMessages.kind and row.state is not StepState.WAITING


def _load(step: Step) -> tuple[str, Load]:
    """What a step adds, and to which folder."""
    messages = step.messages if isinstance(step, MessageStep) else ()
    keeps = isinstance(step, CopyMessages) and step.keeps_archive
    archived = [each.size_bytes for each in messages if keeps and each.is_archived]
    load = Load(
        messages=len(messages),
        size_bytes=sum(each.size_bytes for each in messages),
        mailboxes=int(isinstance(step, CreateMailbox)),
        archived=len(archived),
        archived_bytes=sum(archived),
    )
    return (step.mailbox if isinstance(step, CreateMailbox) else step.lane), load
