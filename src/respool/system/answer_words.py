"""Untagged answers as words: atoms, quoted strings, literals and lists, octet by octet.

An atom ends at a blank or a parenthesis and nowhere else: Cyrus sends ``b[c`` as it is.

Source: RFC 3501, section 9; seen on Cyrus 3.6.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

Part: TypeAlias = "bytes | tuple[bytes, bytes] | None"

_TOKEN: Final = re.compile(rb'([()])|"((?:[^"\\]|\\.)*+)"|([^ \r\n()]+)')
_ESCAPED: Final = re.compile(rb"\\(.)")
_LITERAL_SIZE: Final = re.compile(rb"\{\d+\}\s*$")


def parse_words(parts: Sequence[Part]) -> tuple[Any, ...]:
    """The words of an answer: octets, None for NIL, tuples for lists, in order.

    A literal comes as a pair: what stood before it, and its octets.

    Raises:
        ValueError: parentheses that do not match.

    >>> parse_words([b'(a "b c") NIL x[y'])
    ((b'a', b'b c'), None, b'x[y')
    """
    stack: list[list[Any]] = [[]]
    for kind, octets in _tokens(parts):
        if kind == "(":
            stack.append([])
        elif kind == ")":
            if len(stack) == 1:
                raise ValueError("an answer closes what it did not open")
            closed = tuple(stack.pop())
            stack[-1].append(closed)
        else:
            stack[-1].append(None if kind == "atom" and octets.upper() == b"NIL" else octets)
    if len(stack) != 1:
        raise ValueError("an answer opens what it does not close")
    return tuple(stack[0])


def _tokens(parts: Sequence[Part]) -> Iterator[tuple[str, bytes]]:
    for part in parts:
        if isinstance(part, tuple):
            yield from _of_text(_LITERAL_SIZE.sub(b"", part[0]))
            yield "literal", part[1]
        elif part is not None:
            yield from _of_text(part)


def _of_text(text: bytes) -> Iterator[tuple[str, bytes]]:
    for found in _TOKEN.finditer(text):
        if found[1] is not None:
            yield found[1].decode("ascii"), b""
        elif found[2] is not None:
            yield "quoted", _ESCAPED.sub(rb"\1", found[2])
        else:
            yield "atom", found[3]
