"""Steps that speak of messages by UID, for a folder in which these have other UIDs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from respool.model.state import UidSet
from respool.planning.annotating import AnnotationStep, PlannedAnnotation
from respool.planning.appending import AppendMessages
from respool.planning.placed import Places
from respool.planning.step import SeenStep
from respool.runs.actor import RunRecord

StepT = TypeVar("StepT", bound=SeenStep | AnnotationStep)


def placed_of_lane(record: RunRecord, lane: str) -> Places:
    """Where each message of a lane is on the server, as what appended them said."""
    return Places.of(
        each
        for kind, receipt in record.receipts_of_lane(lane)
        if kind == AppendMessages.kind
        for each in receipt.get("placed", ())
    )


def is_appended(record: RunRecord, lane: str) -> bool:
    """Whether the run appends to the folder of a lane: then its messages have new UIDs there.

    If so, that is what its steps begin with.
    """
    return any(
        isinstance(step, AppendMessages) for _, step in islice(record.steps_of_lane(lane), 1)
    )


def as_placed(record: RunRecord, step: StepT) -> StepT:
    """``step`` with the UIDs that its messages have where they are; those lost are left out."""
    if not is_appended(record, step.lane):
        return step
    places = placed_of_lane(record, step.lane)
    match step:
        case SeenStep():
            return replace(step, uids=str(_placed(UidSet.parse(step.uids), places)))
        case AnnotationStep():
            return replace(step, annotations=tuple(_placed_annotations(step, places)))


def _placed(uids: UidSet, places: Places) -> UidSet:
    found = (places.get(uid) for uid in uids.uids().tolist())
    return UidSet.of(uid for uid in found if uid is not None)


def _placed_annotations(step: AnnotationStep, places: Places) -> Iterator[PlannedAnnotation]:
    for each in step.annotations:
        uid = None if each.uid is None else places.get(each.uid)
        if each.uid is None or uid is not None:
            yield replace(each, uid=uid)
