"""Taking back the mailboxes that a run made: each goes whole, or stays if it was touched.

Between the look at a mailbox and its deletion somebody may still change it. Where the
server keeps a copy of what is deleted, that copy, out of everybody's reach, is compared
once more before it goes, and gets its name back if it differs. Elsewhere the mailbox is
shut to all but the administrator first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from respool.errors import StepFailed
from respool.planning.step import ACCOUNT_LANE
from respool.runs.actor import RunRecord
from respool.system.administrator_access import opened_by_administrator
from respool.system.borrowed_rights import rights_to_delete
from respool.system.cyrus_server import CyrusServer
from respool.system.mailbox_admin import delete_mailbox, rename_mailbox
from respool.targets.spool.beginnings import Beginnings
from respool.targets.spool.creation import ADMINISTRATOR_MAY
from respool.targets.spool.emptying import expunge_untouched
from respool.targets.spool.naming_files import forget_waiting
from respool.targets.spool.steps import GiveRights
from respool.targets.spool.touched import Touched, compared, held_now, left_by_run
from respool.targets.spool.whereabouts import Finder, Whereabouts, deleted_at


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeMailboxes:
    """Takes back mailboxes that one run had the server create, each once."""

    server: CyrusServer
    record: RunRecord
    finder: Finder
    beginnings: Beginnings
    settled: dict[str, str | None] = field(default_factory=dict)

    def take_back(self, mailbox: str, *, is_forced: bool) -> str | None:
        """Remove ``mailbox``, after all that the run made below it; why it is left."""
        if mailbox not in self.settled:
            made = self.beginnings.made
            family = {
                name for name in made if name == mailbox or self.finder.is_below(name, mailbox)
            }
            for each in sorted(family - self.settled.keys(), key=len, reverse=True):
                kept = self._settle(each, made[each], is_forced=is_forced)
                if kept is not None:
                    self._forget_copies(each, made[each])
                self.settled[each] = kept
        return self.settled.get(mailbox)

    def remove_empty(self, mailbox: str) -> str | None:
        """Remove a mailbox that holds nothing, and the copy that the server keeps of it."""
        uniqueid = self.server.uniqueid(mailbox)
        if uniqueid is None:
            return "it has no id"
        self._delete(mailbox)
        found = self.finder.find(mailbox, uniqueid)
        if found.whereabouts is Whereabouts.DELETED and found.name is not None:
            self._delete(found.name)
        return None

    def _settle(self, mailbox: str, uniqueid: str | None, *, is_forced: bool) -> str | None:
        if uniqueid is None:
            return self._never_finished(mailbox)
        found = self.finder.find(mailbox, uniqueid)
        match found.whereabouts:
            case Whereabouts.GONE:
                return None
            case Whereabouts.RENAMED:
                return f"somebody renamed it: it is {found.name} now"
            case Whereabouts.DELETED:
                return self._purge(mailbox, str(found.name), is_forced=is_forced)
            case Whereabouts.THERE:
                return self._remove(mailbox, uniqueid, is_forced=is_forced)

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

    def _never_finished(self, mailbox: str) -> str | None:
        """Killed while the server made it: what stands there is ours if it never held mail."""
        if mailbox in self.record.overtaken:
            return None  # the later run found nothing there, and made it
        if not self.server.admin.exists(mailbox):
            for copy in self._fresh_copies(mailbox):
                self._delete(copy)
            return None
        uniqueid = self.server.uniqueid(mailbox)
        if uniqueid is None or not self._is_unused(mailbox):
            return "it has held mail, and the run was cut off before it knew that it had made it"
        return self._remove(mailbox, uniqueid, is_forced=False)

    def _fresh_copies(self, mailbox: str) -> list[str]:
        """Copies, never used, of what was deleted under this name since the plan was made."""
        since = int(self.record.head().made_at.timestamp())
        return [
            copy
            for copy in self.finder.deleted_copies(mailbox)
            if deleted_at(copy, self.server.separator) >= since and self._is_unused(copy)
        ]

    def _remove(self, mailbox: str, uniqueid: str, *, is_forced: bool) -> str | None:
        touched = self._touched(mailbox, mailbox)
        if not (touched.is_nothing or is_forced):
            self._open_again(mailbox)
            return f"somebody touched it: {touched.text()}"
        below = self.finder.below(mailbox)
        if below:
            return self._empty(mailbox, below[0])
        if not self.finder.is_delayed:
            return self._shut_and_delete(mailbox, is_forced=is_forced)
        rights = self.server.admin.acl(mailbox)
        self._delete(mailbox)
        found = self.finder.find(mailbox, uniqueid)
        if found.whereabouts is not Whereabouts.DELETED or found.name is None:
            return None
        kept = self._purge(mailbox, found.name, is_forced=is_forced)
        if kept is not None and not is_forced:
            rename_mailbox(self.server.admin, found.name, mailbox)
            self._set_rights(mailbox, rights)
        return kept

    def _empty(self, mailbox: str, child: str) -> str:
        """What holds a folder that stays is not deleted: only its messages go."""
        expunge_untouched(self.server, self.record, mailbox)
        return f"its messages went, but it holds {child}"

    def _shut_and_delete(self, mailbox: str, *, is_forced: bool) -> str | None:
        admin, name = self.server.admin, self.server.admin_name
        rights = admin.acl(mailbox)
        for identifier in rights:
            if identifier != name:
                admin.set_rights(mailbox, identifier, "")
        touched = self._touched(mailbox, mailbox)
        if touched.foreign or not (touched.is_nothing or is_forced):
            self._set_rights(mailbox, rights)
            no_copy = "; this server keeps no copy of what is deleted" if touched.foreign else ""
            return f"somebody touched it: {touched.text()}{no_copy}"
        self._delete(mailbox)
        return None

    def _purge(self, mailbox: str, copy: str, *, is_forced: bool) -> str | None:
        touched = self._touched(mailbox, copy)
        if touched.foreign and is_forced:
            return f"{touched.text()}: the server keeps it as {copy} until it forgets it"
        if not (touched.is_nothing or is_forced):
            return f"somebody touched it and deleted it: {touched.text()}; it is {copy} now"
        self._delete(copy)
        return None

    def _touched(self, lane: str, mailbox: str) -> Touched:
        """What became of a lane's messages, in its mailbox or in a deleted copy of it.

        What nothing was ever put into, nobody has touched.
        """
        with opened_by_administrator(self.server, mailbox, is_to_change=False) as session:
            count = session.open_to_read(mailbox)
            if count == 0 and session.uidnext == 1:
                return Touched()
            return compared(left_by_run(self.record, lane), held_now(session, count))

    def _is_unused(self, mailbox: str) -> bool:
        with opened_by_administrator(self.server, mailbox, is_to_change=False) as session:
            return session.open_to_read(mailbox) == 0 and session.uidnext == 1

    def _delete(self, mailbox: str) -> None:
        with rights_to_delete(self.server, mailbox, ADMINISTRATOR_MAY):
            delete_mailbox(self.server.admin, mailbox)

    def _open_again(self, mailbox: str) -> None:
        """What an undo that was killed had shut, and stays, gets its planned rights again."""
        admin = self.server.admin
        if set(admin.acl(mailbox)) <= {self.server.admin_name}:
            self._set_rights(mailbox, self._planned_rights(mailbox))

    def _planned_rights(self, mailbox: str) -> Mapping[str, str]:
        for number, step in self.record.steps_of_lane(ACCOUNT_LANE):
            if isinstance(step, GiveRights) and step.mailbox == mailbox:
                return step.rights if self.record.receipt(number) is not None else {}
        return {}

    def _set_rights(self, mailbox: str, rights: Mapping[str, str]) -> None:
        admin, name = self.server.admin, self.server.admin_name
        for identifier, may in rights.items():
            if identifier != name:
                admin.set_rights(mailbox, identifier, may)
        admin.set_rights(mailbox, name, rights.get(name, ""))
