from __future__ import annotations

import pytest

from respool.targets.spool.limits import fits_below

FORMER = {"STORAGE": 10, "MESSAGE": 5}
RAISED = {"STORAGE": 20, "MESSAGE": 5}


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ({"STORAGE": 9, "MESSAGE": 4}, True),
        ({"STORAGE": 10, "MESSAGE": 4}, False),
        ({"STORAGE": 15, "MESSAGE": 4}, False),
        ({"STORAGE": 9, "MESSAGE": 5}, True),
        ({"STORAGE": 9, "MESSAGE": 99}, True),
        ({"STORAGE": 0}, True),
        ({}, True),
    ],
    ids=[
        "it-fits",
        "it-just-fills-it",
        "it-does-not-fit",
        "another-limit-is-reached",
        "another-limit-is-passed",
        "another-is-not-counted",
        "nothing-is-used",
    ],
)
def test_a_limit_goes_back_once_there_is_room_for_new_mail_below_it(
    used: dict[str, int],
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    """A limit that was not raised is no reason to keep another one high."""
    assert fits_below(used, FORMER, RAISED) is expected


def test_every_limit_that_was_raised_has_to_fit() -> None:
    raised = {"STORAGE": 20, "MESSAGE": 9}

    assert not fits_below({"STORAGE": 9, "MESSAGE": 5}, FORMER, raised)
    assert not fits_below({"STORAGE": 10, "MESSAGE": 4}, FORMER, raised)
    assert fits_below({"STORAGE": 9, "MESSAGE": 4}, FORMER, raised)
