"""What a receipt says of readers' marks: given, proven, differing, changed since, left."""

from __future__ import annotations

from typing import Any

from respool.planning.plan import PlannedMailbox
from respool.verification.seen_report import ReaderOutcome, SeenReport, reader_outcomes
from tests.unit.planning.plans import made

PLANNED = made(PlannedMailbox, target_path="x/a", seen_by={"al": 3}, seen_left={"bob": "gone"})
GIVEN = [("spool-give-seen", {"reader": "al", "marks": 3, "others": ""})]


def proof(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any field of a note
    note = {"reader": "al", "planned": 3, "proven": 3, "missing": "", "since": 0, "closed": None}
    return {"readers": [{**note, **changes}]}


def outcomes(
    first: dict[str, Any] | None,
    again: dict[str, Any] | None = None,
    given: Any = GIVEN,  # noqa: ANN401
) -> SeenReport:
    found = reader_outcomes(
        PLANNED, given, first_proof=first, proof=first if again is None else again
    )
    return SeenReport(outcomes=tuple(found))


def test_marks_that_their_reader_sees_are_proven_and_who_got_none_is_named() -> None:
    assert outcomes(proof()).as_json() == {
        "readers": [
            {
                "reader": "al",
                "folders": 1,
                "marks": 3,
                "proven": 3,
                "differs": [],
                "changed_since": 0,
            }
        ],
        "marks": 3,
        "proven": 3,
        "missing_readers": [{"reader": "bob", "why": "gone", "folders": ["x/a"]}],
    }


def test_a_mark_that_its_reader_does_not_see_is_a_difference() -> None:
    found = outcomes(proof(proven=2, missing="7"))

    assert [each.differs for each in found.differing] == ["1 not read: 7"]
    assert (found.marks, found.proven) == (3, 2)


def test_a_reader_who_cannot_open_what_he_was_given_is_a_difference() -> None:
    found = outcomes(proof(proven=0, closed="SELECT was refused"))

    assert [each.differs for each in found.differing] == ["SELECT was refused"]


def test_what_was_never_read_back_is_a_difference() -> None:
    assert [each.differs for each in outcomes(None).differing] == ["not read back"]


def test_what_the_server_refused_by_nature_is_said_and_is_no_difference() -> None:
    given = [("spool-give-seen", {"reader": "al", "left": "STORE was refused"})]

    found = outcomes({"readers": []}, given=given)

    assert found.differing == ()
    assert found.left == {("al", "STORE was refused"): ("x/a",), ("bob", "gone"): ("x/a",)}
    assert (found.marks, found.readers) == (0, ())


def test_what_a_reader_read_or_marked_as_unread_since_is_his_own_change() -> None:
    found = outcomes(proof(), proof(proven=1, missing="1:2", since=4))

    assert found.differing == ()
    assert (found.proven, found.changed_since) == (1, 6)


def test_what_the_run_had_not_proven_is_no_change_of_the_reader() -> None:
    found = outcomes(proof(proven=2, missing="7"), proof(proven=2, missing="7"))

    assert len(found.differing) == 1


def test_marks_in_a_folder_that_is_gone_are_changed_since() -> None:
    found = outcomes(proof(), {"readers": [], "why": "the folder is gone"})

    assert (found.differing, found.changed_since) == ((), 3)


def test_folders_of_one_reader_are_counted_together() -> None:
    report = SeenReport(
        outcomes=tuple(
            ReaderOutcome(folder=each, reader="al", marks=2, proven=2) for each in ("a", "b")
        )
    )

    (reader,) = report.as_json()["readers"]
    assert (reader["folders"], reader["marks"]) == (2, 4)


def test_marks_that_no_run_has_given_are_no_change_of_their_reader() -> None:
    found = SeenReport(
        outcomes=tuple(
            reader_outcomes(PLANNED, [], first_proof=None, proof={"readers": [], "why": "gone"})
        )
    )

    assert [each.differs for each in found.differing] == ["gone"]
