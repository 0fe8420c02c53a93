r"""Taking back what a run put into a live mailbox: its messages, one by one, over IMAP.

Only what nobody touched since goes. A message that somebody changes while we look keeps
its place: the flag ``\Deleted`` is set under the condition that nothing changed (RFC 7162,
UNCHANGEDSINCE), and only what then has it and is ours is expunged (RFC 4315, UID EXPUNGE).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from respool.errors import FormatError, StepFailed
from respool.model.dataclasses import dataclass
from respool.model.state import UidSet
from respool.planning.touched import compared
from respool.runs.actor import RunRecord
from respool.system.administrator_access import opened_by_administrator
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.targets.spool.filling_in_place import clear_up
from respool.targets.spool.live_files import files_in, message_directories
from respool.targets.spool.shared_seen import unshare_seen
from respool.targets.spool.steps import WriteIndex
from respool.targets.spool.touched import held_now, left_by_run
from respool.targets.spool.whereabouts import Finder, Whereabouts

_MOST_RANGES = 400  # a command line of at most 9 kB
_MOST_UIDS = 50_000  # an answer of at most 550 kB: the library takes 1 MB a line
_TO_EXPUNGE = "lrswnte"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedMailboxes:
    """Takes back what one run put into mailboxes that were live before, each once."""

    server: CyrusServer
    record: RunRecord
    finder: Finder
    settled: dict[str, str | None] = field(default_factory=dict)

    def take_back(
        self, mailbox: str, uniqueid: str | None, *, was_cut_off: bool = False
    ) -> str | None:
        """Expunge the run's messages; why some of them are left."""
        if mailbox not in self.settled:
            self.settled[mailbox] = self._settle(mailbox, uniqueid, was_cut_off=was_cut_off)
        return self.settled[mailbox]

    def share_no_more(self, mailbox: str, uniqueid: str | None) -> None:
        """Give each reader a read state of his own again, where the run had shared it."""
        if uniqueid is not None and self.server.uniqueid(mailbox) == uniqueid:
            unshare_seen(self.server, mailbox)

    def _settle(self, mailbox: str, uniqueid: str | None, *, was_cut_off: bool) -> str | None:
        if uniqueid is None:  # it was only looked at
            return None
        found = self.finder.find(mailbox, uniqueid)
        if found.whereabouts is Whereabouts.RENAMED and found.name is not None:
            self._clear_waiting(found.name)
            return f"somebody renamed it: it is {found.name} now"
        if found.whereabouts is not Whereabouts.THERE:
            return None
        kept = self._take_out(mailbox, was_cut_off=was_cut_off)
        return (
            f"{kept} of the messages that the run put there were touched since" if kept else None
        )

    def _take_out(self, mailbox: str, *, was_cut_off: bool) -> int:
        """Remove what the run put there; how many messages were touched since."""
        if self._has_filled(mailbox):
            self._clear_waiting(mailbox)
            return expunge_untouched(
                self.server, self.record, mailbox, mailbox, was_cut_off=was_cut_off
            )
        if mailbox in self.record.overtaken:  # what waits there, or came in, is that run's
            return 0
        if self._clear_waiting(mailbox):  # then the index never got any
            return 0
        return expunge_untouched(
            self.server, self.record, mailbox, mailbox, only_whole=True, was_cut_off=was_cut_off
        )

    def _has_filled(self, mailbox: str) -> bool:
        """Whether the run knows that it put its messages there; else it was cut off before."""
        return any(kind == WriteIndex.kind for kind, _ in self.record.receipts_of_lane(mailbox))

    def _clear_waiting(self, mailbox: str) -> bool:
        """Remove copies that never got into the index; whether there were any."""
        try:
            directories = self.server.directories(mailbox)
            listed = map(files_in, message_directories(directories))
            waiting = any(len(each.waiting) for each in listed)
            clear_up(directories, self.server, even_if_empty=True)
        except (OSError, FormatError) as error:
            raise StepFailed(f"{mailbox} could not be cleared", why=str(error)) from error
        return waiting


def expunge_untouched(
    server: CyrusServer,
    record: RunRecord,
    lane: str,
    mailbox: str,
    *,
    only_whole: bool = False,
    was_cut_off: bool = False,
) -> int:
    r"""Expunge what the run left in a mailbox and nobody touched; how many were touched.

    ``lane`` has its steps, ``mailbox`` is what it is called now.

    ``only_whole``: if all of it is there. A run that does not know whether it has put its
    messages there must not take those for its own that somebody brought himself.
    ``was_cut_off``: a former attempt may have set ``\Deleted`` and not come to expunge it.
    """
    with opened_by_administrator(
        server, mailbox, is_to_change=True, rights=_TO_EXPUNGE
    ) as session:
        count = session.open_to_change(mailbox)
        modseq = session.highest_modseq
        touched = compared(
            left_by_run(record, lane), held_now(session, count), is_marked_by_us=was_cut_off
        )
        if only_whole and touched.gone:
            return 0
        ours = UidSet.of(touched.untouched.tolist())
        return len(touched.changed) + _expunge(session, ours, modseq)


def _expunge(session: ImapSession, ours: UidSet, modseq: int) -> int:
    """Expunge ``ours``, as they were at ``modseq``; how many somebody changed meanwhile."""
    kept = 0
    for some in _parts(ours):
        unchanged = () if not modseq else (f"(UNCHANGEDSINCE {modseq})",)
        session.ask("UID", "STORE", str(some), *unchanged, "+FLAGS.SILENT", r"(\Deleted)")
        words = session.ask("UID", "SEARCH", "UID", str(some), "DELETED", response="SEARCH")
        marked = UidSet.of(map(int, words))
        for part in _parts(marked):
            session.ask("UID", "EXPUNGE", str(part))
        kept += some.count - marked.count
    return kept


def _parts(uids: UidSet) -> Iterator[UidSet]:
    """``uids`` in pieces that one command can name, and one line of an answer can list."""
    part: list[tuple[int, int]] = []
    room = _MOST_UIDS
    for start, last in uids.ranges:
        first = start
        while first <= last:
            end = min(last, first + room - 1)
            part.append((first, end))
            room -= end - first + 1
            first = end + 1
            if not room or len(part) == _MOST_RANGES:
                yield UidSet(ranges=tuple(part))
                part, room = [], _MOST_UIDS
    if part:
        yield UidSet(ranges=tuple(part))
