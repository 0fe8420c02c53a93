"""The steps of a restore into a target in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, TypeAlias

from respool.model.dataclasses import dataclass
from respool.planning.step import MessageStep, Step
from respool.runs.actor import RunRecord
from tests.support.memory_server import Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeMailbox(Step):
    """Make a mailbox that holds nothing, and shut it."""

    kind: ClassVar[str] = "memory-make-mailbox"

    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptMailbox(Step):
    """Take a live mailbox that has never held a message, to be filled in place."""

    kind: ClassVar[str] = "memory-adopt-mailbox"

    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMessages(MessageStep):
    """Lay messages, one after the other, beside the lane's mailbox."""

    kind: ClassVar[str] = "memory-add-messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealMailbox(Step):
    """Let what waits beside the lane's mailbox be its messages, all at once; open it."""

    kind: ClassVar[str] = "memory-seal-mailbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAccount(Step):
    """Note how many messages there are in all."""

    kind: ClassVar[str] = "memory-count-account"


MemoryStep: TypeAlias = MakeMailbox | AdoptMailbox | AddMessages | SealMailbox | CountAccount
MEMORY_STEPS: tuple[type[Step], ...] = (
    MakeMailbox,
    AdoptMailbox,
    AddMessages,
    SealMailbox,
    CountAccount,
)
MEMORY_KINDS: Mapping[str, type[Step]] = {step.kind: step for step in MEMORY_STEPS}


def planned_mails(step: AddMessages) -> Iterator[Mail]:
    """The messages of one step."""
    for each in step.messages:
        yield Mail(uid=each.uid, guid=each.guid or "", flags=frozenset(each.flags))


def mails_of_lane(record: RunRecord, lane: str) -> dict[int, Mail]:
    """All that a run adds to one mailbox, by UID."""
    steps = [step for _, step in record.steps_of_lane(lane) if isinstance(step, AddMessages)]
    return {mail.uid: mail for step in steps for mail in planned_mails(step)}
