"""Making the receipt of a run from its journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain
from typing import Any, TypeAlias

from respool.app.read_in_steps import annotations_read_in_steps, readers_seen_in_steps
from respool.app.wiring import FINISHING, SPOOL, family_of
from respool.model.findings import Finding
from respool.model.one_line import one_line
from respool.planning.finishing import NOT_ASKED
from respool.planning.plan import PlanHead, PlannedMailbox
from respool.planning.proof import (
    FLAG_PROOFS,
    MESSAGE_PROOFS,
    ProveAnnotations,
    ProveSeen,
    ProveSubscriptions,
)
from respool.planning.step import ACCOUNT_LANE
from respool.runs.journal import RunJournal, StepRow
from respool.runs.states import StepState
from respool.verification.annotation_report import (
    AnnotationReport,
    FolderAnnotations,
    folder_annotations,
)
from respool.verification.flag_report import (
    flags_left,
    mended_findings,
    refused_flag_findings,
    refused_rights_findings,
)
from respool.verification.report import (
    GONE,
    LaneNotes,
    MailboxOutcome,
    RaisedLimit,
    Receipt,
    lost_findings,
    outcome_of,
)
from respool.verification.seen_report import ReaderOutcome, SeenReport, reader_outcomes
from respool.verification.subscription_report import SubscriptionReport, subscription_report

Note: TypeAlias = Mapping[str, Any]
Proofs: TypeAlias = Mapping[tuple[str, str], Note]  # by kind of step, and lane


def receipt_of(
    run: RunJournal,
    *,
    phases: Mapping[str, float],
    proofs: Proofs | None = None,
    hint: str | None = None,
) -> Receipt:
    """The receipt of ``run``; ``proofs`` are newer ones than the run's own.

    ``phases`` are seconds of wall time by phase. ``hint`` is what helps where it stopped.
    """
    head = run.head()
    untold = untold_of(run, hint)
    # A run says itself that it stopped; only a later look may find one that was cut off.
    undone = () if proofs is None or untold is not None else _undone(run)
    lanes = {
        lane: run.receipts_of_lane(lane)
        for lane in (ACCOUNT_LANE, *(planned.target_name for planned in head.mailboxes))
    }
    kinds = MESSAGE_PROOFS if head.request.state_only is None else FLAG_PROOFS
    boxes = [(planned, lanes[planned.target_name]) for planned in head.mailboxes]
    outcomes = tuple(
        outcome_of(planned, _notes(notes, planned, proofs, kinds))
        for planned, notes in boxes
        if planned.is_proven
    )
    readers = tuple(each for planned, notes in boxes for each in _readers(notes, planned, proofs))
    annotations = tuple(_annotations(notes, planned, proofs) for planned, notes in boxes)
    left = (
        *_cut_off(run.number, undone),
        *_untold(run.number, untold),
        *_left_to_do(lanes, outcomes, is_owned=head.owner is not None),
        *_left_of_finishing(head, lanes[ACCOUNT_LANE], proofs),
    )
    return Receipt(
        run=run.number,
        head=head,
        mailboxes=outcomes,
        phases=phases,
        left_to_do=_printable(left),
        undone=len(undone),
        untold=untold,
        raised=_raised(run),
        merged=tuple(_merged(head, lanes, proofs)),
        seen=SeenReport(outcomes=readers),
        annotations=AnnotationReport(folders=annotations),
        subscriptions=_subscriptions(lanes[ACCOUNT_LANE], proofs),
        closed=tuple(str(note["closed"]) for _, note in lanes[ACCOUNT_LANE] if note.get("closed")),
        findings=(
            *head.findings,
            *(f for each in outcomes for f in lost_findings(each)),
            *_as_appended(head, lanes),
        ),
    )


def _raised(run: RunJournal) -> tuple[RaisedLimit, ...]:
    if all(family_of(row.kind) != SPOOL for row in run.rows()):
        return ()  # another server's limits, and those of files, no run raises
    from respool.app.raised_quotas import raised_limits  # noqa: PLC0415 - loads that target

    return raised_limits(run)


def _printable(lines: Iterable[str]) -> tuple[str, ...]:
    """Some are in the words of a server, and go into files."""
    return tuple(map(one_line, lines))


def _merged(
    head: PlanHead, lanes: Mapping[str, Sequence[tuple[str, Note]]], proofs: Proofs | None
) -> Iterator[MailboxOutcome]:
    """What became of flags of messages that were there, besides the mail that was added."""
    for each in head.mailboxes:
        if head.merged and each.flags is not None and each.flags.changed:
            planned = replace(each, messages=each.flags.changed)
            notes = _notes(lanes[each.target_name], planned, proofs, FLAG_PROOFS)
            yield outcome_of(planned, replace(notes, lost={}))


def _as_appended(
    head: PlanHead, lanes: Mapping[str, Sequence[tuple[str, Note]]]
) -> Iterator[Finding]:
    """What a server did not take as it was in the backup."""
    yield from refused_flag_findings(note for lane in lanes.values() for _, note in lane)
    for each in head.mailboxes:
        notes = [note for _, note in lanes[each.target_name]]
        yield from mended_findings(each.source_path or each.target_path, notes)
        yield from refused_rights_findings(each.target_path, notes)


def _undone(run: RunJournal) -> tuple[StepRow, ...]:
    return tuple(row for row in run.rows() if row.state is not StepState.DONE)


def _cut_off(number: int, undone: Sequence[StepRow]) -> Iterator[str]:
    if undone:
        first = f"{undone[0].kind} {undone[0].lane}".strip()
        yield (
            f"respool resume {number}: the run was cut off, or is under way; {len(undone)} of its"
            f" steps are not done, the first of them {first}"
        )


def untold_of(run: RunJournal, hint: str | None = None) -> str | None:
    """Why BlueMind was not told all, where that alone is not done; None where it is otherwise."""
    undone = _undone(run)
    if not undone or any(family_of(each.kind) != FINISHING for each in undone):
        return None
    error = next((each.error for each in undone if each.error), None)
    if error is None:
        return "the run was stopped or cut off before, or is under way"
    said = (str(error[key]) for key in ("what", "why") if error.get(key))
    return "; ".join(filter(None, (": ".join(said), hint)))


def _untold(number: int, why: str | None) -> Iterator[str]:
    if why is not None:
        yield (
            f"respool resume {number}: the mail was read back and is in sight; BlueMind was not"
            f" told of all of it: {why}"
        )


def _notes(
    receipts: Sequence[tuple[str, Note]],
    planned: PlannedMailbox,
    proofs: Proofs | None,
    kinds: AbstractSet[str],
) -> LaneNotes:
    lost: dict[str, str] = {}
    for _, receipt in receipts:
        lost.update(receipt.get("lost", {}))
    first, newest = _proof(receipts, proofs, kinds, planned.target_name)
    left = flags_left(note for _, note in receipts) if kinds == FLAG_PROOFS else {}
    return LaneNotes(lost=lost, proof=newest, first_proof=first, left=left)


def _readers(
    receipts: Sequence[tuple[str, Note]], planned: PlannedMailbox, proofs: Proofs | None
) -> Iterator[ReaderOutcome]:
    first, newest = _proof(receipts, proofs, {ProveSeen.kind}, planned.target_name)
    if first is None:
        first = newest = readers_seen_in_steps(receipts)
    return reader_outcomes(planned, receipts, first_proof=first, proof=newest)


def _annotations(
    receipts: Sequence[tuple[str, Note]], planned: PlannedMailbox, proofs: Proofs | None
) -> FolderAnnotations:
    first, newest = _proof(receipts, proofs, {ProveAnnotations.kind}, planned.target_name)
    if first is None:
        first = newest = annotations_read_in_steps(receipts)
    return folder_annotations(planned, receipts, first_proof=first, proof=newest)


def _subscriptions(
    receipts: Sequence[tuple[str, Note]], proofs: Proofs | None
) -> SubscriptionReport:
    first, newest = _proof(receipts, proofs, {ProveSubscriptions.kind}, ACCOUNT_LANE)
    return subscription_report(receipts, first_proof=first, proof=newest)


def _proof(
    receipts: Sequence[tuple[str, Note]], proofs: Proofs | None, kinds: AbstractSet[str], lane: str
) -> tuple[Note | None, Note | None]:
    """The run's own proof of a lane, by one of ``kinds``, and the one to be reported."""
    notes = [note for each, note in receipts if each in kinds and note]
    first = notes[-1] if notes else None
    if proofs is None:
        return first, first
    newer = (proofs.get((kind, lane)) for kind in kinds)
    return first, next((each for each in newer if each is not None), None)


