from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from respool.cli.output import (
    Table,
    print_json,
    print_long_table,
    print_table,
    print_text,
    shown_size,
    visible,
)


def test_control_characters_and_odd_octets_are_written_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_text("a\x1b[2J\tb\udce9\u202ec\nnext")

    assert capsys.readouterr().out == "a\\x1b[2J\\tb\\udce9\\u202ec\nnext\n"


@pytest.mark.parametrize("text", ["plain", "Éléments", "会議資料", ""])
def test_text_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_json_holds_odd_octets_as_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "caf\udce9 Été"})

    out = capsys.readouterr().out
    assert "Été" in out
    assert json.loads(out) == {"name": "caf\udce9 Été"}


def test_a_table_is_plain_columns_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = Table(
        headings=("NAME", "N", "NOTES"),
        rows=[("会議", "7", ""), ("a\nb", "1,204", "x")],
        right=frozenset({1}),
    )

    print_table(table)

    assert capsys.readouterr().out.splitlines() == [
        "NAME      N  NOTES",
        "会議      7",
        "a\\nb  1,204  x",
    ]


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (None, "?"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 K"),
        (1023 * 1024, "1.0 M"),
        (391 << 20, "391 M"),
        (411 << 30, "411 G"),
        (5000 << 40, "5000 T"),
    ],
)
def test_sizes_are_short(size: int | None, shown: str) -> None:
    assert shown_size(size) == shown


def test_a_long_table_shows_a_row_before_the_last_is_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    The first rows set the widths; a later cell that is wider moves what follows it.
    """

    def rows() -> Iterator[tuple[str, str]]:
        for number in range(250):
            yield str(number), "x"
        assert "199  x" in capsys.readouterr().out
        yield "1000000", "\x1b"

    print_long_table(("UID", "SUBJECT"), rows(), frozenset({0}))

    assert capsys.readouterr().out.splitlines()[-1] == "1000000  \\x1b"
