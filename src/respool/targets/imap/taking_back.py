"""Taking back what a run added to an account: exactly that, and what nobody touched since.

A folder that the run created goes whole, or stays whole if somebody touched it. From one that
was there before, each message goes that is as the run left it. What is done over IMAP by the
user himself cannot be shut against him meanwhile: the last look is the one before DELETE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from respool.errors import ServerSaidNo
from respool.model.dataclasses import dataclass
from respool.model.state import UidSet
from respool.planning.appending import AppendMessages
from respool.planning.touched import Touched, compared
from respool.runs.actor import RunRecord, Undoing
from respool.system import imap_listing as listing
from respool.system.imap import ImapSession, quoted
from respool.system.imap_removal import expunge_exactly, looked_at_now
from respool.system.imap_server import ImapServer
from respool.targets.imap.folders import Made, MadeFolders, find
from respool.targets.imap.left_by_run import (
    Notes,
    differences,
    held_now,
    left_by_run,
    left_by_step,
)

_EMPTIED = "its messages went, but it holds "


@dataclass(slots=True, kw_only=True)
class CreatedFolders:
    """Takes back the folders that one run created, each once."""

    server: ImapServer
    record: RunRecord
    settled: dict[str, str | None] = field(default_factory=dict)
    _made: Mapping[str, Made] | None = None
    _separator: str | None = None

    @property
    def made(self) -> Mapping[str, Made]:
        """What the run set out to create; an undo adds nothing to that."""
        if self._made is None:
            self._made = MadeFolders(record=self.record).all()
        return self._made

    def take_back(self, mailbox: str, undoing: Undoing) -> str | None:
        """Remove ``mailbox``, after all that the run made below it; why it is left."""
        if mailbox not in self.settled:
            with self.server.session() as session:
                self._separator = listing.separator(session)
            family = {
                name for name in self.made if name == mailbox or self._is_below(name, mailbox)
            }
            for name in sorted(family - self.settled.keys(), key=len, reverse=True):
                with self.server.session() as session:
                    self.settled[name] = self._settle(session, self.made[name], undoing)
        return self.settled.get(mailbox)

    def _is_below(self, name: str, mailbox: str) -> bool:
        return self._separator is not None and name.startswith(mailbox + self._separator)

    def _settle(self, session: ImapSession, made: Made, undoing: Undoing) -> str | None:
        if made.id is None:
            return self._never_finished(session, made)
        ours = frozenset(self.made) | {each.made_as for each in self.made.values()}
        found = find(session, made, ours)
        if found.name is None:
            return None
        may_go = undoing.is_forced and made.is_known_for_sure
        if found.is_renamed and not may_go:
            return f"somebody renamed it: it is {found.name} now"
        return self._remove(session, made.mailbox, found.name, undoing)

    def _never_finished(self, session: ImapSession, made: Made) -> str | None:
        """Cut off while the server made it: what stands there is ours if it never held mail."""
        if made.mailbox in self.record.overtaken or not listing.exists(session, made.made_as):
            return None
        found = listing.status(session, made.made_as)
        if found.messages or found.uidnext > 1:
            return "it has held mail, and the run was cut off before it knew that it had made it"
        return self._delete(session, made.made_as)

    def _remove(self, session: ImapSession, lane: str, name: str, undoing: Undoing) -> str | None:
        below = listing.names_below(session, name, self._separator)
        touched, looked_at = self._look(session, lane, name, undoing)
        was_emptied = (undoing.kept or "").startswith(_EMPTIED) or (
            undoing.was_cut_off and bool(below)
        )
        is_emptied = was_emptied and not (touched.changed or touched.foreign)
        if not (touched.is_nothing or is_emptied or undoing.is_forced):
            return f"somebody touched it: {touched.text()}"
        if touched.foreign:  # also by force: what others put there is theirs
            return f"somebody put mail there: {touched.text()}"
        if below:
            session.open_to_change(name)
            gone = expunge_exactly(session, UidSet.of(touched.untouched), looked_at=looked_at)
            if gone.changed.ranges:
                return (
                    f"somebody touched it: {gone.changed.count} of its messages changed just now"
                )
            return gone.why or f"{_EMPTIED}{below[0]}"
        return self._delete(session, name)

    def _look(
        self, session: ImapSession, lane: str, name: str, undoing: Undoing
    ) -> tuple[Touched, int | None]:
        """What became of the messages, and the modseq that they were looked at by.

        What nothing was ever put into, nobody has touched.
        """
        count = session.open_to_read(name)
        looked_at = looked_at_now(session)
        if count == 0 and session.uidnext == 1:
            return Touched(), looked_at
        left = left_by_run(session, self.record, lane, name)
        present = held_now(session, count)
        return compared(left, present, is_marked_by_us=undoing.was_cut_off), looked_at

    def _delete(self, session: ImapSession, name: str) -> str | None:
        session.leave_folder()
        try:
            session.ask("DELETE", quoted(name))
        except ServerSaidNo as error:
            return f"the server does not delete it: {error.why}"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedMessages:
    """Takes back the messages that one run put into folders which were there before."""

    server: ImapServer
    record: RunRecord

    def take_back(self, step: AppendMessages, undoing: Undoing) -> str | None:
        """Remove those of a group that nobody touched; why others are left."""
        if not undoing.before:
            return None
        if not undoing.done and step.lane in self.record.overtaken:
            return "it was cut off, and a later run added to it: nothing tells whose is what"
        with self.server.session() as session:
            if not listing.exists(session, step.mailbox):
                return None
            uidvalidity = listing.status(session, step.mailbox).uidvalidity
            if uidvalidity != undoing.before["uidvalidity"]:
                return "it is another folder now: its UIDVALIDITY has changed"
            return self._remove(session, step, undoing)

    def _remove(self, session: ImapSession, step: AppendMessages, undoing: Undoing) -> str | None:
        notes = Notes(
            before=undoing.before,
            receipt=undoing.done or None,
            was_emptied=undoing.was_cut_off or undoing.kept is not None,
        )
        proven = differences(self.record, step.lane)
        left = left_by_step(session, step, notes, proven, step.mailbox)
        sure = [each for each in left.held if each.uid not in left.doubtful]
        count = session.open_to_read(step.mailbox)
        looked_at = looked_at_now(session)
        ours = {each.uid for each in left.held}
        here = {each.uid: each for each in held_now(session, count) if each.uid in ours}
        present = [here[each.uid] for each in sure if each.uid in here]
        touched = compared(sure, present, is_marked_by_us=undoing.was_cut_off)
        going = UidSet.of(touched.untouched)
        if undoing.is_forced:
            going = going.plus(UidSet.of(touched.changed))
        doubtful = len(left.doubtful & here.keys())
        changed = 0 if undoing.is_forced else len(touched.changed)
        if going.ranges:
            session.open_to_change(step.mailbox)
            gone = expunge_exactly(
                session, going, looked_at=None if undoing.is_forced else looked_at
            )
            if gone.why is not None:
                return gone.why
            changed += gone.changed.count
        return _left(changed, doubtful)


def _left(changed: int, doubtful: int) -> str | None:
    """Why messages are left, if any are."""
    reasons = [f"{changed} of its messages were touched"] if changed else []
    if doubtful:
        reasons.append(
            f"{_counted(doubtful)} there that somebody may have brought himself: the run was cut"
            " off before it could note its own"
        )
    return "; ".join(reasons) or None


def _counted(count: int) -> str:
    return "1 message is" if count == 1 else f"{count} messages are"