def _left_to_do(
    lanes: Mapping[str, Sequence[tuple[str, Note]]],
    outcomes: Sequence[MailboxOutcome],
    *,
    is_owned: bool,
) -> tuple[str, ...]:
    left: list[str] = []
    if is_owned and any(each.read_by == "administrator" for each in outcomes):
        left.append(
            "the owner cannot log in, so \\Seen was not read back as he sees it;"
            " everything else was, by the administrator"
        )
    receipts = [each for lane in lanes.values() for each in lane]
    not_subscribed = [
        note
        for kind, note in receipts
        if kind == "spool-subscribe" and note.get("subscribed", "") is None and is_owned
    ]
    if not_subscribed:
        left.append(
            f"subscribe the owner to {len(not_subscribed)} new folders: {not_subscribed[0]['why']}"
        )
    left += [
        f"{_DERIVED[kind]} failed: {note.get('said', '')}"
        for kind, note in receipts
        if kind in _DERIVED and note.get("status", 0) != 0
    ]
    return (*left, *_gone(outcomes))


def _gone(outcomes: Iterable[MailboxOutcome]) -> Iterator[str]:
    """Messages that were proven, and of which nothing tells who took them away."""
    for each in outcomes:
        count = sum(one["found"] == GONE for one in each.differs)
        if count:
            yield (
                f"ask the owner whether he deleted what is gone of {each.target} since it was"
                f" proven ({count} of its messages are in no trash): over IMAP a loss looks alike"
            )


def _left_of_finishing(
    head: PlanHead, receipts: Sequence[tuple[str, Note]], proofs: Proofs | None
) -> Iterator[str]:
    """What BlueMind could not do, and what nobody but a person can."""
    newer = {kind: note for (kind, _), note in (proofs or {}).items()}
    lines = (newer.get(kind, note).get("left_to_do", ()) for kind, note in receipts)
    yield from dict.fromkeys(chain.from_iterable(lines))  # of several steps the same may be left
    if head.finishing is not None:
        yield from head.finishing.by_hand
        return
    for each in head.findings:  # a core was named, and nothing else says that it is this server's
        if each.code == NOT_ASKED:
            yield f"BlueMind was not told: {each.text}"


_DERIVED = {
    "spool-build-search-index": "building the search index (squatter)",
    "spool-build-conversations": "building conversations (ctl_conversationsdb -b)",
}
