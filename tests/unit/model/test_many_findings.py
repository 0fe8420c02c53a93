from __future__ import annotations

from collections.abc import Iterator

from respool.model.findings import Finding, Severity
from respool.model.many_findings import at_most


def endless() -> Iterator[Finding]:
    uid = 0
    while True:
        uid += 1
        yield Finding(
            severity=Severity.LOSS,
            code="message-file-missing",
            subject=f"{uid}",
            text="x",
            uid=uid,
        )


def test_of_many_findings_the_first_are_told_and_the_rest_counted() -> None:
    told = list(at_most(endless(), 1_000_000, limit=3))

    assert [each.uid for each in told] == [1, 2, 3, 4]
    assert told[-1].text == "999,997 more of these, 1,000,000 in all"
    assert sum(each.count for each in told) == 1_000_000
    assert {each.code for each in told} == {"message-file-missing"}


def test_a_few_findings_are_told_one_by_one() -> None:
    few = [each for each, _ in zip(endless(), range(3), strict=False)]

    assert list(at_most(iter(few), 3, limit=3)) == few
    assert list(at_most(iter(()), 0)) == []
