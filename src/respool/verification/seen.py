r"""Reads back, as each reader himself, which messages of a mailbox he has read."""

from __future__ import annotations

from collections.abc import Iterator

from respool.errors import LoginRefused, ServerSaidNo, StepFailed
from respool.model.dataclasses import dataclass
from respool.model.names import MailboxName
from respool.model.state import UidSet
from respool.planning.proof import ProveSeen
from respool.planning.step import SeenStep
from respool.runs.actor import Note, OnlyLooks, RunRecord
from respool.runs.placed_steps import as_placed
from respool.system.cyrus_server import CyrusServer
from respool.system.namespaces import name_for
from respool.system.read_marks import seen_among
from respool.verification.actor import CreatedByRun

_MOST_NAMED = 100  # ranges of UIDs that are named; all are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProofActor(OnlyLooks):
    """Proves what readers were given back in one run."""

    server: CyrusServer
    record: RunRecord
    created: CreatedByRun

    def observe(self, _step: ProveSeen) -> Note:
        """Nothing is about to change."""
        return {}

    def perform(self, step: ProveSeen, _before: Note) -> Note:
        """Log in anew as each reader who was given his marks, and compare."""
        self.created.check(step.lane)
        return {"readers": list(self._readers(step.lane))}

    def prove_again(self, step: ProveSeen) -> Note:
        """As `perform`, at any later time; of a folder that is gone nothing is there."""
        try:
            return self.perform(step, {})
        except StepFailed as error:
            why = error.what if error.why is None else f"{error.what}: {error.why}"
            return {"readers": [], "why": why}

    def _readers(self, lane: str) -> Iterator[Note]:
        for number, step in self.record.steps_of_lane(lane):
            receipt = self.record.receipt(number) or {}
            if isinstance(step, SeenStep) and "left" not in receipt:
                yield self._of_reader(
                    as_placed(self.record, step), others=UidSet.parse(receipt.get("others", ""))
                )

    def _of_reader(self, step: SeenStep, *, others: UidSet) -> Note:
        """What he sees. ``others`` are UIDs that he had read before he was given any."""
        uids = UidSet.parse(step.uids)
        mailbox = MailboxName(domain=step.domain, parts=step.parts)
        note: Note = {"reader": step.reader, "planned": uids.count}
        domain = self.server.default_domain
        try:
            with self.server.as_user(step.reader) as reader:
                reader.open_to_read(name_for(reader, step.reader, mailbox, default_domain=domain))
                found = seen_among(reader, uids)
        except (LoginRefused, ServerSaidNo) as error:
            why = error.what if error.why is None else f"{error.what}: {error.why}"
            return {**note, "proven": 0, "missing": "", "since": 0, "closed": why}
        missing = uids.minus(found)
        since = found.minus(uids).minus(others)
        return {
            **note,
            "proven": uids.count - missing.count,
            "missing": str(UidSet(ranges=missing.ranges[:_MOST_NAMED])),
            "since": since.count,
            "closed": None,
        }
