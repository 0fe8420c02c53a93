"""What a run left in a mailbox, and what the mailbox holds now, message by message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from respool.planning.proof import ProveMailbox
from respool.planning.step import MessageStep, PlannedMessage
from respool.planning.touched import OF_EVERYBODY_S_OWN, Held
from respool.runs.actor import RunRecord
from respool.system.imap import ImapSession


def left_by_run(record: RunRecord, lane: str) -> Iterator[Held]:
    """The messages of a lane as the run's own proof found them, in UID order, lazily.

    What the backup had lost, and what the proof missed, was not left.
    """
    proven = _differences(record, lane)
    for number, step in record.steps_of_lane(lane):
        if isinstance(step, MessageStep):
            receipt = record.receipt(number) or {}
            lost, guids = receipt.get("lost", {}), receipt.get("guids", {})
            for message in step.messages:
                found = proven.get(message.uid, {})
                if str(message.uid) not in lost and "missing" not in found:
                    yield _as_found(message, guids.get(str(message.uid)), found)


def held_now(session: ImapSession, count: int) -> Iterator[Held]:
    """The first ``count`` messages of the open mailbox, in UID order, lazily."""
    for each in session.held(count):
        yield Held(uid=each.uid, guid=each.guid, flags=each.flags or frozenset())


def _as_found(
    message: PlannedMessage, guid: str | None, proven: Mapping[str, Mapping[str, Any]]
) -> Held:
    flags = frozenset(message.flags)
    if "flags" in proven:
        flags = frozenset(str(proven["flags"]["found"]).split())
    # Octets that the proof found to differ are not those of the index's own GUID.
    return Held(
        uid=message.uid,
        guid=None if "octets" in proven else message.guid or guid,
        flags=flags - OF_EVERYBODY_S_OWN,
    )


def _differences(record: RunRecord, lane: str) -> dict[int, dict[str, Mapping[str, Any]]]:
    """What the run's own proof found otherwise than planned: UID → aspect → difference."""
    found: dict[int, dict[str, Mapping[str, Any]]] = {}
    for kind, receipt in record.receipts_of_lane(lane):
        if kind == ProveMailbox.kind:
            for each in receipt.get("differs", ()):
                if each.get("uid") is not None:
                    found.setdefault(int(each["uid"]), {})[each["aspect"]] = each
    return found
