"""The first line of a file of several plans."""

from __future__ import annotations

import pytest

from respool.errors import PlanFileInvalid
from respool.planning.plan_series import SeriesHead, is_series_head, parse_series_head


def test_it_is_always_as_long_so_that_it_can_be_written_again() -> None:
    assert len(SeriesHead().line()) == len(SeriesHead.of_tails(["a"] * 123_456).line())


def test_it_is_read_as_it_was_written() -> None:
    head = SeriesHead.of_tails(["{}", "[]"])

    assert is_series_head(head.line())
    assert parse_series_head(f"{head.line()}\n") == head


@pytest.mark.parametrize("other", [["{}"], ["[]", "{}"], ["{}", "[]", "[]"], ["{}[]"], []])
def test_plans_that_are_not_the_same_have_another(other: list[str]) -> None:
    assert SeriesHead.of_tails(other) != SeriesHead.of_tails(["{}", "[]"])


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        '{"respool":"plan","version":3}',
        '{"respool":"plans",',
        '{"respool":"plans","version":2}',
        '{"respool":"plans","a":' + "[" * 200_000,
    ],
)
def test_what_is_none_is_refused(line: str) -> None:
    with pytest.raises(PlanFileInvalid):
        parse_series_head(line)
