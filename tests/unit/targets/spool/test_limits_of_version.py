from __future__ import annotations

import pytest

from respool.targets.spool.recipes import Version, limits_of_version

OLD = {"STORAGE": 10, "MESSAGE": 20, "X-ANNOTATION-STORAGE": 30, "X-NUM-FOLDERS": 40}
NEW = {"STORAGE": 10, "MESSAGE": 20, "ANNOTATION-STORAGE": 30, "MAILBOX": 40}


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ((2, 4, 22), {"STORAGE": 10}),
        ((2, 5, 0), OLD),
        ((3, 0, 18), OLD),
        ((3, 6, 1), OLD),
        ((3, 9, 9), OLD),
        ((3, 10, 0), NEW),
        ((3, 12, 4), NEW),
    ],
    ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_server_is_told_of_limits_by_the_names_that_it_knows(
    version: Version, known: dict[str, int]
) -> None:
    """
    A backup tells them by their old names, whichever version it is of.
    """
    assert dict(limits_of_version(OLD, version)) == known


def test_no_limits_stay_none() -> None:
    assert dict(limits_of_version({}, (3, 6, 1))) == {}
