"""What a receipt says of annotations: written, read back, differing, changed since, left."""

from __future__ import annotations

from typing import Any

from respool.planning.plan import PlannedMailbox
from respool.verification.annotation_report import (
    AnnotationReport,
    FolderAnnotations,
    folder_annotations,
)
from tests.unit.planning.plans import made

PLANNED = made(
    PlannedMailbox,
    target_path="x/Sent",
    annotations=1,
    message_annotations=2,
    special_use=("\\Sent",),
    annotations_left={"/comment of bob": "gone"},
)
NOTE = ("spool-annotate", {"userid": "jo", "refused": []})
DIFFERENCE = {"entry": "/c", "userid": None, "uid": 1, "planned": "x", "found": None}


def proof(proven: int = 4, *differs: dict[str, Any], planned: int = 4) -> dict[str, Any]:
    return {"planned": planned, "proven": proven, "differs": list(differs)}


def found(
    first: dict[str, Any] | None,
    again: dict[str, Any] | None = None,
    note: Any = NOTE,  # noqa: ANN401
) -> FolderAnnotations:
    newest = first if again is None else again
    return folder_annotations(PLANNED, [note], first_proof=first, proof=newest)


def test_what_reads_back_is_proven_and_what_stays_away_is_named() -> None:
    report = AnnotationReport(folders=(found(proof()),))

    assert report.as_json() == {
        "given": 4,
        "proven": 4,
        "differs": [],
        "changed_since": 0,
        "left": [{"entry": "/comment of bob", "why": "gone", "folders": ["x/Sent"]}],
    }
    assert report.special_use_as_json() == [{"folder": "x/Sent", "use": ["\\Sent"]}]


def test_what_does_not_read_back_is_a_difference_with_its_folder() -> None:
    report = AnnotationReport(folders=(found(proof(3, DIFFERENCE)),))

    assert report.differs_count == 1
    assert report.as_json()["differs"] == [{"folder": "x/Sent", **DIFFERENCE}]


def test_what_was_never_read_back_is_a_difference() -> None:
    assert AnnotationReport(folders=(found(None),)).differs_count == 1


def test_what_the_server_refused_stays_away_and_is_no_difference() -> None:
    refused = {"userid": "jo", "refused": [["/specialuse", None, "conflict"]]}

    folder = found(proof(3, planned=3), note=("spool-annotate", refused))

    assert (folder.given, folder.differs, folder.special_use) == (3, (), ())
    assert folder.left["/specialuse of jo"] == "conflict"


def test_what_somebody_changed_since_is_told_apart() -> None:
    folder = found(proof(), proof(2, DIFFERENCE, DIFFERENCE))

    assert (folder.differs, folder.changed_since) == ((), 2)


def test_what_the_run_had_not_proven_is_nobody_s_change() -> None:
    folder = found(proof(3, DIFFERENCE), proof(3, DIFFERENCE))

    assert (len(folder.differs), folder.changed_since) == (1, 0)


def test_folders_without_any_are_not_spoken_of() -> None:
    plain = made(PlannedMailbox, target_path="x")

    folder = folder_annotations(plain, [], first_proof=None, proof=None)

    assert (folder.given, folder.differs, dict(folder.left)) == (0, (), {})


def test_what_differed_and_is_gone_by_now_is_a_difference_still() -> None:
    gone = {"planned": 0, "proven": 0, "differs": [], "why": "the folder is gone"}

    folder = found(proof(3, DIFFERENCE), gone)

    assert (len(folder.differs), folder.changed_since) == (1, 0)


def test_a_proof_that_saw_fewer_than_were_planned_proves_nothing() -> None:
    assert len(found(proof(0, planned=0)).differs) == 1
