"""The receipt of a run: what was planned, what reads back, and the verdict. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from respool.model.findings import Finding, Severity
from respool.planning.plan import PlanHead, PlannedMailbox

# What a user may change in a folder that is his; octets, sizes and dates never change.
_USER_MAY_CHANGE = frozenset({"flags", "missing", "extra"})


class Verdict(StrEnum):
    """What may be said of a restore."""

    PROVEN = "proven"  # all that the backup held was read back and is equal
    INCOMPLETE = "proven, backup incomplete"  # the same, but the backup itself lacked mail
    DIFFERS = "differs"  # something is not as planned, or was not read back


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxOutcome:
    """One mailbox: planned, copied, proven, and every difference.

    ``planned`` counts what the plan meant to add; ``lost`` what turned out to be
    missing or damaged in the backup (uid → what was wrong).
    """

    source: str | None
    target: str
    planned: int
    restored: int
    proven: int
    differs: tuple[Mapping[str, Any], ...]
    changed_since: tuple[Mapping[str, Any], ...]
    lost: Mapping[str, str]
    read_by: str | None

    def as_json(self) -> dict[str, Any]:
        """The shape in ``mailboxes`` of a receipt."""
        return {
            "from": self.source,
            "to": self.target,
            "planned": self.planned,
            "restored": self.restored,
            "proven": self.proven,
            "differs": list(self.differs),
            "changed_since": list(self.changed_since),
            "lost": dict(self.lost),
            "read_by": self.read_by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a run did, and what was read back of it."""

    run: int
    head: PlanHead
    mailboxes: tuple[MailboxOutcome, ...]
    phases: Mapping[str, float]
    left_to_do: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(self.phases.values())

    @property
    def planned(self) -> int:
        """Messages that the plan meant to add."""
        return sum(each.planned for each in self.mailboxes)

    @property
    def restored(self) -> int:
        """Messages that were put into the target."""
        return sum(each.restored for each in self.mailboxes)

    @property
    def proven(self) -> int:
        """Messages that were read back equal."""
        return sum(each.proven for each in self.mailboxes)

    @property
    def lost(self) -> int:
        """Messages that the backup itself had lost."""
        in_copying = sum(len(each.lost) for each in self.mailboxes)
        return in_copying + sum(each.lost for each in self.head.mailboxes)

    @property
    def losses(self) -> tuple[Finding, ...]:
        """What the backup has lost: messages, but also names of keywords, or records."""
        return tuple(each for each in self.findings if each.severity is Severity.LOSS)

    @property
    def verdict(self) -> Verdict:
        """Equality first; what the backup lacks is said after it."""
        if any(each.differs for each in self.mailboxes):
            return Verdict.DIFFERS
        touched = sum(
            1
            for each in self.mailboxes
            for uid in {difference["uid"] for difference in each.changed_since}
            if uid is not None
        )
        if self.proven + touched < self.restored:
            return Verdict.DIFFERS
        return Verdict.INCOMPLETE if self.lost or self.losses else Verdict.PROVEN

    def as_json(self) -> dict[str, Any]:
        """The shape of ``restore --json`` and ``verify --json``."""
        head = self.head
        return {
            "run": self.run,
            "account": head.request.account.address,
            "generation": head.generation_label,
            "target": head.target,
            "into": head.into,
            "verdict": self.verdict.value,
            "mailboxes": [each.as_json() for each in self.mailboxes],
            "messages": self.proven,
            "size_bytes": head.size_bytes,
            "lost_in_backup": self.lost,
            "seconds": round(self.seconds, 3),
            "seconds_by_phase": {name: round(each, 3) for name, each in self.phases.items()},
            "note": head.request.note,
            "findings": [finding.as_json() for finding in self.findings],
            "left_to_do": list(self.left_to_do),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneNotes:
    """What the journal has of one mailbox: receipts of its copies and of its proofs.

    ``first_proof`` is the run's own; ``proof`` the one to be reported.
    """

    lost: Mapping[str, str]
    proof: Mapping[str, Any] | None
    first_proof: Mapping[str, Any] | None


def outcome_of(planned: PlannedMailbox, notes: LaneNotes) -> MailboxOutcome:
    """One mailbox of a receipt."""
    restored = planned.messages - len(notes.lost)
    proof = notes.proof
    differs: Sequence[Mapping[str, Any]] = ()
    changed: Sequence[Mapping[str, Any]] = ()
    if proof is None:
        differs = [_difference("unread", "read back", "not read back")]
    else:
        found = list(proof["differs"])
        there = proof["messages_in_target"]
        extra = 0 if there is None else there - (proof["expected"] - _missing(found))
        if extra:
            found.append(_difference("extra", "0 more messages", f"{extra} more messages"))
        differs, changed = _sorted_out(found, notes)
    return MailboxOutcome(
        source=planned.source_path,
        target=planned.target_path,
        planned=planned.messages,
        restored=restored,
        proven=0 if proof is None else int(proof["proven"]),
        differs=tuple(differs),
        changed_since=tuple(changed),
        lost=dict(notes.lost),
        read_by=None if proof is None else proof["by"],
    )


def _sorted_out(
    found: Sequence[Mapping[str, Any]], notes: LaneNotes
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Differences, and what the user changed since the run's own proof found it equal."""
    if notes.first_proof is None or notes.first_proof is notes.proof:
        return list(found), []
    wrong_then = {difference["uid"] for difference in notes.first_proof["differs"]}
    differs: list[Mapping[str, Any]] = []
    changed: list[Mapping[str, Any]] = []
    for difference in found:
        is_theirs = (
            difference["aspect"] in _USER_MAY_CHANGE and difference["uid"] not in wrong_then
        )
        (changed if is_theirs else differs).append(difference)
    return differs, changed


def _missing(found: Sequence[Mapping[str, Any]]) -> int:
    return sum(difference["aspect"] == "missing" for difference in found)


def _difference(aspect: str, planned: str, found: str) -> dict[str, Any]:
    return {"uid": None, "aspect": aspect, "planned": planned, "found": found}


def lost_findings(outcome: MailboxOutcome) -> tuple[Finding, ...]:
    """A finding for each message that turned out to be lost while it was copied."""
    return tuple(
        Finding(
            severity=Severity.LOSS,
            code=what.partition(":")[0],
            subject=outcome.source or outcome.target,
            text=what.partition(": ")[2],
            uid=int(uid),
        )
        for uid, what in outcome.lost.items()
    )
