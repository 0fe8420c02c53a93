"""Making the receipt of a run from its journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from respool.planning.plan import PlannedMailbox
from respool.planning.proof import ProveMailbox
from respool.planning.step import MessageStep
from respool.runs.journal import RunJournal
from respool.verification.report import (
    LaneNotes,
    MailboxOutcome,
    Receipt,
    lost_findings,
    outcome_of,
)


def receipt_of(
    run: RunJournal, *, seconds: float, proofs: Mapping[str, Mapping[str, Any]] | None = None
) -> Receipt:
    """The receipt of ``run``; ``proofs`` (lane → note) are newer ones than the run's own."""
    head = run.head()
    outcomes = tuple(
        outcome_of(planned, _notes(run, planned, proofs))
        for planned in head.mailboxes
        if planned.source_path is not None
    )
    return Receipt(
        run=run.number,
        head=head,
        mailboxes=outcomes,
        seconds=seconds,
        left_to_do=_left_to_do(run, outcomes),
        findings=(*head.findings, *(f for each in outcomes for f in lost_findings(each))),
    )


def _notes(
    run: RunJournal, planned: PlannedMailbox, proofs: Mapping[str, Mapping[str, Any]] | None
) -> LaneNotes:
    lost: dict[str, str] = {}
    first: Mapping[str, Any] | None = None
    for number, step in run.steps_of_lane(planned.target_name):
        receipt = run.receipt(number)
        if isinstance(step, MessageStep):
            lost.update((receipt or {}).get("lost", {}))
        elif isinstance(step, ProveMailbox):
            first = receipt
    newest = first if proofs is None else proofs.get(planned.target_name)
    return LaneNotes(lost=lost, proof=newest, first_proof=first)


def _left_to_do(run: RunJournal, outcomes: tuple[MailboxOutcome, ...]) -> tuple[str, ...]:
    left: list[str] = []
    if any(each.read_by == "administrator" for each in outcomes):
        left.append(
            "the owner cannot log in, so \\Seen was not read back as he sees it;"
            " everything else was, by the administrator"
        )
    for row in run.rows():
        receipt = run.receipt(row.number) or {}
        if row.kind == "spool-subscribe" and receipt.get("subscribed", "") is None:
            left.append("subscribe the owner to the new folders: he cannot log in")
            break
    for row in run.rows():
        receipt = run.receipt(row.number) or {}
        if row.kind in _DERIVED and receipt.get("status", 0) != 0:
            left.append(f"{_DERIVED[row.kind]} failed: {receipt.get('said', '')}")
    return tuple(left)


_DERIVED = {
    "spool-build-search-index": "building the search index (squatter)",
    "spool-build-conversations": "building conversations (ctl_conversationsdb -b)",
}
