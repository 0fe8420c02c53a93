from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator

import pytest

from respool.cli.output import (
    Table,
    print_json,
    print_json_line,
    print_long_table,
    print_table,
    print_text,
    shown_size,
    visible,
)
from respool.errors import BackupUnreadable


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


@pytest.mark.parametrize("writes", [print_json, print_json_line])
def test_json_holds_what_would_turn_or_move_a_terminal_as_escapes(
    writes: Callable[[object], None], capsys: pytest.CaptureFixture[str]
) -> None:
    value = {
        "subject\x9b": ["\x9b2J\x85", "gpj.\u202eexe\u2066", "\u2028\U000e0041", 'a "b" \n\\']
    }

    writes(value)

    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.splitlines())
    assert "\\u202e" in out
    assert json.loads(out) == value


def test_json_that_fails_part_way_is_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    def coming() -> Iterator[int]:
        yield from range(5_000)
        raise BackupUnreadable("it became shorter meanwhile")

    with pytest.raises(BackupUnreadable):
        print_json({"equal": False, "differences": coming()})

    out = capsys.readouterr().out
    assert out.startswith('{\n  "equal": false,\n  "differences": [\n    0,')
    with pytest.raises(json.JSONDecodeError):
        json.loads(out)


def test_json_is_json_for_a_terminal_of_another_character_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    octets = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(octets, encoding="ascii"))

    print_json_line({"name": "Été"})

    sys.stdout.flush()
    assert json.loads(octets.getvalue()) == {"name": "Été"}


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
