"""Carries out the steps of a restore into a live server's spool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from respool.runs.actor import Note, RunRecord
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool import copying, creation, index_writing, rebuilding
from respool.targets.spool.created import CreatedMailboxes
from respool.targets.spool.steps import (
    BuildConversations,
    BuildSearchIndex,
    CopyMessages,
    CreateMailbox,
    GiveRights,
    RebuildMailbox,
    RepairQuota,
    SpoolStep,
    Subscribe,
    WriteIndex,
)


@dataclass(frozen=True, slots=True)
class SpoolActor:
    """One server, one run. Writes only into mailboxes that this run created."""

    server: CyrusServer
    record: RunRecord
    created: CreatedMailboxes

    def observe(self, step: SpoolStep) -> Note:
        """What the step is about to change, as it is now."""
        match step:
            case CreateMailbox():
                return {"existed": self.server.admin.exists(step.mailbox)}
            case GiveRights():
                return {"rights": self.server.admin.acl(step.mailbox)}
            case RepairQuota():
                return {"use": rebuilding.quota_use(self.server, step.mailbox)}
            case _:
                return {}

    def perform(self, step: SpoolStep, before: Note) -> Note:
        """Do the step; done twice it is the same as once."""
        match step:
            case CreateMailbox():
                note = creation.create(self.server, step, before)
            case CopyMessages():
                directories = self.created.directories(step.lane)
                note = copying.copy(step, directories, self.server.owner)
            case WriteIndex():
                note = index_writing.write(self._lane_of(step), self.server, self.record)
            case RebuildMailbox():
                self.created.check(step.lane)
                is_whole = self._is_cache_whole(step.lane)
                note = rebuilding.rebuild(self.server, step.lane, is_cache_whole=is_whole)
            case BuildSearchIndex():
                note = rebuilding.build_search_index(self.server, step.lane)
            case RepairQuota():
                note = rebuilding.repair_quota(self.server, step)
            case BuildConversations():
                note = rebuilding.build_conversations(self.server, step.userid)
            case GiveRights():
                self.created.check(step.mailbox)
                note = creation.give_rights(self.server, step)
            case Subscribe():
                note = creation.subscribe(self.server, step)
            case _:
                assert_never(step)
        return note

    def _is_cache_whole(self, lane: str) -> bool:
        return any(
            kind == WriteIndex.kind and receipt["is_cache_whole"]
            for kind, receipt in self.record.receipts_of_lane(lane)
        )

    def _lane_of(self, step: WriteIndex) -> index_writing.Lane:
        return index_writing.Lane(
            step=step,
            directories=self.created.directories(step.lane),
            uidvalidity=self.created.uidvalidity(step.lane),
        )


def spool_actor(server: CyrusServer, record: RunRecord) -> SpoolActor:
    """An actor for every kind of spool step of one run."""
    return SpoolActor(server, record, CreatedMailboxes(server, record))
