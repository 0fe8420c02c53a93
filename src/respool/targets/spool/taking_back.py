"""Taking back the mailboxes that a run made: each goes whole, or stays if it was touched.

Between the look at a mailbox and its deletion somebody may still change it. Where the
server keeps a copy of what is deleted, that copy, out of everybody's reach, is compared
once more before it goes, and gets its name back if it differs. Elsewhere the mailbox is
shut to all but the administrator first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from respool.errors import StepFailed
from respool.model.dataclasses import dataclass
from respool.planning.step import ACCOUNT_LANE
from respool.planning.touched import Touched, compared
from respool.runs.actor import RunRecord, Undoing
from respool.system.administrator_access import opened_by_administrator
from respool.system.borrowed_rights import rights_to_delete
from respool.system.cyrus_server import CyrusServer
from respool.system.mailbox_admin import delete_mailbox, rename_mailbox
from respool.targets.spool.beginnings import Beginnings
from respool.targets.spool.creation import ADMINISTRATOR_MAY
from respool.targets.spool.emptying import expunge_untouched
from respool.targets.spool.naming_files import forget_waiting
from respool.targets.spool.steps import GiveRights
from respool.targets.spool.touched import held_now, left_by_run
from respool.targets.spool.whereabouts import Finder, Whereabouts, deleted_at

_TO_TOUCH: Final = frozenset("wipte")  # RFC 4314: flags, messages, their removal
_EMPTIED: Final = "its messages went, but it holds "


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    r"""How a mailbox that the run made, or a deleted copy of it, is looked at.

    ``lane`` has its messages. ``was_marked``: a former undo may have set ``\Deleted`` there;
    ``was_emptied``: it has, or may have, expunged what nobody had touched.
    """

    server: CyrusServer
    record: RunRecord
    lane: str
    is_forced: bool
    was_marked: bool
    was_emptied: bool

    def at(self, mailbox: str) -> Touched:
        """What became of the messages. What nothing was ever put into, nobody has touched."""
        with opened_by_administrator(self.server, mailbox, is_to_change=False) as session:
            count = session.open_to_read(mailbox)
            if count == 0 and session.uidnext == 1:
                return Touched()
            left = left_by_run(self.record, self.lane)
            return compared(left, held_now(session, count), is_marked_by_us=self.was_marked)

    def may_go(self, touched: Touched) -> bool:
        """Whether the mailbox may go as it was found."""
        is_emptied = self.was_emptied and not (touched.changed or touched.foreign)
        return touched.is_nothing or is_emptied or self.is_forced


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeMailboxes:
    """Takes back mailboxes that one run had the server create, each once."""

    server: CyrusServer
    record: RunRecord
    finder: Finder
    beginnings: Beginnings
    settled: dict[str, str | None] = field(default_factory=dict)

    def take_back(self, mailbox: str, undoing: Undoing) -> str | None:
        """Remove ``mailbox``, after all that the run made below it; why it is left."""
        if mailbox not in self.settled:
            made = self.beginnings.made
            family = {
                name for name in made if name == mailbox or self.finder.is_below(name, mailbox)
            }
            for each in sorted(family - self.settled.keys(), key=len, reverse=True):
                kept = self._settle(each, made[each], undoing)
                if kept is not None:
                    self._forget_copies(each, made[each])
                self.settled[each] = kept
        return self.settled.get(mailbox)

    def _forget_copies(self, mailbox: str, uniqueid: str | None) -> None:
        """Copies that wait for their names in a mailbox that is left: nobody else sees them."""
        if uniqueid is None:
            return
        found = self.finder.find(mailbox, uniqueid)
        if found.name is not None:
            try:
                forget_waiting(self.server.directories(found.name))
            except OSError as error:
                raise StepFailed(f"{mailbox} could not be cleared", why=str(error)) from error

    def _settle(self, mailbox: str, uniqueid: str | None, undoing: Undoing) -> str | None:
        if uniqueid is None:
            return self._never_finished(mailbox)
        found = self.finder.find(mailbox, uniqueid)
        match found.whereabouts:
            case Whereabouts.GONE:
                return None
            case Whereabouts.RENAMED:
                return self._renamed(mailbox, str(found.name), uniqueid, undoing)
            case Whereabouts.DELETED:
                return self._take_copy(mailbox, str(found.name), undoing)
            case Whereabouts.THERE:
                return self._remove(mailbox, mailbox, uniqueid, undoing)

    def _renamed(self, lane: str, name: str, uniqueid: str, undoing: Undoing) -> str | None:
        """Who renamed a folder means to keep it, if he could open it: else it goes as any."""
        is_at_home = name in self.finder.all_of_account(lane)
        if is_at_home and (undoing.is_forced or self._is_hidden(lane, name)):
            return self._remove(lane, name, uniqueid, undoing)
        return f"somebody renamed it: it is {name} now"

    def _never_finished(self, mailbox: str) -> str | None:
        """Killed while the server made it: what stands there is ours if it never held mail."""
        if mailbox in self.record.overtaken:
            return None  # the later run found nothing there, and made it
        if not self.server.admin.exists(mailbox):
            self.forget_unused(mailbox)
            return None
        uniqueid = self.server.uniqueid(mailbox)
        if uniqueid is None or not self.is_unused(mailbox):
            return "it has held mail, and the run was cut off before it knew that it had made it"
        return self._remove(mailbox, mailbox, uniqueid, Undoing(before={}, done={}))

    def forget_unused(self, mailbox: str) -> None:
        """Purge copies, never used, of what was deleted under this name since the plan."""
        since = int(self.record.head().made_at.timestamp())
        for copy in self.finder.deleted_copies(mailbox):
            if deleted_at(copy, self.server.separator) >= since and self.is_unused(copy):
                self.delete(copy)

    def _remove(self, lane: str, name: str, uniqueid: str, undoing: Undoing) -> str | None:
        """Remove the mailbox of ``lane``, which is called ``name`` now; why it is left."""
        below = self.finder.below(name)
        look = self._look(lane, undoing, has_below=bool(below))
        touched = look.at(name)
        if not look.may_go(touched):
            self._open_again(lane, name)
            return f"somebody touched it: {touched.text()}"
        if below:
            return self._empty(lane, name, below[0], undoing)
        rights = self.server.admin.acl(name)
        if not self.finder.is_delayed:
            kept = self._shut(name, rights, look)
            if kept is not None:
                return kept
        self.delete(name)
        copy = self.finder.copy_of(name, uniqueid)
        return None if copy is None else self._purge(name, copy, look, rights)

    def _empty(self, lane: str, name: str, child: str, undoing: Undoing) -> str:
        """What holds a folder that stays is not deleted: only its messages go."""
        self._open_again(lane, name)
        kept = expunge_untouched(
            self.server, self.record, lane, name, was_cut_off=undoing.was_cut_off
        )
        if kept:
            return f"{kept} of its messages were touched, and it holds {child}"
        return f"{_EMPTIED}{child}"

    def _shut(self, name: str, rights: Mapping[str, str], look: _Look) -> str | None:
        """Let nobody in any more, and look again; why it is to stay, open as it was."""
        admin = self.server.admin
        for identifier in rights:
            if identifier != self.server.admin_name:
                admin.set_rights(name, identifier, "")
        touched = look.at(name)
        if look.may_go(touched) and not touched.foreign:
            return None
        self._set_rights(name, rights)
        self._open_again(look.lane, name)
        no_copy = "; this server keeps no copy of what is deleted" if touched.foreign else ""
        return f"somebody touched it: {touched.text()}{no_copy}"

    def _take_copy(self, mailbox: str, copy: str, undoing: Undoing) -> str | None:
        """Purge a deleted folder; one that an undo had deleted gets its name back if need be."""
        look = self._look(mailbox, undoing)
        was_ours = undoing.was_cut_off and copy in self.finder.deleted_copies(mailbox)
        if not was_ours:
            return self._purge(mailbox, copy, look, None)
        planned = self._planned_rights(mailbox)
        mine = {self.server.admin_name: planned.get(self.server.admin_name, "")}
        return self._purge(mailbox, copy, look, {**self.server.admin.acl(copy), **mine})

    def _purge(
        self, mailbox: str, copy: str, look: _Look, rights: Mapping[str, str] | None
    ) -> str | None:
        """Delete a copy for good if nobody touched it; why it, or the folder, stays.

        With ``rights`` it is we who deleted it: then it gets its name and them again.
        """
        touched = look.at(copy)
        if touched.foreign and look.is_forced:
            return f"{touched.text()}: the server keeps it as {copy} until it forgets it"
        if look.may_go(touched):
            self.delete(copy)
            return None
        if rights is None or self.server.admin.exists(mailbox):
            return f"somebody touched it and deleted it: {touched.text()}; it is {copy} now"
        rename_mailbox(self.server.admin, copy, mailbox)
        self._set_rights(mailbox, rights)
        return f"somebody touched it: {touched.text()}"

    def _look(self, mailbox: str, undoing: Undoing, *, has_below: bool = False) -> _Look:
        was_emptied = (undoing.kept or "").startswith(_EMPTIED)
        return _Look(
            server=self.server,
            record=self.record,
            lane=mailbox,
            is_forced=undoing.is_forced,
            was_marked=undoing.was_cut_off,
            was_emptied=was_emptied or (undoing.was_cut_off and has_below),
        )

    def is_unused(self, mailbox: str) -> bool:
        """Whether it holds no message and never held one."""
        with opened_by_administrator(self.server, mailbox, is_to_change=False) as session:
            return session.open_to_read(mailbox) == 0 and session.uidnext == 1

    def delete(self, mailbox: str) -> None:
        """Delete it, with the right to do so."""
        with rights_to_delete(self.server, mailbox, ADMINISTRATOR_MAY):
            delete_mailbox(self.server.admin, mailbox)

    def _is_hidden(self, lane: str, name: str) -> bool:
        """Whether the run never showed the mailbox, and nobody but it could change anything."""
        acl = self.server.admin.acl(name)
        others = (may for who, may in acl.items() if who != self.server.admin_name)
        return not self._was_shown(lane) and not _TO_TOUCH & set("".join(others))

    def _open_again(self, lane: str, name: str) -> None:
        """What the run, or an undo that was killed, had shut, and stays, is opened as planned.

        What somebody else has narrowed since stays as narrow as that.
        """
        is_shut = set(self.server.admin.acl(name)) <= {self.server.admin_name}
        if is_shut or self._is_hidden(lane, name):
            self._set_rights(name, self._planned_rights(lane))

    def _planned_rights(self, lane: str) -> Mapping[str, str]:
        giving = self._giving_rights(lane)
        return {} if giving is None else giving[1].rights

    def _was_shown(self, lane: str) -> bool:
        giving = self._giving_rights(lane)
        return giving is not None and self.record.receipt(giving[0]) is not None

    def _giving_rights(self, lane: str) -> tuple[int, GiveRights] | None:
        """The step that shows the mailbox, with its number."""
        for number, step in self.record.steps_of_lane(ACCOUNT_LANE):
            if isinstance(step, GiveRights) and step.mailbox == lane:
                return number, step
        return None

    def _set_rights(self, mailbox: str, rights: Mapping[str, str]) -> None:
        admin, name = self.server.admin, self.server.admin_name
        for identifier, may in rights.items():
            if identifier != name:
                admin.set_rights(mailbox, identifier, may)
        admin.set_rights(mailbox, name, rights.get(name, ""))
