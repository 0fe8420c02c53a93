"""Comparing a group of messages of an export with the plan: by any process, values in and out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from datetime import timedelta
from typing import Any, Final

from respool.errors import BackupError, FormatError
from respool.exports.manifest_head import ExportForm
from respool.exports.written import WrittenMessage, unpack
from respool.exports.zip_records import Member
from respool.model.dataclasses import dataclass
from respool.model.messages import ReadBack
from respool.planning.proof import ProveExport
from respool.planning.step import PlannedMessage
from respool.verification.compare import compare_message
from respool.verification.exported_files import FoundMessage, Group, opened_folder
from respool.verification.exported_manifest import RowsBlock, rows_block

MOST_DIFFERENCES: Final = 1000  # kept one by one; more are counted

Difference = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTask:
    """A group to be read back: what was planned, what was written (packed), where it stands.

    ``members`` are those of a zip, one for each. ``is_listed``: the manifest has the messages
    as planned, and so the flags of a form whose files have none.
    """

    step: ProveExport
    messages: tuple[PlannedMessage, ...]
    entries: str
    members: Sequence[Member] = ()
    is_listed: bool = True

    def group(self) -> Group:
        """Each message that was written, with the SHA-1 that it was found to have."""
        planned = {message.uid: message for message in self.messages}
        found = []
        for each in unpack(self.entries):
            message = planned[each.uid]
            if message.guid != each.guid:
                message = message._replace(guid=each.guid)
            found.append((message, each))
        return found


@dataclass(slots=True, kw_only=True)
class GroupResult:
    """What was found: counts, the differences of each message that has some, and its rows.

    ``unreadable`` says why the folder could not be read.
    """

    expected: int
    proven: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    differs: list[list[Difference]] = field(default_factory=list)
    rows: RowsBlock
    unreadable: str | None = None


def compare_group(task: GroupTask) -> GroupResult:
    """Read a group back and compare; whatever is wrong is a value."""
    step, group = task.step, task.group()
    result = GroupResult(
        expected=len(group), rows=rows_block(group, has_place=step.form is ExportForm.MBOX)
    )
    try:
        with opened_folder(step, task.members) as reading:
            for (message, written), there in zip(group, reading.read(group), strict=True):
                if there is not None and _is_as_planned(message, written, there, task):
                    result.proven += 1
                else:
                    _note(result, message, written, there, task)
    except (BackupError, FormatError, OSError) as error:
        result.unreadable = why_unreadable(error)
    return result


def why_unreadable(error: Exception) -> str:
    """What is told of a folder that cannot be read."""
    why = getattr(error, "why", None)
    return str(error) if why is None else f"{error}: {why}"


def _is_as_planned(
    message: PlannedMessage, written: WrittenMessage, there: FoundMessage, task: GroupTask
) -> bool:
    """Whether no difference can be found; of a million messages each is asked."""
    if there.flags is None:
        has_flags = task.is_listed
    else:
        has_flags = there.flags == _kept_flags(message, task.step)
    return (
        has_flags
        and there.sha256 == written.sha256
        and there.guid == message.guid
        and there.size_bytes == message.size_bytes
        and there.seconds == message.internaldate
    )


def _note(
    result: GroupResult,
    message: PlannedMessage,
    written: WrittenMessage,
    there: FoundMessage | None,
    task: GroupTask,
) -> None:
    kept = message
    if task.step.form is ExportForm.MAILDIR:
        flags = _kept_flags(message, task.step)
        kept = message._replace(flags=tuple(each for each in message.flags if each in flags))
    found = None if there is None else _as_read(kept, written, there, task)
    differences = compare_message(kept, found, is_seen_known=True)
    result.proven += not differences
    result.counts.update(each.aspect for each in differences)
    if differences and len(result.differs) < MOST_DIFFERENCES:
        result.differs.append([asdict(each) for each in differences])


def _kept_flags(message: PlannedMessage, step: ProveExport) -> frozenset[str]:
    """As a Maildir can hold them: keywords that have no letter stand beside it."""
    return frozenset(each for each in message.flags if each[:1] == "\\" or each in step.keywords)


def _as_read(
    message: PlannedMessage, written: WrittenMessage, there: FoundMessage, task: GroupTask
) -> ReadBack:
    r"""What was found, as messages of any target are compared; no ``\Recent`` is in files."""
    flags = there.flags
    if flags is None:
        flags = frozenset(message.flags) if task.is_listed else frozenset()
    internaldate = there.internaldate
    late = message.internaldate - int(internaldate.timestamp())
    if not task.step.has_exact_times and late == 1:
        internaldate += timedelta(seconds=late)
    return ReadBack(
        uid=message.uid,
        flags=flags,
        internaldate=internaldate,
        size_bytes=there.size_bytes,
        guid=there.guid if there.sha256 == written.sha256 else f"{there.guid}, altered",
    )
