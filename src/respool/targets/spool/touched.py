r"""Did somebody touch what a run left in a mailbox? Values in, counts and UIDs out.

Touched is a message whose flags, but for ``\Seen`` and ``\Recent``, or whose octets are
not those that the run left; one that is gone; and one that the run did not bring.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from respool.model.messages import DELETED, RECENT, SEEN
from respool.planning.proof import ProveMailbox
from respool.planning.step import MessageStep, PlannedMessage
from respool.runs.actor import RunRecord
from respool.system.imap import ImapSession

_OF_EVERYBODY_S_OWN: Final = frozenset({SEEN, RECENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One message of a mailbox; ``guid`` None where nobody knows it."""

    uid: int
    guid: str | None
    flags: frozenset[str]


def _uids() -> array[int]:
    return array("I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What became of the messages that a run left, by UID, ascending.

    ``untouched`` are as they were left, ``changed`` are not, ``gone`` are not there;
    ``foreign`` came from elsewhere.
    """

    untouched: array[int] = field(default_factory=_uids)
    changed: array[int] = field(default_factory=_uids)
    gone: array[int] = field(default_factory=_uids)
    foreign: array[int] = field(default_factory=_uids)

    @property
    def is_nothing(self) -> bool:
        """Whether the mailbox holds exactly what the run left."""
        return not (self.changed or self.gone or self.foreign)

    def text(self) -> str:
        """What was touched, for people: ``2 messages were changed, 1 is new``."""
        parts = (
            (self.changed, "was changed", "were changed"),
            (self.gone, "is gone", "are gone"),
            (self.foreign, "is new", "are new"),
        )
        said = [_counted(len(uids), one, many) for uids, one, many in parts if uids]
        return ", ".join(said) or "nothing"


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


def compared(
    left: Iterable[Held], present: Iterable[Held], *, is_marked_by_us: bool = False
) -> Touched:
    r"""What became of ``left``, by what is ``present`` now; both in UID order, read once.

    ``is_marked_by_us``: an undo that was cut off may have set ``\Deleted``.
    """
    ours = frozenset({DELETED}) if is_marked_by_us else frozenset()
    touched = Touched()
    now = iter(present)
    there = next(now, None)
    for each in left:
        while there is not None and there.uid < each.uid:
            touched.foreign.append(there.uid)
            there = next(now, None)
        if there is None or there.uid != each.uid:
            touched.gone.append(each.uid)
            continue
        is_same = _is_same(each, there, ours)
        (touched.untouched if is_same else touched.changed).append(each.uid)
        there = next(now, None)
    if there is not None:
        touched.foreign.append(there.uid)
        touched.foreign.extend(rest.uid for rest in now)
    return touched


def _is_same(left: Held, now: Held, ours: frozenset[str]) -> bool:
    is_same_guid = left.guid is None or now.guid is None or left.guid == now.guid
    return is_same_guid and left.flags == now.flags - _OF_EVERYBODY_S_OWN - (ours - left.flags)


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
        flags=flags - _OF_EVERYBODY_S_OWN,
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


def _counted(count: int, one: str, many: str) -> str:
    return f"1 message {one}" if count == 1 else f"{count} messages {many}"
