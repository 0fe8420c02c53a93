from __future__ import annotations

import pytest

from respool.planning.touched import Held, compared

A, B = "aa" * 20, "bb" * 20


def held(uid: int, *flags: str, guid: str | None = A) -> Held:
    return Held(uid=uid, guid=guid, flags=frozenset(flags))


def test_each_message_is_told_apart_by_what_became_of_it() -> None:
    left = [held(1), held(2, "\\Flagged"), held(3), held(5)]
    now = [held(1, "\\Seen", "\\Recent"), held(2), held(4), held(5, guid=B), held(6)]

    touched = compared(left, now)

    assert list(touched.untouched) == [1]
    assert list(touched.changed) == [2, 5]
    assert list(touched.gone) == [3]
    assert list(touched.foreign) == [4, 6]


def test_octets_that_the_server_does_not_name_count_as_the_same() -> None:
    assert compared([held(1)], [held(1, guid=None)]).is_nothing


@pytest.mark.parametrize("is_marked", [True, False])
def test_what_an_undo_that_was_cut_off_marked_as_deleted_is_not_touched(
    is_marked: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    touched = compared([held(1)], [held(1, "\\Deleted")], is_marked_by_us=is_marked)

    assert touched.is_nothing is is_marked


def test_a_mark_that_was_restored_and_taken_away_since_is_a_change() -> None:
    left = [held(1, "\\Deleted"), held(2, "\\Deleted")]

    touched = compared(left, [held(1, "\\Deleted"), held(2)], is_marked_by_us=True)

    assert (list(touched.untouched), list(touched.changed)) == ([1], [2])
