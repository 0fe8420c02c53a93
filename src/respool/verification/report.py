"""The receipt of a run: what was planned, what reads back, and the verdict. Values only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, Final

from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.request import Conflict
from respool.verification.annotation_report import AnnotationReport
from respool.verification.flag_report import planned_flags_as_json
from respool.verification.seen_report import SeenReport
from respool.verification.subscription_report import NONE, SubscriptionReport

# What is found of a message that went without a trace: IMAP does not tell deleted from lost.
GONE: Final = "gone since it was proven: deleted, or lost"
# What a user may change in a folder that is his; octets, sizes and dates never change.
_USER_MAY_CHANGE = frozenset({"flags", "deleted", "extra"})
_NOT_THERE = frozenset({"missing", "deleted", "gone"})


NO_RUN = 0
REFUSED = "message-refused"  # the code of what a server did not take


class Verdict(StrEnum):
    """What may be said of a restore."""

    PROVEN = "proven"  # all that the backup held was read back and is equal
    INCOMPLETE = "proven, backup incomplete"  # the same, but the backup itself lacked mail
    NOTHING = "nothing to do"  # the live account has it all, and so there was no run
    DIFFERS = "differs"  # something is not as planned, or was not read back


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxOutcome:
    """One mailbox: planned, copied, proven, and every difference.

    ``planned`` counts what the plan meant to add; ``lost`` what turned out to be
    missing or damaged in the backup (uid → what was wrong). Of many differences the
    first are kept one by one; the counts are of all. ``left`` counts messages whose flags
    stayed as they were, by the reason. ``by_guid`` of the proven the server had also named by
    their SHA-1 when it took them.
    """

    source: str | None
    target: str
    planned: int
    restored: int
    proven: int
    differs: tuple[Mapping[str, Any], ...]
    differs_count: int
    changed_since: tuple[Mapping[str, Any], ...]
    changed_count: int
    lost: Mapping[str, str]
    read_by: str | None
    left: Mapping[str, int] = field(default_factory=dict)
    by_guid: int = 0

    def as_json(self) -> dict[str, Any]:
        """The shape in ``mailboxes`` of a receipt."""
        return {
            "from": self.source,
            "to": self.target,
            "planned": self.planned,
            "restored": self.restored,
            "proven": self.proven,
            "by_guid": self.by_guid,
            "differs": list(self.differs),
            "differs_count": self.differs_count,
            "changed_since": list(self.changed_since),
            "changed_count": self.changed_count,
            "lost": dict(self.lost),
            "read_by": self.read_by,
            "left": dict(self.left),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedLimit:
    """A limit that a run raised and that is still raised; storage in KiB."""

    root: str
    resource: str
    former: int
    limit: int

    def as_json(self) -> dict[str, Any]:
        """The shape in ``quota_raised``."""
        return {
            "root": self.root,
            "resource": self.resource,
            "former": self.former,
            "limit": self.limit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A rehearsal was taken back; ``kept`` says what is left of it, and why."""

    kept: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The shape in ``restore --json``."""
        return {"taken_back": not self.kept, "kept": list(self.kept)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicts:
    """Messages of a restore in place: added, merged with what is there, left, and not done."""

    rule: Conflict
    created: int
    merged: int
    skipped: int
    failed: int

    def as_json(self) -> dict[str, Any]:
        """The shape in ``restore --json``."""
        return {
            "rule": self.rule.value,
            "created": self.created,
            "merged": self.merged,
            "skipped": self.skipped,
            "failed": self.failed,
        }

    def text(self) -> str:
        """For people: ``12 created, 3 merged, 40 skipped, 0 failed``."""
        return (
            f"{self.created:,} created, {self.merged:,} merged, {self.skipped:,} skipped,"
            f" {self.failed:,} failed"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a run did, and what was read back of it; ``run`` NO_RUN: there was nothing to do.

    ``closed`` are folders that their owner could not open when all was done.
    ``raised`` are limits that are still higher than before the run. ``seen`` is what
    readers were given back of their own, ``annotations`` what was written beside mailboxes
    and messages. ``undone`` counts steps that a run which was cut off has not done.
    ``rehearsal``: all was taken back again at once. ``merged`` are the folders where flags of
    messages that were there changed, besides the mail. ``untold``: why BlueMind was not told all,
    though the mail is whole; None where it was told, or there is nothing to tell.
    """

    run: int
    head: PlanHead
    mailboxes: tuple[MailboxOutcome, ...]
    phases: Mapping[str, float]
    left_to_do: tuple[str, ...]
    findings: tuple[Finding, ...]
    closed: tuple[str, ...] = ()
    raised: tuple[RaisedLimit, ...] = ()
    seen: SeenReport = field(default_factory=SeenReport)
    annotations: AnnotationReport = field(default_factory=AnnotationReport)
    subscriptions: SubscriptionReport = NONE
    undone: int = 0
    rehearsal: Rehearsal | None = None
    merged: tuple[MailboxOutcome, ...] = ()
    untold: str | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum(self.phases.values())

    @property
    def restored(self) -> int:
        """Messages that were put into the target."""
        return sum(each.restored for each in self.mailboxes)

    @property
    def proven(self) -> int:
        """Messages that were read back equal."""
        return sum(each.proven for each in self.mailboxes)

    @property
    def by_guid(self) -> int:
        """Those of them that the server had also named by their SHA-1 when it took them."""
        return sum(each.by_guid for each in self.mailboxes)

    @property
    def lost(self) -> int:
        """Messages that the backup itself had lost."""
        in_copying = sum(len(each.lost) for each in self.mailboxes) - self.refused
        return in_copying + sum(each.lost for each in self.head.mailboxes)

    @property
    def refused(self) -> int:
        """Messages that the backup has, and another server did not take."""
        said = (what for each in self.mailboxes for what in each.lost.values())
        return sum(what.startswith(REFUSED) for what in said)

    @property
    def losses(self) -> tuple[Finding, ...]:
        """What the backup has lost: messages, but also names of keywords, or records."""
        lost = (Severity.LOSS, Severity.BLOCKS)
        return tuple(each for each in self.findings if each.severity in lost)

    @property
    def narrower(self) -> int:
        """Folders with rights for fewer people than the account's INBOX or root."""
        boxes = self.head.mailboxes
        return sum(bool(each.narrower_for and each.source_path) for each in boxes)

    @property
    def differs_count(self) -> int:
        """In how many things something is not as planned."""
        given = len(self.seen.differing) + self.annotations.differs_count
        given += self.subscriptions.differs_count + self.undone
        return sum(each.differs_count for each in (*self.mailboxes, *self.merged)) + given

    @property
    def changed_count(self) -> int:
        """In how many things owner or readers changed something since."""
        given = self.seen.changed_since + self.annotations.changed_since
        given += self.subscriptions.changed_since
        return sum(each.changed_count for each in (*self.mailboxes, *self.merged)) + given

    @property
    def conflicts(self) -> Conflicts | None:
        """What became of what the live account had already; None of a new folder."""
        request = self.head.request
        if not request.is_in_place:
            return None
        merged = sum(each.restored for each in self.merged)
        failed = sum(each.planned - each.restored for each in (*self.mailboxes, *self.merged))
        return Conflicts(
            rule=request.on_conflict,
            created=self.restored,
            merged=merged,
            skipped=max(self.head.still_there - self.head.merged, 0),
            failed=failed,
        )

    @property
    def verdict(self) -> Verdict:
        """Equality first; what the backup lacks is said after it."""
        if self.run == NO_RUN:
            return Verdict.NOTHING
        if self.closed or self.differs_count:
            return Verdict.DIFFERS
        return Verdict.INCOMPLETE if self.lost or self.refused or self.losses else Verdict.PROVEN

    @property
    def _finishing(self) -> dict[str, Any] | None:
        """What BlueMind was told; None where the server is not BlueMind's."""
        told = self.head.finishing
        if told is None:
            return None
        work = list(told.work)
        return {
            "bluemind": told.version,
            "family": told.family.value,
            "told": work,
            "untold": self.untold,
        }

    def as_json(self) -> dict[str, Any]:
        """The shape of ``restore --json`` and ``verify --json``."""
        head = self.head
        return {
            "run": self.run or None,
            "account": head.request.account.address,
            "generation": head.generation_label,
            "target": head.target,
            "into": head.into,
            "verdict": self.verdict.value,
            "mailboxes": [each.as_json() for each in self.mailboxes],
            "messages": self.proven,
            "size_bytes": head.size_bytes,
            "still_there": head.still_there,
            "lost_in_backup": self.lost,
            "refused": self.refused,
            "flags": planned_flags_as_json(head),
            "conflicts": None if self.conflicts is None else self.conflicts.as_json(),
            "hsm": {"stubs": head.stubs, "whole": head.joined},
            "seen": self.seen.as_json(),
            "annotations": self.annotations.as_json(),
            "special_use": self.annotations.special_use_as_json(),
            "subscriptions": self.subscriptions.as_json(),
            "narrower": self.narrower,
            "seconds": round(self.seconds, 3),
            "seconds_by_phase": {name: round(each, 3) for name, each in self.phases.items()},
            "note": head.request.note,
            "remove_after_hours": head.request.remove_after_hours,
            "rehearsal": None if self.rehearsal is None else self.rehearsal.as_json(),
            "finishing": self._finishing,
            "closed": list(self.closed),
            "quota_raised": [each.as_json() for each in self.raised],
            "findings": [finding.as_json() for finding in self.findings],
            "left_to_do": list(self.left_to_do),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneNotes:
    """What the journal has of one mailbox: receipts of its copies and of its proofs.

    ``first_proof`` is the run's own; ``proof`` the one to be reported. ``left`` as the
    outcome has it.
    """

    lost: Mapping[str, str]
    proof: Mapping[str, Any] | None
    first_proof: Mapping[str, Any] | None
    left: Mapping[str, int] = field(default_factory=dict)


def outcome_of(planned: PlannedMailbox, notes: LaneNotes) -> MailboxOutcome:
    """One mailbox of a receipt."""
    restored = planned.messages - len(notes.lost) - sum(notes.left.values())
    proof = notes.proof
    found = list(_found(proof, restored))
    counts = Counter(difference["aspect"] for difference in found)
    if proof is not None:
        counts |= Counter(proof["counts"])
    first = notes.first_proof
    is_first = first is None or first is proof
    wrong_then = (
        frozenset() if first is None else {each["uid"] for each in _found(first, restored)}
    )
    changed = [
        each
        for each in found
        if not is_first and each["aspect"] in _USER_MAY_CHANGE and each["uid"] not in wrong_then
    ]
    differs = [each for each in found if each not in changed]
    changed_count = 0
    if changed:
        theirs = sum(counts[aspect] for aspect in _USER_MAY_CHANGE)
        changed_count = theirs - sum(each["aspect"] in _USER_MAY_CHANGE for each in differs)
    return MailboxOutcome(
        source=planned.source_path,
        target=planned.target_path,
        planned=planned.messages,
        restored=restored,
        proven=0 if proof is None else int(proof["proven"]),
        differs=tuple(differs),
        differs_count=counts.total() - changed_count,
        changed_since=tuple(changed),
        changed_count=changed_count,
        lost=dict(notes.lost),
        read_by=None if proof is None else proof["by"],
        left=dict(notes.left),
        by_guid=0 if proof is None else int(proof.get("by_guid", 0)),
    )


def _found(proof: Mapping[str, Any] | None, restored: int) -> Iterator[Mapping[str, Any]]:
    """Every difference that was kept, and those of the mailbox as a whole."""
    if proof is None:
        yield _difference("unread", "read back", "not read back")
        return
    yield from proof["differs"]
    if proof["expected"] != restored:
        yield _difference("unread", f"{restored} messages", f"{proof['expected']} messages")
    there = proof["messages_in_target"]
    missing = sum(proof["counts"].get(each, 0) for each in _NOT_THERE)
    extra = 0 if there is None else there - (proof["expected"] - missing)
    if extra:
        yield _difference("extra", "0 more messages", f"{extra} more messages")


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
