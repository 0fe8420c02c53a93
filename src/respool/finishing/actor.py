"""Carries out the steps that tell BlueMind of a restore, and takes them back."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from respool.bluemind import api_requests
from respool.bluemind.api_answers import values_of
from respool.errors import RespoolError
from respool.finishing import by_hand, default_folders, directory_quota, mailshares
from respool.finishing.asking import Asking
from respool.finishing.beyond_account import left_for_others
from respool.finishing.looking import Looking
from respool.finishing.marked import FORCED_REPLICATION, left_alone, marked_messages
from respool.finishing.own_rights import (
    apart_of,
    changed_by,
    folders_of,
    left_as_they_are,
    still_as_given,
    with_own_rights,
)
from respool.finishing.planner import DEFAULTS
from respool.finishing.steps import (
    ConsolidateIndex,
    CreateMailshare,
    FinishingStep,
    LastLook,
    RaiseDirectoryQuota,
    Repair,
    SaveRights,
    SettleDirectoryQuota,
)
from respool.finishing.telling import Telling, not_done
from respool.finishing.whose_entry import left_as_anothers
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.planning.finishing import RIGHTS_BY_REPAIR
from respool.runs.actor import Note, RunRecord, Undoing
from respool.system.cyrus_server import CyrusServer


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishingActor:
    """One core, one run. The core is opened by the first step that needs it."""

    asking: Asking
    server: CyrusServer
    record: RunRecord

    def observe(self, step: FinishingStep) -> Note:
        """What the step is about to change, as it is now."""
        match step:
            case CreateMailshare():
                return mailshares.state_now(self.asking, self.server, step)
            case RaiseDirectoryQuota():
                return {"quota": directory_quota.limit_now(self.asking, step)}
            case Repair(operation=operation) if operation == DEFAULTS:
                return default_folders.lacking_now(self.server, self._root)
            case _:
                return {}

    def perform(self, step: FinishingStep, before: Note) -> Note:
        """Do the step; done twice it is the same as once."""
        match step:
            case CreateMailshare():
                return mailshares.make(self.asking, self.server, step, before)
            case RaiseDirectoryQuota():
                return directory_quota.raise_limit(self.asking, step, before)
            case SettleDirectoryQuota():
                return directory_quota.settle_limit(self.asking, step)
            case Repair(operation=operation) if operation == DEFAULTS:
                return {**self._tell(step), **default_folders.made_since(self.server, before)}
            case SaveRights() | Repair() | ConsolidateIndex():
                return self._tell(step)
            case LastLook():
                return self._look(step)
            case _:
                assert_never(step)

    def prove_again(self, step: LastLook) -> Note:
        """The last look, at any later time."""
        return self._look(step)

    def take_back(self, step: FinishingStep, undoing: Undoing) -> str | None:
        """Tell BlueMind again, now that the folders are gone; what was made or raised goes.

        Whoever insists ends without it: the core may be gone for good.
        """
        try:
            return self._taken_back(step, undoing)
        except RespoolError as error:
            if not undoing.is_forced:
                raise
            return f"{not_done(step)}: {error.what}"

    def _taken_back(self, step: FinishingStep, undoing: Undoing) -> str | None:
        match step:
            case CreateMailshare():
                return mailshares.take_back(self.asking, self.server, step, undoing)
            case RaiseDirectoryQuota():
                return directory_quota.lower_again(self.asking, step, undoing)
            case Repair(operation=operation) if operation == DEFAULTS:
                return default_folders.take_back(self.server, self._root, undoing)
            case Repair() | ConsolidateIndex():
                return Telling(asking=self.asking).tell_again(step)
            case _:
                return None

    def _tell(self, step: SaveRights | Repair | ConsolidateIndex) -> Note:
        """Nothing where its entry is another mailbox's by now."""
        target = self.record.head().request.target
        return left_as_anothers(self.asking, step, target) or self._tell_of(step)

    def _tell_of(self, step: SaveRights | Repair | ConsolidateIndex) -> Note:
        match step:
            case Repair(operation=operation) if operation == FORCED_REPLICATION:
                return self._replicate(step)
            case Repair(operation=operation) if operation == RIGHTS_BY_REPAIR:
                return self._write_rights(step)
            case SaveRights():
                return self._write_rights(step)
            case _:
                return self._telling.tell(step)

    def _replicate(self, step: Repair) -> Note:
        """Not where BlueMind would expunge what somebody has marked as deleted."""
        command = by_hand.repair_command((step.operation,), step.address)
        head = self.record.head()
        target = head.request.target
        left = left_for_others(self.server, target, command)
        if left is None:
            marked = marked_messages(self.server, target.root, head.owner)
            left = left_alone(marked, command) if marked else None
        return left or self._telling.tell(step)

    def _write_rights(self, step: SaveRights | Repair) -> Note:
        """Not where that would change any: somebody may have closed a folder since the plan."""
        head = self.record.head()
        root = head.request.target.root
        everything = folders_of(self.server, root)
        is_made = head.finishing is not None and head.finishing.makes is not None
        ours = {each.target_name for each in head.mailboxes if is_made or each.is_new}
        if not is_made:
            ours = still_as_given(self.server, head.facts.get("rights", ""), ours)
        root_acl = self.server.admin.acl(everything[0])
        answer = self.asking.ask(api_requests.mailbox_acl(step.domain, step.entry))
        listed = list(values_of(answer or [], "an AccessControlEntry"))
        apart = apart_of(self.server, head.request.target, f"{step.entry}@{step.domain}")
        kept = replace(
            changed_by(listed, step.domain, root_acl, apart),
            own=with_own_rights(self.server, everything[0], set(everything) - ours),
        )
        if not kept:
            return self._telling.tell(step)
        return left_as_they_are(kept, head.request.target.address)

    @property
    def _root(self) -> MailboxName:
        return self.record.head().request.target.root

    @property
    def _telling(self) -> Telling:
        """Of a mailshare that is made nobody could ask before which repairs are offered."""
        finishing = self.record.head().finishing
        was_offered = finishing is None or finishing.makes is None
        return Telling(asking=self.asking, was_offered=was_offered)

    def _look(self, step: LastLook) -> Note:
        looking = Looking(server=self.server, record=self.record, patience=self.asking.patience)
        return looking.look(step)
