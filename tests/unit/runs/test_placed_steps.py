"""Steps that speak of messages by UID, where what was appended has others."""

from __future__ import annotations

from pathlib import Path

from respool.planning.annotating import AnnotationStep, PlannedAnnotation
from respool.planning.step import SeenStep
from respool.runs.placed_steps import as_placed, is_appended
from tests.support.imap_groups import OneStep, message_group

LANE = "INBOX"


def appended(place: Path) -> OneStep:
    """A run that appended 1 and 2 as 11 and 12, and lost 3."""
    record = OneStep(message_group(place, [b"a", b"b", b"c"]))
    record.done = {"placed": [[1, 11, 2]], "lost": {"3": "message-refused: no"}}
    return record


def seen(lane: str = LANE) -> SeenStep:
    return SeenStep(lane=lane, domain=None, parts=("user", "jdoe"), reader="al", uids="1:3")


def test_marks_go_to_the_messages_as_they_lie_there(tmp_path: Path) -> None:
    record = appended(tmp_path)

    assert as_placed(record, seen()).uids == "11:12"


def test_elsewhere_uids_are_kept(tmp_path: Path) -> None:
    record = appended(tmp_path)

    assert is_appended(record, LANE)
    assert as_placed(record, seen("other")) == seen("other")


def test_annotations_of_a_message_that_was_lost_go_with_it(tmp_path: Path) -> None:
    """
    Those of the mailbox itself stay.
    """
    given = tuple(PlannedAnnotation(entry="/comment", value="x", uid=uid) for uid in (None, 2, 3))
    step = AnnotationStep(lane=LANE, domain=None, parts=(), userid="", annotations=given)

    assert [each.uid for each in as_placed(appended(tmp_path), step).annotations] == [None, 12]
