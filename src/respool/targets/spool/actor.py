"""Carries out the steps of a restore into a live server's spool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, assert_never

from respool.errors import StepFailed
from respool.model.dataclasses import dataclass
from respool.runs.actor import Note, RunRecord, Undoing, perform_alone
from respool.runs.hands import ALONE, Hands
from respool.runs.placed_steps import as_placed
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool import (
    annotating,
    copying,
    creation,
    filling_in_place,
    giving_seen,
    index_writing,
    limits,
    rebuilding,
    subscribing,
)
from respool.targets.spool.created import CreatedMailboxes
from respool.targets.spool.laying_out import Lane
from respool.targets.spool.live_indexes import live_mailboxes
from respool.targets.spool.steps import (
    AddToMailbox,
    AdoptMailbox,
    Annotate,
    BuildConversations,
    BuildSearchIndex,
    CopyMessages,
    CreateAccount,
    CreateMailbox,
    GiveRights,
    GiveSeen,
    RaiseQuota,
    RebuildMailbox,
    RepairQuota,
    SettleQuota,
    SpoolStep,
    Subscribe,
    WriteIndex,
)
from respool.targets.spool.takings import Takings

_SOON: Final = (CreateMailbox, WriteIndex, RebuildMailbox, BuildSearchIndex, GiveRights, Subscribe)


@dataclass(frozen=True, slots=True)
class SpoolActor:
    """One server, one run. Writes only into mailboxes that this run created or adopted."""

    server: CyrusServer
    record: RunRecord
    created: CreatedMailboxes
    takings: Takings
    ahead: frozenset[str] = frozenset({CopyMessages.kind})
    looks_soon: frozenset[str] = frozenset(step.kind for step in _SOON)

    def observe(self, step: SpoolStep) -> Note:
        """What the step is about to change, as it is now."""
        match step:
            case CreateAccount():
                at = int(datetime.now(UTC).timestamp())
                return {"existed": self.server.admin.exists(step.mailbox), "at": at}
            case CreateMailbox():  # in an account that this run has made, all is of this run
                is_there = self.server.admin.exists(step.mailbox)
                return {"existed": is_there and not step.may_be_there}
            case RaiseQuota():
                return {"limits": limits.limits_now(self.server, step.root)}
            case GiveRights():
                return {"rights": self.server.admin.acl(step.mailbox)}
            case RepairQuota():
                return {"use": rebuilding.quota_use(self.server, step.mailbox)}
            case _:
                return self._observe_live(step)

    def _observe_live(self, step: SpoolStep) -> Note:
        """What was there before, so that an undo leaves it."""
        match step:
            case AddToMailbox():
                return {"uniqueid": self.server.uniqueid(step.mailbox)}
            case AdoptMailbox():
                live = live_mailboxes(self.server, [step.mailbox])[step.mailbox]
                uniqueid = self.server.uniqueid(step.mailbox)
                return {"was_shared": live.is_seen_shared, "uniqueid": uniqueid}
            case Subscribe():
                return subscribing.subscribed_before(self.server, step)
            case Annotate() if self.created.is_adopted(step.lane):
                return {"had": annotating.present_before(self.server, step)}
            case _:
                return {}

    def perform(self, step: SpoolStep, before: Note) -> Note:
        """Do the step; done twice it is the same as once."""
        match step:
            case CopyMessages() | WriteIndex() | RebuildMailbox() | BuildSearchIndex():
                return self._fill(step)
            case RaiseQuota() | RepairQuota() | SettleQuota():
                return self._count(step, before)
            case AddToMailbox():
                return creation.add_to(self.server, step, before)
            case CreateAccount() | CreateMailbox() | AdoptMailbox():
                return self._create(step, before)
            case BuildConversations():
                return rebuilding.build_conversations(self.server, step.userid)
            case GiveRights() | Subscribe() | GiveSeen() | Annotate():
                return self._give(step)
            case _:
                assert_never(step)

    def perform_by(self, step: SpoolStep, before: Note, hands: Hands) -> Note:
        """As `perform`; other processes give names while an index is laid out."""
        if isinstance(step, WriteIndex):
            return self._write_index(step, hands)
        return self.perform(step, before)

    def perform_unflushed(
        self, step: CopyMessages, _before: Note, hands: Hands
    ) -> copying.CopiedGroup:
        """Copy a group while former ones are flushed."""
        with self._same_directories(step) as destination:
            task = copying.Task(step=step, destination=destination)
            return copying.CopiedGroup.of(hands.do(copying.copy, task))

    def flush(self, done: Sequence[copying.CopiedGroup]) -> None:
        """Make groups that were copied last, all at once."""
        copying.flush(done)

    def take_back(self, step: SpoolStep, undoing: Undoing) -> str | None:
        """Put back what the step changed, by the mailbox that it belongs to."""
        return self.takings.take_back(step, undoing)

    def _create(self, step: CreateAccount | CreateMailbox | AdoptMailbox, before: Note) -> Note:
        self.created.note_seen(step.mailbox)
        match step:
            case CreateAccount():
                return creation.create_account(self.server, step, before)
            case CreateMailbox():
                return creation.create(self.server, step, before)
            case AdoptMailbox():
                return creation.adopt(self.server, step)

    def _give(self, step: GiveRights | Subscribe | GiveSeen | Annotate) -> Note:
        match step:
            case GiveRights():
                self.created.check(step.mailbox)
                return creation.give_rights(self.server, step)
            case Subscribe():
                return subscribing.subscribe(self.server, step)
            case GiveSeen():
                self.created.check(step.lane)
                return giving_seen.give_seen(self.server, as_placed(self.record, step))
            case Annotate():
                self.created.check(step.lane)
                is_live = self.created.is_adopted(step.lane)
                placed = as_placed(self.record, step)
                return annotating.annotate(self.server, placed, is_live=is_live)

    def _fill(self, step: CopyMessages | WriteIndex | RebuildMailbox | BuildSearchIndex) -> Note:
        match step:
            case CopyMessages():
                return perform_alone(self, step, {})
            case WriteIndex():
                return self._write_index(step, ALONE)
            case RebuildMailbox():
                self.created.check(step.lane)
                return self._rebuild(step)
            case BuildSearchIndex():
                return rebuilding.build_search_index(self.server, step.lane)

    def _rebuild(self, step: RebuildMailbox) -> Note:
        written = [
            receipt
            for kind, receipt in self.record.receipts_of_lane(step.lane)
            if kind == WriteIndex.kind
        ]
        is_newest = bool(written) and bool(written[-1].get("is_newest"))
        return rebuilding.rebuild(self.server, step.lane, is_newest=is_newest)

    def _count(self, step: RaiseQuota | RepairQuota | SettleQuota, before: Note) -> Note:
        match step:
            case RaiseQuota():
                return limits.raise_limits(self.server, step, before)
            case RepairQuota():
                return rebuilding.repair_quota(self.server, step, before)
            case SettleQuota():
                settled = limits.settle(self.server, step.root, step.former, step.limits)
                return {"settled": settled.value}

    @contextmanager
    def _same_directories(self, step: CopyMessages) -> Iterator[copying.Destination]:
        directories = self.created.directories_to_copy(step.lane)
        ownership = self.created.ownership(directories)
        try:
            yield copying.Destination(directories=directories, ownership=ownership)
        except StepFailed:
            self.created.directories(step.lane)  # if that is why, this says so
            raise

    def _write_index(self, step: WriteIndex, hands: Hands) -> Note:
        lane = self._lane_of(step)
        try:
            if lane.is_adopted:
                return filling_in_place.write(lane, self.server, self.record)
            return index_writing.write(lane, self.server, self.record, hands)
        except StepFailed:
            self.created.directories(step.lane)
            raise

    def _lane_of(self, step: WriteIndex) -> Lane:
        directories = self.created.directories(step.lane)
        return Lane(
            step=step,
            directories=directories,
            ownership=self.created.ownership(directories),
            uidvalidity=self.created.uidvalidity(step.lane),
            is_adopted=self.created.is_adopted(step.lane),
        )


def spool_actor(server: CyrusServer, record: RunRecord) -> SpoolActor:
    """An actor for every kind of spool step of one run."""
    return SpoolActor(
        server, record, CreatedMailboxes(server, record), Takings.of_run(server, record)
    )
