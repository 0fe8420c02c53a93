"""What became of flags, and of line ends: what a server did not take is told once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from respool.model.findings import Finding, Severity
from respool.model.state import UidSet
from respool.planning.plan import PlanHead


def refused_flag_findings(receipts: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """A finding for each flag, by its name, that messages did not get as they were appended."""
    counts: Counter[str] = Counter()
    for receipt in receipts:
        for flags in receipt.get("refused_flags", {}).values():
            counts.update(flags)
    for flag, count in sorted(counts.items()):
        yield Finding(
            severity=Severity.NOTE,
            code="flag-refused",
            subject=flag,
            text=f"the server did not take it: {count} messages came back without it",
            count=count,
        )


def mended_findings(path: str, receipts: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """A finding for each message of a folder whose line ends were mended, as was asked for."""
    for receipt in receipts:
        for uid, form in receipt.get("mended", {}).items():
            yield Finding(
                severity=Severity.NOTE,
                code="line-ends-mended",
                subject=path,
                text=f"it has {form['size_bytes']} octets now, and is proven by their SHA-1",
                uid=int(uid),
            )


def refused_rights_findings(path: str, receipts: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """A finding for each person who did not get the rights in a folder that were planned."""
    for receipt in receipts:
        for who, said in receipt.get("not_given", {}).items():
            yield Finding(
                severity=Severity.NOTE,
                code="rights-not-given",
                subject=path,
                text=f"{who}: {said}",
            )


def flags_left(receipts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many messages kept their flags though others were planned, by the reason."""
    counts: Counter[str] = Counter()
    for receipt in receipts:
        if "stored" in receipt:
            for why, uids in receipt["left"].items():
                counts[why] += UidSet.parse(uids).count
    return dict(counts)


def planned_flags_as_json(head: PlanHead) -> dict[str, Any] | None:
    """What a plan puts back of flags alone, in messages; None where it adds mail."""
    if head.request.state_only is None:
        return None
    every = [each.flags for each in head.mailboxes if each.flags is not None]
    marks = [counts for each in every for counts in each.by_reader.values()]
    return {
        "set": sum(each.to_set for each in every),
        "cleared": sum(each.to_clear for each in every),
        "already": sum(each.already for each in every),
        "gone": sum(each.gone for each in every),
        "only_live": sum(each.only_live for each in every),
        "marks_set": sum(counts[0] for counts in marks),
        "marks_cleared": sum(counts[1] for counts in marks),
    }
