"""Reads mailboxes back from the live server and compares them with the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Any

from respool.errors import LoginRefused, RespoolError, ServerSaidNo
from respool.planning.proof import ProveMailbox
from respool.planning.step import MessageStep, PlannedMessage
from respool.runs.actor import Note, RunRecord
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession, SeenMessage
from respool.verification.compare import ReadBack, compare_message

OWNER_MAY = "lr"
MOST_DIFFERENCES = 1000  # kept one by one; more are counted

BY_OWNER = "owner"
BY_ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofActor:
    """Proves mailboxes of one server against the plan of one run."""

    server: CyrusServer
    record: RunRecord

    def observe(self, step: ProveMailbox) -> Note:
        """What the owner may do in the mailbox now."""
        if step.owner is None:
            return {}
        return {"owner_rights": self.server.admin.acl(step.lane).get(step.owner, "")}

    def perform(self, step: ProveMailbox, before: Note) -> Note:
        """Read back and compare; every difference is a value, none is an error."""
        if step.owner is not None and not set(OWNER_MAY) <= set(before.get("owner_rights", "")):
            self.server.admin.set_rights(step.lane, step.owner, OWNER_MAY)
        return self.prove(step)

    def prove(self, step: ProveMailbox) -> Note:
        """As `perform`, without touching any right: for a look at any later time."""
        with ExitStack() as stack:
            try:
                reader, opened = self._opened_as_owner(step, stack)
            except (LoginRefused, ServerSaidNo) as error:
                why = f"{error.what}: {error.why}"
                reader, opened = self._opened_as_administrator(step.lane, stack)
                note = self._compared(step, reader, messages=opened, by=BY_ADMINISTRATOR)
                return {**note, "why_administrator": why}
            return self._compared(step, reader, messages=opened, by=BY_OWNER)

    def gone(self, step: ProveMailbox, error: RespoolError) -> Note:
        """The note of a mailbox that cannot be read any more: every message is missing."""
        expected = sum(
            message.uid not in lost
            for group, lost in self._expected(step.lane)
            for message in group
        )
        difference = {"uid": None, "aspect": "folder", "planned": "there", "found": error.why}
        return {
            "by": None,
            "expected": expected,
            "proven": 0,
            "wrong": expected,
            "differs": [difference],
            "messages_in_target": None,
        }

    def _opened_as_owner(self, step: ProveMailbox, stack: ExitStack) -> tuple[ImapSession, int]:
        if step.owner is None:
            raise LoginRefused("nobody owns this mailbox")
        owner = stack.enter_context(self.server.as_user(step.owner))
        prefix, separator = owner.personal_prefix()
        return owner, owner.open_to_read(prefix + separator.join(step.parts))

    def _opened_as_administrator(self, lane: str, stack: ExitStack) -> tuple[ImapSession, int]:
        """The administrator may look only where the rights say so: he gets ``lr`` meanwhile."""
        admin, name = self.server.admin, self.server.admin_name
        rights = admin.acl(lane).get(name, "")
        if not set(OWNER_MAY) <= set(rights):
            stack.callback(admin.set_rights, lane, name, rights)
            admin.set_rights(lane, name, OWNER_MAY + rights)
        reader = stack.enter_context(self.server.as_user(name))
        return reader, reader.open_to_read(lane)

    def _compared(
        self, step: ProveMailbox, reader: ImapSession, *, messages: int, by: str
    ) -> Note:
        planned = proven = 0
        differs: list[dict[str, Any]] = []
        wrong = 0
        for group, lost in self._expected(step.lane):
            wanted = {message.uid: message for message in group if message.uid not in lost}
            planned += len(wanted)
            sizes = {uid: message.size_bytes for uid, message in wanted.items()}
            found = {seen.uid: seen for seen in reader.read_back(sizes)}
            for uid, message in wanted.items():
                read = found.get(uid)
                back = None if read is None else _read_back(read)
                differences = compare_message(message, back, is_seen_known=by == BY_OWNER)
                if not differences:
                    proven += 1
                    continue
                wrong += 1
                if len(differs) < MOST_DIFFERENCES:
                    differs.extend(asdict(difference) for difference in differences)
        return {
            "by": by,
            "expected": planned,
            "proven": proven,
            "wrong": wrong,
            "differs": differs,
            "messages_in_target": messages,
        }

    def _expected(self, lane: str) -> Iterator[tuple[tuple[PlannedMessage, ...], frozenset[int]]]:
        """Each group of planned messages with the UIDs that the backup itself had lost."""
        for number, step in self.record.steps_of_lane(lane):
            if isinstance(step, MessageStep):
                receipt = self.record.receipt(number) or {}
                lost = frozenset(int(uid) for uid in receipt.get("lost", {}))
                guids: Mapping[str, str] = receipt.get("guids", {})
                messages = tuple(
                    replace(message, guid=guids.get(str(message.uid)))
                    if message.guid is None
                    else message
                    for message in step.messages
                )
                yield messages, lost


def _read_back(seen: SeenMessage) -> ReadBack:
    return ReadBack(
        uid=seen.uid,
        flags=seen.flags,
        internaldate=seen.internaldate,
        size_bytes=seen.size_bytes,
        guid=seen.guid,
    )
