"""Which part of an undo takes back which step of a restore into a spool."""

from __future__ import annotations

from respool.errors import ServerSaidNo
from respool.model.dataclasses import dataclass
from respool.runs.actor import RunRecord, Undoing
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool import annotating, limits, rebuilding, subscribing
from respool.targets.spool.beginnings import Beginnings
from respool.targets.spool.created_account import take_account_back
from respool.targets.spool.emptying import AdoptedMailboxes
from respool.targets.spool.limits import Settled
from respool.targets.spool.steps import (
    AddToMailbox,
    AdoptMailbox,
    Annotate,
    BuildConversations,
    CreateAccount,
    CreateMailbox,
    GiveRights,
    RaiseQuota,
    RepairQuota,
    SettleQuota,
    SpoolStep,
    Subscribe,
)
from respool.targets.spool.taking_back import MadeMailboxes
from respool.targets.spool.whereabouts import Finder


@dataclass(frozen=True, slots=True, kw_only=True)
class Takings:
    """Takes back the steps of one run: whatever was done to a mailbox goes, or stays, with it."""

    server: CyrusServer
    beginnings: Beginnings
    made: MadeMailboxes
    adopted: AdoptedMailboxes

    @classmethod
    def of_run(cls, server: CyrusServer, record: RunRecord) -> Takings:
        """Those of one run; nothing is looked at yet."""
        finder, beginnings = Finder(server=server, record=record), Beginnings(record)
        return cls(
            server=server,
            beginnings=beginnings,
            made=MadeMailboxes(server=server, record=record, finder=finder, beginnings=beginnings),
            adopted=AdoptedMailboxes(server=server, record=record, finder=finder),
        )

    def take_back(self, step: SpoolStep, undoing: Undoing) -> str | None:
        """Put back what the step changed; why it is left, where somebody touched it."""
        match step:
            case CreateAccount():
                return take_account_back(self.made, step, undoing)
            case RaiseQuota() | RepairQuota() | SettleQuota() | BuildConversations():
                return self._count(step)
            case CreateMailbox() | AdoptMailbox() | AddToMailbox():
                return self._mailbox(step, undoing)
            case Subscribe():
                return self._unsubscribe(step, undoing)
            case Annotate():
                return self._annotations(step, undoing)
            case _:
                mailbox = step.mailbox if isinstance(step, GiveRights) else step.lane
                return self._of(mailbox, undoing)

    def _of(self, mailbox: str, undoing: Undoing) -> str | None:
        """What becomes of the mailbox."""
        adopted = self.beginnings.adopted
        if mailbox in adopted:
            return self.adopted.take_back(
                mailbox, adopted[mailbox], was_cut_off=undoing.was_cut_off
            )
        return self.made.take_back(mailbox, undoing)

    def _is_of_run(self, mailbox: str) -> bool:
        """Whether what bears the name now, if anything, is what the run worked on."""
        if not self.server.admin.exists(mailbox):
            return True
        uniqueid = self.beginnings.adopted.get(mailbox)
        return uniqueid is not None and self.server.uniqueid(mailbox) == uniqueid

    def _mailbox(
        self, step: CreateMailbox | AdoptMailbox | AddToMailbox, undoing: Undoing
    ) -> str | None:
        """What was there before, and held mail, is left to the steps that added to it."""
        if isinstance(step, AddToMailbox) or undoing.before.get("existed"):
            return None
        kept = self._of(step.mailbox, undoing)
        was_apart = undoing.before.get("was_shared") is False
        if isinstance(step, AdoptMailbox) and step.is_seen_shared and was_apart and kept is None:
            uniqueid = undoing.done.get("uniqueid") or undoing.before.get("uniqueid")
            self.adopted.share_no_more(step.mailbox, uniqueid)
        return kept

    def _unsubscribe(self, step: Subscribe, undoing: Undoing) -> str | None:
        kept = self._of(step.mailbox, undoing)
        was_apart = undoing.before.get("was_subscribed") is False
        if kept is None and was_apart and self._is_of_run(step.mailbox):
            subscribing.unsubscribe(self.server, step)
        return kept

    def _annotations(self, step: Annotate, undoing: Undoing) -> str | None:
        kept = self._of(step.lane, undoing)
        if kept is None and "had" in undoing.before and self._is_of_run(step.lane):
            annotating.remove(self.server, step, undoing.before["had"])
        return kept

    def _count(
        self, step: RaiseQuota | RepairQuota | SettleQuota | BuildConversations
    ) -> str | None:
        if isinstance(step, RepairQuota) and self.server.admin.exists(step.mailbox):
            rebuilding.count_again(self.server, step)
        if isinstance(step, RaiseQuota):
            settled = self._settled(step)
            if settled is Settled.NO:
                return "what is used does not fit below the former limits any more"
        return None

    def _settled(self, step: RaiseQuota) -> Settled:
        """What becomes of the limits; of a root that is gone there are none any more."""
        try:
            return limits.settle(self.server, step.root, step.former, step.limits)
        except ServerSaidNo:
            if self.server.admin.exists(step.root):
                raise
            return Settled.BY_OTHERS
