"""JSON in pieces: the text of a long answer is never held whole, nor need its lists be.

What it says is octet for octet what ``json.dumps(value, indent=2)`` says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

_INDENT: Final = 2
_IN_PIECES: Final = 2  # levels: the members of a value, and the elements of each


def json_pieces(value: object, *, is_ascii: bool) -> Iterator[str]:
    r"""JSON with indents, to be written one after the other; an iterator is an array.

    An iterator is asked for its next element only when those before it were taken, so an error
    that it raises leaves arrays and objects open: what was written is no JSON then. Names of
    members are text. ``is_ascii``: other characters are written as ``\uXXXX``.
    """
    return _pieces(value, 0, is_ascii=is_ascii)


def _pieces(value: object, level: int, *, is_ascii: bool) -> Iterator[str]:
    text_of = partial(json.dumps, ensure_ascii=is_ascii, indent=_INDENT)
    is_taken_apart = level < _IN_PIECES
    if is_taken_apart and isinstance(value, dict):
        members = ((f"{text_of(name)}: ", each) for name, each in value.items())
        return _enclosed("{}", members, level, is_ascii=is_ascii)
    if isinstance(value, Iterator) or (is_taken_apart and isinstance(value, list | tuple)):
        return _enclosed("[]", (("", each) for each in value), level, is_ascii=is_ascii)
    # No string has a line end in JSON: those that are there stand before an indent.
    return iter((text_of(value).replace("\n", _line_start(level)),))


def _enclosed(
    brackets: str, members: Iterable[tuple[str, object]], level: int, *, is_ascii: bool
) -> Iterator[str]:
    before, is_empty = brackets[0], True
    for name, each in members:
        yield f"{before}{_line_start(level + 1)}{name}"
        yield from _pieces(each, level + 1, is_ascii=is_ascii)
        before, is_empty = ",", False
    yield brackets if is_empty else f"{_line_start(level)}{brackets[1]}"


def _line_start(level: int) -> str:
    return "\n" + " " * _INDENT * level
