r"""Taking a run back on a target in memory.

A mailbox that the run made goes whole, or stays if anything in it is not as the run left it
(``\Seen`` and ``\Recent`` apart); of what it put into a live one, what nobody touched goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from respool.model.messages import RECENT, SEEN
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import RunRecord, Undoing
from tests.support.memory_server import Mail, MemoryMailbox, MemoryServer
from tests.support.memory_steps import (
    AdoptMailbox,
    CountAccount,
    MakeMailbox,
    MemoryStep,
    SealMailbox,
    mails_of_lane,
)


@dataclass(slots=True, kw_only=True)
class MemoryTakings:
    """Takes back what one run did to mailboxes, each once."""

    target: MemoryServer
    record: RunRecord
    use: Callable[[], None]
    settled: dict[str, str | None] = field(default_factory=dict)

    def take_back(self, step: MemoryStep, undoing: Undoing) -> str | None:
        """Put back what the step changed; why it is left."""
        if isinstance(step, CountAccount):
            return None
        is_mailbox = isinstance(step, MakeMailbox | AdoptMailbox)
        if is_mailbox and undoing.before.get("existed"):
            return None
        name = step.mailbox if isinstance(step, MakeMailbox | AdoptMailbox) else step.lane
        made, adopted = self._of_kind(MakeMailbox), self._of_kind(AdoptMailbox)
        if name in adopted:
            if name not in self.settled:
                self.settled[name] = self._empty(name, adopted[name])
            return self.settled[name]
        family = [each for each in made if each == name or each.startswith(f"{name}/")]
        for each in sorted(set(family) - self.settled.keys(), key=len, reverse=True):
            self.settled[each] = self._settle(each, made[each], is_forced=undoing.is_forced)
        return self.settled[name]

    def _of_kind(self, kind: type[MakeMailbox | AdoptMailbox]) -> Mapping[str, str | None]:
        """Each mailbox that the run began to make, or to adopt → its id."""
        return {
            step.mailbox: (self.record.receipt(number) or {}).get("uniqueid")
            for number, step in self.record.steps_of_lane(ACCOUNT_LANE)
            if isinstance(step, kind) and not self.record.before(number).get("existed")
        }

    def _settle(self, name: str, uniqueid: str | None, *, is_forced: bool) -> str | None:
        self.use()
        if uniqueid is None:
            return self._never_finished(name)
        if name in self.target.mailboxes and self._id(name) == uniqueid:
            return self._remove(name, is_forced=is_forced)
        for copy, mailbox in self.target.copies.items():
            if mailbox.uniqueid == uniqueid:
                return self._purge(name, copy, is_forced=is_forced)
        for other, mailbox in self.target.mailboxes.items():
            if mailbox.uniqueid == uniqueid:
                return f"somebody renamed it: it is {other} now"
        return None

    def _never_finished(self, name: str) -> str | None:
        if name in self.record.overtaken:
            return None
        mailbox = self.target.mailboxes.get(name)
        if mailbox is None:
            for copy in self.target.copies_of(name):
                if not self.target.copies[copy].is_used:
                    self._forget(copy)
            return None
        if mailbox.is_used:
            return "it has held mail"
        return self._remove(name, is_forced=False)

    def _remove(self, name: str, *, is_forced: bool) -> str | None:
        mailbox = self.target.mailboxes[name]
        if not (is_forced or self._is_untouched(name, mailbox)):
            return "somebody touched it"
        below = self.target.below(name)
        if below:
            self._expunge(name, mailbox)
            return f"it holds {below[0]}"
        has_foreign = not mailbox.messages.keys() <= mails_of_lane(self.record, name).keys()
        if has_foreign and not self.target.keeps_copies:
            return "somebody touched it; this server keeps no copies"
        self.use()
        self.target.delete(name)
        for copy in self.target.copies_of(name):
            if self.target.copies[copy] is mailbox:
                return self._purge(name, copy, is_forced=is_forced)
        return None

    def _purge(self, name: str, copy: str, *, is_forced: bool) -> str | None:
        mailbox = self.target.copies[copy]
        if not mailbox.messages.keys() <= mails_of_lane(self.record, name).keys():
            return f"somebody touched it: it is {copy}"
        if not (is_forced or self._is_untouched(name, mailbox)):
            return f"somebody touched it and deleted it: it is {copy}"
        self._forget(copy)
        return None

    def _forget(self, copy: str) -> None:
        self.use()
        del self.target.copies[copy]

    def _is_untouched(self, name: str, mailbox: MemoryMailbox) -> bool:
        if not mailbox.is_used:
            return True
        left = mails_of_lane(self.record, name).values()
        return set(map(_without_own, mailbox.messages.values())) == set(map(_without_own, left))

    def _empty(self, name: str, uniqueid: str | None) -> str | None:
        self.use()
        mailbox = self.target.mailboxes.get(name)
        if uniqueid is None:
            return None
        if mailbox is None or mailbox.uniqueid != uniqueid:
            renamed = [n for n, box in self.target.mailboxes.items() if box.uniqueid == uniqueid]
            return f"somebody renamed it: it is {renamed[0]} now" if renamed else None
        if not self._is_sealed(name):
            if name in self.record.overtaken:  # what waits there, or came in, is that run's
                return None
            if mailbox.waiting:  # then nothing came in
                mailbox.waiting.clear()
                return None
        return "some were touched" if self._expunge(name, mailbox) else None

    def _expunge(self, name: str, mailbox: MemoryMailbox) -> int:
        """Remove what the run put there and nobody touched; how many stay of it.

        Where the run does not know whether it had put anything there, it is the run's only
        if all of it is there: somebody may have brought the same message himself.
        """
        left = mails_of_lane(self.record, name)
        there = {
            uid: held
            for uid, held in mailbox.messages.items()
            if uid in left and held.guid == left[uid].guid
        }
        if not self._is_sealed(name) and len(there) < len(left):
            return 0
        for uid, held in there.items():
            self.use()
            if _without_own(held) == _without_own(left[uid]):
                del mailbox.messages[uid]
        return len(there.keys() & mailbox.messages.keys())

    def _is_sealed(self, lane: str) -> bool:
        return any(kind == SealMailbox.kind for kind, _ in self.record.receipts_of_lane(lane))

    def _id(self, name: str) -> str:
        return self.target.mailboxes[name].uniqueid


def _without_own(mail: Mail) -> Mail:
    return replace(mail, flags=mail.flags - {SEEN, RECENT})
