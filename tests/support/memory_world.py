"""An account on a server in memory, and one run of it, process after process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from respool.planning.step import Step
from respool.runs.journal import Journal, RunJournal
from respool.runs.runner import Runner, Stop
from respool.runs.states import StepState
from respool.runs.undo import Undo
from tests.support.memory_steps import MEMORY_KINDS, MakeMailbox, mails_of_lane
from tests.support.memory_target import MemoryActor, MemoryTarget
from tests.support.power import MortalJournal, Power, PowerCut
from tests.unit.runs.runs import begin


@dataclass(slots=True, kw_only=True)
class MemoryWorld:
    """One run, begun; its owner works in the folder ``name``, and new mail comes to ``live``."""

    run: RunJournal
    target: MemoryTarget
    name: str
    live: str = "live"
    lanes_at_once: int = 1

    def carry_out(self, power: Power) -> bool:
        """Begin the run or go on with it."""
        run = MortalJournal.of(self.run, power)
        actors = dict.fromkeys(MEMORY_KINDS, MemoryActor(self.target, run, power))
        runner = Runner(journal=run, actors=actors, stop=Stop(), lanes_at_once=self.lanes_at_once)
        try:
            runner.run()
        except PowerCut:
            return False
        return True

    def take_back(self, power: Power, *, is_forced: bool = False) -> bool:
        """Take it back, or go on with that."""
        run = MortalJournal.of(self.run, power)
        actors = dict.fromkeys(MEMORY_KINDS, MemoryActor(self.target, run, power))
        try:
            Undo(journal=run, actors=actors, stop=Stop(), is_forced=is_forced).run()
        except PowerCut:
            return False
        return True

    def now(self) -> object:
        """Everything, what waits and what was deleted included; ids apart."""
        return (dict(self.target.contents()), dict(self.target.waiting()))

    def restored(self) -> object:
        """The messages of the run's mailboxes, by the ids that they have."""
        own = {
            (self.run.receipt(number) or {}).get("uniqueid")
            for number, step in self.run.steps_of_lane("")
            if isinstance(step, MakeMailbox)
        }
        every = self.target.mailboxes.items()
        return {
            name: frozenset(box.messages.values()) for name, box in every if box.uniqueid in own
        }

    def truth(self) -> object:
        """What `restored` is to be."""
        return {
            step.mailbox: frozenset(mails_of_lane(self.run, step.mailbox).values())
            for _, step in self.run.steps_of_lane("")
            if isinstance(step, MakeMailbox)
        }

    def folder(self) -> object:
        """The messages of the owner's folder, by the id that it has."""
        own = next(
            (self.run.receipt(number) or {}).get("uniqueid")
            for number, step in self.run.steps_of_lane("")
            if isinstance(step, MakeMailbox) and step.mailbox == self.name
        )
        every = (*self.target.mailboxes.items(), *self.target.copies.items())
        found = [
            (name, frozenset(box.messages.values())) for name, box in every if box.uniqueid == own
        ]
        return found[0] if found else None

    def touch(self, how: str) -> bool:
        """What the owner does; whether he still sees the folder."""
        mailbox = self.target.mailboxes.get(self.name)
        if mailbox is None:
            return False
        first = min(mailbox.messages)
        match how:
            case "flag":
                mailbox.flag(first, "$mine")
            case "add":
                mailbox.receive("ff" * 20)
            case "expunge":
                del mailbox.messages[first]
            case "rename":
                self.target.rename(self.name, "mine")
            case _:
                raise AssertionError(how)
        return True

    def read(self) -> None:
        """All of the folder."""
        for uid in self.target.mailboxes[self.name].messages:
            self.target.mailboxes[self.name].read(uid)

    def receive(self) -> None:
        """One more message."""
        self.target.mailboxes[self.live].receive("ee" * 20)

    def kept(self) -> tuple[str, ...]:
        """Why steps were kept."""
        rows = [row for row in self.run.rows() if row.state is StepState.KEPT]
        return tuple(str((row.error or {}).get("kept")) for row in rows)


def new_memory_world(
    journal: Journal, state: Path, steps: Sequence[Step], *, name: str, keeps_copies: bool
) -> MemoryWorld:
    """A world whose run was just begun in the ``journal`` of ``state``."""
    target = MemoryTarget(keeps_copies=keeps_copies)
    target.create("live").receive("dd" * 20, "\\Flagged")
    target.create("empty")
    return MemoryWorld(run=begin(journal, state, steps), target=target, name=name)
