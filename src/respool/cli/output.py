"""How results look: tables and text for people, JSON for programs. Nothing else prints."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import field
from datetime import datetime
from itertools import chain, islice
from typing import Final, TextIO
from unicodedata import combining, east_asian_width

from respool.model.dataclasses import dataclass
from respool.model.one_line import written_out

_UNITS: Final = ("B", "K", "M", "G", "T")
_THOUSAND: Final = 1024
_GAP: Final = "  "
_FIRST_ROWS: Final = 200
_PIECES: Final = 1024  # of JSON, written together
UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells below headings; numbers stand to the right."""

    headings: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    right: frozenset[int] = field(default=frozenset())


def print_json(value: object) -> None:
    """One JSON document, readable; written as it comes, and iterators in it are arrays.

    Where making it fails part-way, what was written is no JSON: its brackets are open.
    """
    from respool.cli.json_pieces import json_pieces

    pieces = json_pieces(value, is_ascii=not _takes_everything(sys.stdout))
    while some := "".join(islice(pieces, _PIECES)):
        _write(_all_shown(some), end="")
    _write("")


def print_json_line(value: object) -> None:
    """One JSON document on one line."""
    _write(_all_shown(json.dumps(value, ensure_ascii=not _takes_everything(sys.stdout))))


def _all_shown(text: str) -> str:
    r"""JSON whose every character may be shown; others are ``\uXXXX``, which is the same value.

    Source: RFC 8259, section 7: outside ASCII too, any character may be written so, those
    beyond U+FFFF as two.
    """
    lines = text.split("\n")  # nothing in a string has one: it is "\\n" there
    return "\n".join(each if each.isprintable() else _escaped(each) for each in lines)


def _escaped(text: str) -> str:
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _takes_everything(stream: TextIO) -> bool:
    return (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def print_text(text: str) -> None:
    """Text for people; control characters made visible."""
    _write("\n".join(visible(line) for line in text.split("\n")))


def print_note(text: str) -> None:
    """A message beside the result, on standard error."""
    _write("\n".join(visible(line) for line in text.split("\n")), sys.stderr)


@contextmanager
def though_unread() -> Iterator[None]:
    """Around what prints how something ended: the command's status says it to the end.

    Where nobody reads the rest, that is no reason for a 0.
    """
    with suppress(BrokenPipeError):
        yield


def print_outcome(value: Callable[[], object], text: Callable[[], str], *, as_json: bool) -> None:
    """What became of something that was to be done: ``value`` as JSON, or ``text``."""
    with though_unread():
        if as_json:
            print_json(value())
        else:
            print_text(text())


def print_octets(octets: bytes, *, as_they_are: bool = False) -> None:
    """A message: as it is, but harmless lines on a terminal, unless ``as_they_are``."""
    if as_they_are or not sys.stdout.isatty():
        sys.stdout.flush()
        sys.stdout.buffer.write(octets)
        return
    from respool.cli.terminal import harmless_lines

    for line in harmless_lines(octets):
        _write(line)


def print_table(table: Table) -> None:
    """A table: with colour on a terminal, plain columns elsewhere."""
    if sys.stdout.isatty():
        _print_rich(table)
    else:
        _write(table_text(table))


def table_text(table: Table) -> str:
    """A table as plain text, to be part of a longer one."""
    everything = [list(table.headings), *([visible(cell) for cell in row] for row in table.rows)]
    widths = _widths(everything)
    return "\n".join(_row_text(row, widths, table.right) for row in everything)


def print_long_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], right: AbstractSet[int]
) -> None:
    """A table of any length, each row as it comes: the first ones set the widths."""
    coming = iter(rows)
    first = [[visible(cell) for cell in row] for row in islice(coming, _FIRST_ROWS)]
    widths = _widths([list(headings), *first])
    for row in chain([list(headings)], first, ([visible(cell) for cell in row] for row in coming)):
        _write(_row_text(row, widths, right))


def visible(text: str) -> str:
    r"""``text`` with control characters and octets that are no text written out.

    >>> visible("a" + chr(27) + "[2J" + chr(10))
    'a\\x1b[2J\\n'
    """
    return written_out(text)


def cut(text: str, width: int) -> str:
    """``text`` in so many columns of a terminal; what was cut off ends with a mark.

    >>> cut("a long subject", 8), cut("short", 8)
    ('a long …', 'short')
    """
    if _width(text) <= width:
        return text
    kept = ""
    taken = 0
    for each in text:
        taken += _width(each)
        if taken > width - 1:
            break
        kept += each
    return f"{kept}…"


def shown_size(size_bytes: int | None) -> str:
    """A size for people.

    >>> shown_size(3_328_599_654), shown_size(512), shown_size(None)
    ('3.1 G', '512 B', '?')
    """
    if size_bytes is None:
        return UNKNOWN
    size = float(size_bytes)
    unit = 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size /= _THOUSAND
        unit += 1
    digits = 1 if unit and size < 9.95 else 0
    return f"{size:.{digits}f} {_UNITS[unit]}"


def shown_count(count: int | None) -> str:
    """A number for people: ``12,431``; ``?`` where unknown."""
    return UNKNOWN if count is None else f"{count:,}"


def shown_ranges(numbers: Iterable[int]) -> str:
    """Rising numbers for people.

    >>> shown_ranges([1, 2, 3, 7])
    '1-3, 7'
    """
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ranges)


def shown_time(moment: datetime | None, *, is_about: bool = False) -> str:
    """A time in the user's zone, which `zone_name` says once."""
    if moment is None:
        return "undated"
    text = f"{moment.astimezone():%a %d %b %Y %H:%M}"
    return f"about {text}" if is_about else text


def zone_name(moment: datetime | None = None) -> str:
    """The name of the user's zone."""
    return (moment or datetime.now().astimezone()).astimezone().tzname() or "local"


def _write(text: str, stream: TextIO | None = None, *, end: str = "\n") -> None:
    out = stream or sys.stdout
    encoding = out.encoding or "utf-8"
    out.write(text.encode(encoding, "backslashreplace").decode(encoding) + end)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]


def _row_text(row: Sequence[str], widths: Sequence[int], right: AbstractSet[int]) -> str:
    cells = [
        _padded(cell, width, is_right=column in right)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return _GAP.join(cells).rstrip()


def _padded(cell: str, width: int, *, is_right: bool) -> str:
    padding = " " * (width - _width(cell))
    return padding + cell if is_right else cell + padding


def _width(text: str) -> int:
    """Columns of a terminal: two for East Asian characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(each) else 2 if east_asian_width(each) in {"F", "W"} else 1 for each in text
    )


def _print_rich(table: Table) -> None:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, pad_edge=False, header_style="bold")
    for column, heading in enumerate(table.headings):
        justify = "right" if column in table.right else "left"
        drawn.add_column(Text(heading), justify="right" if justify == "right" else "left")
    for row in table.rows:
        drawn.add_row(*(Text(visible(cell)) for cell in row))
    Console().print(drawn)
