from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from respool.cli.json_pieces import json_pieces

VALUES: list[object] = [
    {},
    [],
    None,
    "text",
    17.5,
    {"none": [], "empty": {}, "tuple": (), "last": None},
    [[], {}, [[]], [{}], "", 0, False],
    {"Été \udce9": {"a": [1, [2, {"b": ["\n", {"c": []}]}]]}, "list": [{"d": {"e": 1}}, (2, 3)]},
]


@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("value", VALUES)
def test_all_pieces_are_what_the_whole_value_is_written_as(
    *, value: object, is_ascii: bool
) -> None:
    assert "".join(json_pieces(value, is_ascii=is_ascii)) == json.dumps(
        value, ensure_ascii=is_ascii, indent=2
    )


@pytest.mark.parametrize("elements", [[], [1], [{"a": [1, {"b": 2}]}, {}, "x"]])
def test_an_iterator_is_written_as_a_list_is(elements: list[object]) -> None:
    value = {"before": 1, "elements": iter(elements), "after": {"deep": 2}}

    text = "".join(json_pieces(value, is_ascii=True))

    assert text == json.dumps({**value, "elements": elements}, indent=2)


def test_an_iterator_is_asked_for_no_more_than_was_taken() -> None:
    asked = []

    def coming() -> Iterator[int]:
        for number in range(9):
            asked.append(number)
            yield number

    pieces = json_pieces({"numbers": coming()}, is_ascii=True)
    while "1" not in next(pieces):
        continue

    assert asked == [0, 1]
