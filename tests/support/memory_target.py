"""A target in memory, its steps, its actor, and a power switch that can go off at any call."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias, assert_never

from respool.errors import ServerSaidNo
from respool.planning.step import MessageStep, Step
from respool.runs.actor import Note, Undoing
from respool.runs.journal import RunJournal
from respool.runs.states import StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeMailbox(Step):
    """Make a mailbox that holds nothing."""

    kind: ClassVar[str] = "memory-make-mailbox"

    mailbox: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMessages(MessageStep):
    """Add messages, one after the other, to the lane's mailbox."""

    kind: ClassVar[str] = "memory-add-messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealMailbox(Step):
    """Note how many messages the lane's mailbox holds."""

    kind: ClassVar[str] = "memory-seal-mailbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountAccount(Step):
    """Note how many messages there are in all."""

    kind: ClassVar[str] = "memory-count-account"


MemoryStep: TypeAlias = MakeMailbox | AddMessages | SealMailbox | CountAccount
MEMORY_STEPS: tuple[type[Step], ...] = (MakeMailbox, AddMessages, SealMailbox, CountAccount)
MEMORY_KINDS: Mapping[str, type[Step]] = {step.kind: step for step in MEMORY_STEPS}


class PowerCut(BaseException):
    """The process is gone: nothing after this call takes place."""


@dataclass(slots=True)
class Power:
    """Goes off before the call after the next ``calls``; from then on every call fails."""

    calls: int | None = None
    used: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def use(self) -> None:
        """Count one call.

        Raises:
            PowerCut: the power is off.
        """
        with self._lock:
            if self.calls is not None and self.used >= self.calls:
                raise PowerCut
            self.used += 1


@dataclass(slots=True)
class MemoryTarget:
    """What outlives a power cut: mailboxes, counts, and what was done in which order."""

    mailboxes: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    performed: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class MemoryActor:
    """Performs memory steps. ``refused`` are lanes where nothing can be added or sealed."""

    target: MemoryTarget
    power: Power = field(default_factory=Power)
    refused: frozenset[str] = frozenset()

    def observe(self, step: MemoryStep) -> Note:
        """How the mailbox stands."""
        self.power.use()
        match step:
            case MakeMailbox():
                return {"existed": step.mailbox in self.target.mailboxes}
            case AddMessages():
                return {"count": len(self.target.mailboxes[step.lane])}
            case _:
                return {}

    def perform(self, step: MemoryStep, before: Note) -> Note:
        """Do the step; of messages, those that were not added since ``before``."""
        if step.lane in self.refused:
            raise ServerSaidNo(f"{step.lane} is refused", why="so the test wants it")
        match step:
            case MakeMailbox():
                self.power.use()
                self.target.mailboxes.setdefault(step.mailbox, [])
            case AddMessages():
                self._add(step, int(before["count"]))
            case SealMailbox():
                self.power.use()
                self.target.counts[step.lane] = len(self.target.mailboxes[step.lane])
            case CountAccount():
                self.power.use()
                self.target.counts[""] = sum(map(len, self.target.mailboxes.values()))
            case _:
                assert_never(step)
        self.target.performed.append(step)
        return {"performed": step.kind}

    def _add(self, step: AddMessages, count: int) -> None:
        mailbox = self.target.mailboxes[step.lane]
        for message in step.messages[len(mailbox) - count :]:
            self.power.use()
            mailbox.append(message.guid or "")

    def take_back(self, step: MemoryStep, undoing: Undoing) -> str | None:
        """Remove what was added since, if it is still there as it was added."""
        match step:
            case MakeMailbox():
                return self._unmake(step, undoing)
            case AddMessages():
                return self._remove(step, int(undoing.before["count"]))
            case SealMailbox() | CountAccount():
                self.power.use()
                self.target.counts.pop(step.lane, None)
                return None
            case _:
                assert_never(step)

    def _unmake(self, step: MakeMailbox, undoing: Undoing) -> str | None:
        self.power.use()
        if undoing.before["existed"]:
            return None
        if self.target.mailboxes.get(step.mailbox):
            return "it is not empty"
        self.target.mailboxes.pop(step.mailbox, None)
        return None

    def _remove(self, step: AddMessages, count: int) -> str | None:
        """From the last one back: a cut leaves a beginning of what was added."""
        mailbox = self.target.mailboxes.get(step.lane, [])
        added = [message.guid or "" for message in step.messages]
        if mailbox[count:] != added[: len(mailbox) - count]:
            return "somebody touched it"
        while len(mailbox) > count:
            self.power.use()
            mailbox.pop()
        return None


class MortalJournal(RunJournal):
    """A run's journal that dies with the power."""

    power: Power

    @classmethod
    def of(cls, run: RunJournal, power: Power) -> MortalJournal:
        """The same run, under ``power``."""
        journal = cls.__new__(cls)
        vars(journal).update(vars(run), power=power)
        return journal

    def record(self, number: int, state: StepState, **notes: Mapping[str, Any] | None) -> None:
        """Note a change of state, unless the power is off."""
        self.power.use()
        super().record(number, state, **notes)
