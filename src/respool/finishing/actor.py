"""Carries out the steps that tell BlueMind of a restore, and takes them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from respool.bluemind import api_requests
from respool.bluemind.api_answers import operation_ids, values_of
from respool.errors import BluemindFault
from respool.finishing import by_hand, directory_quota, mailshares
from respool.finishing.asking import Asking, is_unknown
from respool.finishing.looking import Looking
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
from respool.finishing.tasks import Ended, carried_out, is_warning, wrong_entries
from respool.runs.actor import Note, RunRecord, Undoing
from respool.system.cyrus_server import CyrusServer

_MOST_TOLD = 200
# Rights and dummy messages are of folders that are there: nothing is to be told of those.
_OF_WHAT_IS_GONE = frozenset({"mailboxQuota", "mailboxSubscription", "replication.subtree"})


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
        """Tell BlueMind again, now that the folders are gone; what was made or raised goes."""
        match step:
            case CreateMailshare():
                return mailshares.take_back(self.asking, self.server, step, undoing)
            case RaiseDirectoryQuota():
                return directory_quota.lower_again(self.asking, step, undoing)
            case Repair() | ConsolidateIndex():
                self._tell_again(step)
                return None
            case _:
                return None

    def _tell(self, step: SaveRights | Repair | ConsolidateIndex) -> Note:
        match step:
            case SaveRights():
                return self._save_rights(step)
            case Repair():
                return self._repair(step)
            case ConsolidateIndex():
                return self._consolidate(step)

    def _save_rights(self, step: SaveRights) -> Note:
        """The list as it is read, with verbs that nobody here knows."""
        answer = self.asking.ask(api_requests.mailbox_acl(step.domain, step.entry))
        entries = list(values_of(answer or [], "an AccessControlEntry"))
        self.asking.ask(api_requests.save_mailbox_acl(step.domain, step.entry, entries))
        return {"saved": len(entries)}

    def _repair(self, step: Repair) -> Note:
        if not self._is_offered(step):
            return {"operation": step.operation, "skipped": "this BlueMind has no such repair"}
        wrong = list(wrong_entries(self._repaired(step)))
        warned = [f"{what}: {said}" for what, state, said in wrong if is_warning(state)]
        failed = [said for _, state, said in wrong if not is_warning(state)]
        note: Note = {"operation": step.operation, "warnings": [_short(each) for each in warned]}
        if not failed:
            return note
        again = by_hand.repair_command((step.operation,), step.address)
        left = f"{again} (BlueMind said: {_short('; '.join(failed))})"
        return {**note, "failed": [_short(each) for each in failed], "left_to_do": [left]}

    def _is_offered(self, step: Repair) -> bool:
        """Unknown ids are passed over in silence, and by then it may be another version."""
        request = api_requests.repair_operations(step.domain, step.entry)
        return step.operation in operation_ids(self.asking.ask(request))

    def _repaired(self, step: Repair) -> Ended:
        family = self.asking.core().family
        request = api_requests.repair(family, step.domain, step.entry, (step.operation,))
        return carried_out(self.asking, request, known_id=f"repair-{step.entry}@{step.domain}")

    def _consolidate(self, step: ConsolidateIndex) -> Note:
        ended = carried_out(self.asking, api_requests.consolidate_index(step.domain, step.entry))
        failed = [said for _, state, said in wrong_entries(ended) if not is_warning(state)]
        if not failed:
            return {"task": ended.id}
        again = by_hand.index_click(self.asking.core().family, step.address)
        return {
            "task": ended.id,
            "failed": [_short(each) for each in failed],
            "left_to_do": [f"{again} (BlueMind said: {_short('; '.join(failed))})"],
        }

    def _tell_again(self, step: Repair | ConsolidateIndex) -> None:
        """What is gone from the directory, as a mailshare that was made, needs no telling."""
        try:
            if isinstance(step, Repair):
                if step.operation in _OF_WHAT_IS_GONE and self._is_offered(step):
                    self._repaired(step)
            else:
                carried_out(self.asking, api_requests.consolidate_index(step.domain, step.entry))
        except BluemindFault as error:
            if not is_unknown(error):
                raise

    def _look(self, step: LastLook) -> Note:
        looking = Looking(server=self.server, record=self.record, patience=self.asking.patience)
        return looking.look(step)


def _short(text: str) -> str:
    return text[:_MOST_TOLD]
