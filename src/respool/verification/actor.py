"""Reads mailboxes back from the live server and compares them with the plan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any, Protocol

from respool.errors import LoginRefused, RespoolError, ServerSaidNo, StepFailed
from respool.model.accounts import INBOX
from respool.model.dataclasses import dataclass
from respool.planning.proof import ProveMailbox
from respool.planning.step import MessageStep, PlannedMessage
from respool.runs.actor import Note, OnlyLooks, RunRecord
from respool.system.borrowed_rights import borrowed_rights
from respool.system.cyrus_server import CyrusServer
from respool.system.imap import ImapSession
from respool.system.namespaces import personal_prefix
from respool.verification.compare import compare_message

OWNER_MAY = "lr"
MOST_DIFFERENCES = 1000  # kept one by one; more are counted

_EXPUNGED_UID = re.compile(r"^UID: (\d+)", re.MULTILINE)

BY_OWNER = "owner"
BY_ADMINISTRATOR = "administrator"


class CreatedByRun(Protocol):
    """Knows which mailboxes a run created."""

    def check(self, mailbox: str) -> None:
        """Raise StepFailed unless ``mailbox`` is still the one that the run created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofActor(OnlyLooks):
    """Proves mailboxes of one server against the plan of one run."""

    server: CyrusServer
    record: RunRecord
    created: CreatedByRun

    def observe(self, step: ProveMailbox) -> Note:
        """What the owner may do in the mailbox now."""
        if step.owner is None:
            return {}
        return {"owner_rights": self.server.admin.acl(step.lane).get(step.owner, "")}

    def perform(self, step: ProveMailbox, before: Note) -> Note:
        """Read back and compare; every difference is a value, none is an error."""
        self.created.check(step.lane)
        is_shut = not set(OWNER_MAY) <= set(before.get("owner_rights", ""))
        if step.owner is not None and is_shut and not step.may_grow:
            self.server.admin.set_rights(step.lane, step.owner, OWNER_MAY)
        return self._read(step)

    def prove_again(self, step: ProveMailbox) -> Note:
        """As `perform`, at any later time: no right of the owner is touched.

        A folder that is gone, that another has replaced, or that its owner may not open
        any more is a difference.
        """
        try:
            self.created.check(step.lane)
            note = self._read(step)
            return self._with_deleted(step.lane, note) if note["counts"].get("missing") else note
        except (ServerSaidNo, StepFailed) as error:
            return self._unreadable(step, error)

    def _with_deleted(self, lane: str, note: Note) -> Note:
        """Tell what was deleted from what is lost: only the former the server still knows.

        Source: imap/unexpunge.c, ``-l``: what was expunged and is kept, by UID.
        """
        listed = self.server.run_tool("unexpunge", "-l", "--", lane)
        kept = {int(found) for found in _EXPUNGED_UID.findall(listed.output)}
        counts: Counter[str] = Counter(note["counts"])
        differs = [
            {**each, "aspect": "deleted"}
            if each["aspect"] == "missing" and each["uid"] in kept
            else each
            for each in note["differs"]
        ]
        of_plan = kept & {message.uid for group, _ in self._expected(lane) for message in group}
        counts["deleted"] = min(len(of_plan), counts["missing"])
        counts["missing"] -= counts["deleted"]
        return {**note, "differs": differs, "counts": dict(+counts)}

    def _read(self, step: ProveMailbox) -> Note:
        with ExitStack() as stack:
            try:
                owner = self._as_owner(step, stack)
            except LoginRefused as error:
                reader, opened = self._opened_as_administrator(step.lane, stack)
                note = self._compared(step, reader, messages=opened, by=BY_ADMINISTRATOR)
                return {**note, "why_administrator": f"{error.what}: {error.why}"}
            prefix, separator = personal_prefix(owner)
            name = prefix + separator.join(step.parts) if step.parts else INBOX
            opened = owner.open_to_read(name)
            return self._compared(step, owner, messages=opened, by=BY_OWNER)

    def _unreadable(self, step: ProveMailbox, error: RespoolError) -> Note:
        expected = sum(
            message.uid not in lost
            for group, lost in self._expected(step.lane)
            for message in group
        )
        found = error.what if error.why is None else f"{error.what}: {error.why}"
        difference = {"uid": None, "aspect": "folder", "planned": "as restored", "found": found}
        return {
            "by": None,
            "expected": expected,
            "proven": 0,
            "counts": {"folder": 1},
            "differs": [difference],
            "messages_in_target": None,
        }

    def _as_owner(self, step: ProveMailbox, stack: ExitStack) -> ImapSession:
        if step.owner is None:
            raise LoginRefused("nobody owns this mailbox")
        return stack.enter_context(self.server.as_user(step.owner))

    def _opened_as_administrator(self, lane: str, stack: ExitStack) -> tuple[ImapSession, int]:
        """The administrator may look only where the rights say so: he gets ``lr`` meanwhile.

        The receipt says that he looked.
        """
        stack.enter_context(borrowed_rights(self.server, lane, OWNER_MAY))
        reader = stack.enter_context(self.server.as_user(self.server.admin_name))
        return reader, reader.open_to_read(lane)

    def _compared(
        self, step: ProveMailbox, reader: ImapSession, *, messages: int, by: str
    ) -> Note:
        planned = proven = 0
        differs: list[dict[str, Any]] = []
        counts: Counter[str] = Counter()
        for group, lost in self._expected(step.lane):
            wanted = {message.uid: message for message in group if message.uid not in lost}
            planned += len(wanted)
            sizes = {uid: message.size_bytes for uid, message in wanted.items()}
            found = {message.uid: message for message in reader.read_back(sizes)}
            for uid, message in wanted.items():
                differences = compare_message(
                    message,
                    found.get(uid),
                    is_seen_known=by == BY_OWNER or step.is_seen_shared,
                )
                proven += not differences
                counts.update(difference.aspect for difference in differences)
                if len(differs) < MOST_DIFFERENCES:
                    differs.extend(asdict(difference) for difference in differences)
        return {
            "by": by,
            "expected": planned,
            "proven": proven,
            "counts": dict(counts),
            "differs": differs,
            "messages_in_target": None if step.may_grow else messages,
        }

    def _expected(self, lane: str) -> Iterator[tuple[tuple[PlannedMessage, ...], frozenset[int]]]:
        """Each group of planned messages with the UIDs that the backup itself had lost."""
        for number, step in self.record.steps_of_lane(lane):
            if isinstance(step, MessageStep):
                receipt = self.record.receipt(number) or {}
                lost = frozenset(int(uid) for uid in receipt.get("lost", {}))
                guids: Mapping[str, str] = receipt.get("guids", {})
                messages = tuple(
                    message._replace(guid=guids.get(str(message.uid)))
                    if message.guid is None
                    else message
                    for message in step.messages
                )
                yield messages, lost
