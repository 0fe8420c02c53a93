"""The actor of a target in memory: it carries steps out, and takes them back.

It follows the spool target: messages wait beside a mailbox until it is sealed, and get into
it all at once; nothing is put into a mailbox that the run did not make or adopt.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from respool.errors import ServerSaidNo, StepFailed
from respool.planning.step import ACCOUNT_LANE, Step
from respool.runs.actor import Note, RunRecord, Undoing
from tests.support.memory_server import MemoryMailbox, MemoryServer
from tests.support.memory_steps import (
    AddMessages,
    AdoptMailbox,
    CountAccount,
    MakeMailbox,
    MemoryStep,
    SealMailbox,
    mails_of_lane,
    planned_mails,
)
from tests.support.memory_taking import MemoryTakings
from tests.support.power import Power


@dataclass(slots=True, kw_only=True)
class MemoryTarget(MemoryServer):
    """A server, what was counted on it, and what was done to it in which order."""

    counts: dict[str, int] = field(default_factory=dict)
    performed: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class MemoryActor:
    """Performs the steps of one run. ``refused`` are lanes where nothing can be done."""

    target: MemoryTarget
    record: RunRecord
    power: Power = field(default_factory=Power)
    refused: frozenset[str] = frozenset()
    takings: MemoryTakings = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is looked at yet."""
        self.takings = MemoryTakings(target=self.target, record=self.record, use=self.use)

    def use(self) -> None:
        """One call of the server."""
        self.power.use()
        self.target.answer()

    def observe(self, step: MemoryStep) -> Note:
        """How things stand before the step."""
        self.use()
        if isinstance(step, MakeMailbox):
            return {"existed": step.mailbox in self.target.mailboxes}
        return {}

    def perform(self, step: MemoryStep, before: Note) -> Note:
        """Do the step; twice is the same as once."""
        if step.lane in self.refused:
            raise ServerSaidNo(f"{step.lane} is refused", why="so the test wants it")
        match step:
            case MakeMailbox():
                note = self._make(step, before)
            case AdoptMailbox():
                note = self._adopt(step)
            case AddMessages():
                note = self._add(step)
            case SealMailbox():
                note = self._seal(step)
            case CountAccount():
                self.use()
                every = self.target.mailboxes.values()
                note = {"count": sum(len(box.messages) for box in every)}
                self.target.counts[""] = note["count"]
            case _:
                assert_never(step)
        self.target.performed.append(step)
        return note

    def take_back(self, step: MemoryStep, undoing: Undoing) -> str | None:
        """Put back what the step changed, by the mailbox that it belongs to."""
        if isinstance(step, SealMailbox | CountAccount):
            self.use()
            self.target.counts.pop(step.lane, None)
        return self.takings.take_back(step, undoing)

    def _make(self, step: MakeMailbox, before: Note) -> Note:
        if before["existed"]:
            raise StepFailed(f"{step.mailbox} is there already", can_be_tried_again=False)
        if step.mailbox not in self.target.mailboxes:
            self.use()
            self.target.create(step.mailbox)
        self.use()
        mailbox = self.target.mailboxes[step.mailbox]
        if mailbox.is_used:
            raise StepFailed(f"{step.mailbox} is not new", can_be_tried_again=False)
        mailbox.is_open = False
        return {"uniqueid": mailbox.uniqueid}

    def _adopt(self, step: AdoptMailbox) -> Note:
        self.use()
        mailbox = self.target.mailboxes.get(step.mailbox)
        if mailbox is None or mailbox.is_used:
            raise StepFailed(f"{step.mailbox} has held mail", can_be_tried_again=False)
        return {"uniqueid": mailbox.uniqueid}

    def _add(self, step: AddMessages) -> Note:
        mailbox = self._ours(step.lane)
        for mail in planned_mails(step):
            self.use()
            mailbox.waiting[mail.uid] = mail
        return {"messages": len(step.messages)}

    def _seal(self, step: SealMailbox) -> Note:
        mailbox = self._ours(step.lane)
        planned = mails_of_lane(self.record, step.lane)
        self.use()
        waiting = dict(mailbox.waiting)
        mailbox.waiting.clear()
        if mailbox.is_used:
            if any(_guid(mailbox, uid) != mail.guid for uid, mail in planned.items()):
                raise StepFailed(f"mail has arrived in {step.lane}", can_be_tried_again=False)
        else:
            for uid in planned:
                mailbox.put(waiting[uid])
        mailbox.is_open = True
        self.target.counts[step.lane] = len(planned)
        return {"count": len(planned)}

    def _ours(self, name: str) -> MemoryMailbox:
        """The lane's mailbox, if it is still the one that this run made or adopted."""
        known = next(
            (self.record.receipt(number) or {}).get("uniqueid")
            for number, step in self.record.steps_of_lane(ACCOUNT_LANE)
            if isinstance(step, MakeMailbox | AdoptMailbox) and step.mailbox == name
        )
        self.use()
        mailbox = self.target.mailboxes.get(name)
        if name in self.record.overtaken:
            raise StepFailed(f"a later run works on {name}", can_be_tried_again=False)
        if mailbox is None or mailbox.uniqueid != known:
            raise StepFailed(f"{name} is not the run's any more", can_be_tried_again=False)
        return mailbox


def _guid(mailbox: MemoryMailbox, uid: int) -> str | None:
    mail = mailbox.messages.get(uid)
    return None if mail is None else mail.guid
