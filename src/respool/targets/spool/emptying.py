r"""Taking back what a run put into a live mailbox: its messages, one by one, over IMAP.

Only what nobody touched since goes. A message that somebody changes while we look keeps
its place: the flag ``\Deleted`` is set under the condition that nothing changed (RFC 7162,
UNCHANGEDSINCE), and only what then has it and is ours is expunged (RFC 4315, UID EXPUNGE).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from respool.errors import FormatError, StepFailed
from respool.model.state import UidSet
from respool.runs.actor import RunRecord
from respool.system.administrator_access import opened_by_administrator
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.targets.spool.filling_in_place import clear_up
from respool.targets.spool.shared_seen import unshare_seen
from respool.targets.spool.touched import compared, held_now, left_by_run
from respool.targets.spool.whereabouts import Finder, Whereabouts

_MOST_RANGES = 400  # a command line of at most 9 kB
_TO_EXPUNGE = "lrswnte"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedMailboxes:
    """Takes back what one run put into mailboxes that were live before, each once."""

    server: CyrusServer
    record: RunRecord
    finder: Finder
    settled: dict[str, str | None] = field(default_factory=dict)

    def take_back(self, mailbox: str, uniqueid: str | None) -> str | None:
        """Expunge the run's messages; why some of them are left."""
        if mailbox not in self.settled:
            self.settled[mailbox] = self._settle(mailbox, uniqueid)
        return self.settled[mailbox]

    def share_no_more(self, mailbox: str, uniqueid: str | None) -> None:
        """Give each reader a read state of his own again, where the run had shared it."""
        if uniqueid is not None and self.server.uniqueid(mailbox) == uniqueid:
            unshare_seen(self.server, mailbox)

    def _settle(self, mailbox: str, uniqueid: str | None) -> str | None:
        if uniqueid is None:  # it was only looked at
            return None
        found = self.finder.find(mailbox, uniqueid)
        if found.whereabouts is Whereabouts.RENAMED and found.name is not None:
            self._clear_waiting(found.name)
            return f"somebody renamed it: it is {found.name} now"
        if found.whereabouts is not Whereabouts.THERE:
            return None
        self._clear_waiting(mailbox)
        kept = expunge_untouched(self.server, self.record, mailbox)
        if not kept:
            return None
        return f"{kept} of the messages that the run put there were touched since"

    def _clear_waiting(self, mailbox: str) -> None:
        """Copies that never got into the index."""
        try:
            clear_up(self.server.directories(mailbox), self.server, even_if_empty=True)
        except (OSError, FormatError) as error:
            raise StepFailed(f"{mailbox} could not be cleared", why=str(error)) from error


def expunge_untouched(server: CyrusServer, record: RunRecord, mailbox: str) -> int:
    """Expunge what the run left in ``mailbox`` and nobody touched; how many were touched."""
    with opened_by_administrator(
        server, mailbox, is_to_change=True, rights=_TO_EXPUNGE
    ) as session:
        count = session.open_to_change(mailbox)
        modseq = session.highest_modseq
        touched = compared(left_by_run(record, mailbox), held_now(session, count))
        ours = UidSet.of(touched.untouched.tolist())
        return len(touched.changed) + _expunge(session, ours, modseq)


def _expunge(session: ImapSession, ours: UidSet, modseq: int) -> int:
    """Expunge ``ours``, as they were at ``modseq``; how many somebody changed meanwhile."""
    kept = 0
    for start in range(0, len(ours.ranges), _MOST_RANGES):
        some = UidSet(ranges=ours.ranges[start : start + _MOST_RANGES])
        unchanged = () if not modseq else (f"(UNCHANGEDSINCE {modseq})",)
        session.ask("UID", "STORE", str(some), *unchanged, "+FLAGS.SILENT", r"(\Deleted)")
        words = session.ask("UID", "SEARCH", "UID", str(some), "DELETED", response="SEARCH")
        marked = UidSet.of(map(int, words))
        for first in range(0, len(marked.ranges), _MOST_RANGES):
            part = UidSet(ranges=marked.ranges[first : first + _MOST_RANGES])
            session.ask("UID", "EXPUNGE", str(part))
        kept += some.count - marked.count
    return kept
