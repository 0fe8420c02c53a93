"""What a run left in a folder, message by message, and what the folder holds now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from respool.backups.planned_messages import PlannedMessages
from respool.model.dataclasses import dataclass
from respool.model.state import UidSet
from respool.planning.appending import AppendMessages
from respool.planning.placed import as_pairs
from respool.planning.proof import ProveAppended
from respool.planning.step import PlannedMessage
from respool.planning.touched import OF_EVERYBODY_S_OWN, Held
from respool.runs.actor import RunRecord
from respool.system.imap import ImapSession
from respool.targets.imap.finding_again import found_again

Differences = Mapping[int, Mapping[str, Mapping[str, Any]]]


def left_by_run(
    session: ImapSession, record: RunRecord, lane: str, mailbox: str
) -> Iterator[Held]:
    """The messages of a lane, which is called ``mailbox`` now, by the UIDs that they have there.

    As the run's own proof found them, but for flags that were more than planned: somebody may
    have set them before it. What a step that was cut off left is looked for. The steps of a
    lane come one after the other: so do their UIDs.
    """
    proven = differences(record, lane)
    for number, step in record.steps_of_lane(lane):
        if isinstance(step, AppendMessages):
            notes = Notes(before=record.before(number), receipt=record.receipt(number))
            yield from left_by_step(session, step, notes, proven, mailbox).held


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """What the journal has of one step: before it, and its receipt (None: it never ended).

    ``was_emptied``: an undo has been at it.
    """

    before: Mapping[str, Any]
    receipt: Mapping[str, Any] | None
    was_emptied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftByStep:
    """The messages of one group, in the order of their UIDs in the folder.

    Of ``doubtful`` ones (UIDs there) nothing tells that the run brought them.
    """

    held: tuple[Held, ...] = ()
    doubtful: frozenset[int] = frozenset()


def left_by_step(
    session: ImapSession,
    step: AppendMessages,
    notes: Notes,
    proven: Differences,
    mailbox: str,
) -> LeftByStep:
    """What one step left, by its receipt, or as it is found again."""
    before, receipt = notes.before, notes.receipt
    if not before:
        return LeftByStep()
    placed: Mapping[int, int]
    doubtful: Iterable[int]
    if receipt is None:
        source = PlannedMessages(place=step.source, label=step.lane, messages=step.messages)
        found = found_again(
            session, step, before, source, mailbox=mailbox, was_emptied=notes.was_emptied
        )
        placed, doubtful, receipt = found.placed, found.doubtful, {}
    else:
        placed = as_pairs(receipt.get("placed", ()))
        doubtful = UidSet.parse(receipt.get("doubtful", "")).uids().tolist()
    left = [
        _held(message, placed[message.uid], receipt, proven.get(message.uid, {}))
        for message in step.messages
        if message.uid in placed and "missing" not in proven.get(message.uid, {})
    ]
    return LeftByStep(
        held=tuple(sorted(left, key=lambda each: each.uid)),
        doubtful=frozenset(placed[uid] for uid in doubtful if uid in placed),
    )


def held_now(session: ImapSession, count: int) -> Iterator[Held]:
    """The first ``count`` messages of the open folder, in UID order, lazily."""
    for each in session.held(count):
        yield Held(uid=each.uid, guid=each.guid, flags=each.flags or frozenset())


def differences(record: RunRecord, lane: str) -> dict[int, dict[str, Mapping[str, Any]]]:
    """What the run's own proof found otherwise than planned: UID → aspect → difference."""
    found: dict[int, dict[str, Mapping[str, Any]]] = {}
    for kind, receipt in record.receipts_of_lane(lane):
        if kind == ProveAppended.kind:
            for each in receipt.get("differs", ()):
                if each.get("uid") is not None:
                    found.setdefault(int(each["uid"]), {})[each["aspect"]] = each
    return found


def _held(
    message: PlannedMessage,
    uid: int,
    receipt: Mapping[str, Any],
    proven: Mapping[str, Mapping[str, Any]],
) -> Held:
    key = str(message.uid)
    mended = receipt.get("mended", {}).get(key, {}).get("guid")
    refused = set(receipt.get("refused_flags", {}).get(key, ()))
    flags = frozenset(message.flags) - refused
    if "flags" in proven:
        flags &= frozenset(str(proven["flags"]["found"]).split())
    # Octets that the proof found to differ are not those of the server's own GUID.
    guid = mended or message.guid or receipt.get("guids", {}).get(key)
    return Held(
        uid=uid,
        guid=None if "octets" in proven else guid,
        flags=flags - OF_EVERYBODY_S_OWN,
    )
