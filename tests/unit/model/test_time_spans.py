from __future__ import annotations

from datetime import timedelta

import pytest

from respool.model.time_spans import parse_time_span


@pytest.mark.parametrize(
    ("text", "days"), [("90d", 90), ("12W", 84), (" 1y ", 365), ("48h", 2), ("0d", 0)]
)
def test_spans_are_those_of_their_unit(text: str, days: int) -> None:
    assert parse_time_span(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "1.5d", "90 d", "1m", "999999d", "٣d"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a span of time"):
        parse_time_span(text)
