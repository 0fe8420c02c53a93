"""A small mail server in memory, with what an undo has to tell apart on a real one.

A mailbox keeps its id when it is renamed; a deleted one leaves a copy with its id, unless
the server keeps none. What waits in a mailbox lies beside it and is no message yet.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from respool.errors import ServerUnreachable
from respool.model.messages import SEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message of a mailbox."""

    uid: int
    guid: str
    flags: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class MemoryMailbox:
    """One mailbox; only who is administrator gets into one that is not open."""

    uniqueid: str
    messages: dict[int, Mail] = field(default_factory=dict)
    waiting: dict[int, Mail] = field(default_factory=dict)
    uidnext: int = 1
    is_open: bool = True

    @property
    def is_used(self) -> bool:
        """Whether it has ever held a message."""
        return self.uidnext > 1

    def put(self, mail: Mail) -> None:
        """Make ``mail`` a message, under its own UID."""
        self.messages[mail.uid] = mail
        self.uidnext = max(self.uidnext, mail.uid + 1)

    def receive(self, guid: str, *flags: str) -> int:
        """New mail: its UID."""
        self.put(Mail(uid=self.uidnext, guid=guid, flags=frozenset(flags)))
        return self.uidnext - 1

    def flag(self, uid: int, flag: str) -> None:
        """Add a flag, or take it away where the message has it."""
        mail = self.messages[uid]
        self.messages[uid] = replace(mail, flags=mail.flags ^ {flag})

    def read(self, uid: int) -> None:
        """Mark a message as read."""
        mail = self.messages[uid]
        self.messages[uid] = replace(mail, flags=mail.flags | {SEEN})


@dataclass(slots=True, kw_only=True)
class MemoryServer:
    """What outlives a power cut. ``copies`` are of deleted mailboxes, by name and number."""

    mailboxes: dict[str, MemoryMailbox] = field(default_factory=dict)
    copies: dict[str, MemoryMailbox] = field(default_factory=dict)
    keeps_copies: bool = True
    is_restarted: bool = False
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def answer(self) -> None:
        """Stands for one command of a client.

        Raises:
            ServerUnreachable: the session ended with a restart; the next one is new.
        """
        if self.is_restarted:
            self.is_restarted = False
            raise ServerUnreachable("the server ended the session", why="it was restarted")

    def create(self, name: str) -> MemoryMailbox:
        """A new, empty mailbox, open to its owner."""
        made = self.mailboxes[name] = MemoryMailbox(uniqueid=f"id{next(self._numbers)}")
        return made

    def delete(self, name: str) -> None:
        """Delete a mailbox, not those below it."""
        gone = self.mailboxes.pop(name)
        if self.keeps_copies:
            self.copies[f"DELETED/{name}/{next(self._numbers)}"] = gone

    def rename(self, old: str, new: str) -> None:
        """Rename a mailbox with all below it."""
        for name in [old, *self.below(old)]:
            self.mailboxes[new + name.removeprefix(old)] = self.mailboxes.pop(name)

    def below(self, name: str) -> list[str]:
        """Every mailbox below this one."""
        return [each for each in self.mailboxes if each.startswith(f"{name}/")]

    def copies_of(self, name: str) -> list[str]:
        """What was deleted under this name."""
        return [each for each in self.copies if each.rpartition("/")[0] == f"DELETED/{name}"]

    def contents(self) -> Mapping[str, tuple[Mail, ...]]:
        """Messages by mailbox, in UID order; copies too."""
        return {
            name: tuple(box.messages[uid] for uid in sorted(box.messages))
            for name, box in (*self.mailboxes.items(), *self.copies.items())
        }

    def guids(self) -> Mapping[str, list[str]]:
        """The same, the GUIDs alone."""
        return {name: [mail.guid for mail in held] for name, held in self.contents().items()}

    def waiting(self) -> Mapping[str, tuple[int, ...]]:
        """What lies beside mailboxes and is no message, by mailbox."""
        every = (*self.mailboxes.items(), *self.copies.items())
        return {name: tuple(box.waiting) for name, box in every if box.waiting}
