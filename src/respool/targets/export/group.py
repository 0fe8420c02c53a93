"""What every way of writing a group of messages has in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from respool.backups.planned_messages import PlannedMessages
from respool.errors import StepFailed
from respool.exports.written import WrittenMessage, pack
from respool.runs.actor import Note
from respool.targets.export.steps import WriteMessages


def messages_of(step: WriteMessages) -> PlannedMessages:
    """The messages of a group, to be read from the backup."""
    return PlannedMessages(place=step.source, label=step.lane, messages=step.messages)


def receipt_of(
    source: PlannedMessages, written: Sequence[WrittenMessage], more: Mapping[str, Any]
) -> Note:
    """What a step says once its group is on disk.

    It has ``lost`` (uid → what was wrong with the backup's file), ``guids`` (uid → SHA-1, for
    messages whose index did not know it) and, packed, what was written.
    """
    unknown = {message.uid for message in source.messages if message.guid is None}
    guids = {str(each.uid): each.guid for each in written if each.uid in unknown}
    sizes = {message.uid: message.size_bytes for message in source.messages}
    return {
        "written": len(written),
        "octets": sum(sizes[each.uid] for each in written),
        "lost": source.lost,
        "guids": guids,
        "entries": pack(written),
        **more,
    }


def cannot_write(place: object, error: OSError) -> StepFailed:
    """The error of a step whose target takes nothing more."""
    return StepFailed(
        f"{place} cannot be written",
        why=str(error),
        hint="make room or mend the disk; what was written so far stays",
    )
