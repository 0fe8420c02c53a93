from __future__ import annotations

import pickle
from dataclasses import replace

from respool.model.finding_tally import FindingTally
from respool.model.findings import Finding, Severity

MISSING = Finding(
    severity=Severity.LOSS, code="message-file-missing", subject="message 1", text="t", uid=1
)
CUT = Finding(severity=Severity.BLOCKS, code="index-cut", subject="cyrus.index", text="t")
ZERO = Finding(severity=Severity.NOTE, code="guid-zero", subject="cyrus.index", text="t", count=7)


def test_all_are_counted_and_the_first_of_each_kind_kept() -> None:
    many = [replace(MISSING, uid=uid) for uid in range(1, 10)]

    tally = FindingTally(2, [*many, CUT, ZERO])

    assert list(tally.by_kind()) == [
        ("index-cut", Severity.BLOCKS, 1),
        ("message-file-missing", Severity.LOSS, 9),
        ("guid-zero", Severity.NOTE, 7),
    ]
    assert tally.kept == (many[0], many[1], CUT, ZERO)
    assert (tally.total, tally.untold) == (17, 7)


def test_another_tally_is_counted_without_being_kept() -> None:
    tally = FindingTally(5, [CUT])

    tally.count(FindingTally(5, [MISSING, ZERO]))

    assert tally.total == 9
    assert tally.kept == (CUT,)


def test_none_is_sound() -> None:
    assert FindingTally(5).as_json() == []
    assert FindingTally(5).total == 0


def test_a_tally_can_be_sent() -> None:
    tally = FindingTally(5, [MISSING, CUT])

    sent = pickle.loads(pickle.dumps(tally))

    assert sent.kept == tally.kept
    assert sent.as_json() == tally.as_json()
