"""dlist, the text that Cyrus 3.6 and later writes its headers in.

Values are atoms, "quoted" strings, ``NIL``, lists ``(a b)`` and key-value lists
``%(k v k v)``. A literal ``{n}`` is read too, though the server's own reader of
headers stops at the first line end.

Source: lib/dlist.c, ``dlist_parse``.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from respool.errors import FormatError, TruncatedFile
from respool.model.dataclasses import dataclass

DEPTH_LIMIT: Final = 16
_ATOM: Final = re.compile(rb'[^\x00-\x20"()\x7f]+')
_SIMPLE: Final = re.compile(rb'[^\x00-\x20"()%{\x7f][^\x00-\x20"()\x7f]*')
_LITERAL: Final = re.compile(rb"\{([0-9]{1,9})\+?\}\r?\n")
_PLAIN: Final = re.compile(r'[^\x00-\x20"(){}%\\*\x7f-\U0010ffff]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key of a key-value list; ``start`` and ``end`` enclose its value's octets."""

    key: str
    value: Value
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValues:
    """A key-value list, in the order written; a key may come twice."""

    entries: tuple[Entry, ...]

    def get(self, key: str) -> Value:
        """The first value of ``key``; None where it is absent or NIL."""
        return next((entry.value for entry in self.entries if entry.key == key), None)


Value: TypeAlias = "str | tuple[Value, ...] | KeyValues | None"


def parse_dlist(octets: bytes, start: int = 0) -> tuple[Value, int]:
    """The value at ``start`` and the offset after it. Text is ASCII with surrogate escapes.

    Raises:
        FormatError: not a dlist, cut off, or nested more than 16 deep.
    """
    return _value(octets, start, 0)


def render_atom(text: str) -> str:
    """``text`` as an atom, or quoted where it must be.

    Raises:
        ValueError: characters that a header on one line cannot hold.
    """
    if _PLAIN.fullmatch(text) and text.upper() != "NIL":
        return text
    if any(not " " <= character <= "~" or character in '"\\' for character in text):
        raise ValueError(f"not possible in a header: {text!r}")
    return f'"{text}"'


def _value(octets: bytes, at: int, depth: int) -> tuple[Value, int]:
    if depth > DEPTH_LIMIT:
        raise FormatError("a dlist nested too deep", offset=at)
    simple = _SIMPLE.match(octets, at)
    if simple is not None:  # nearly all of a large file are such
        text = _text(simple[0])
        return (None if text == "NIL" else text), simple.end()
    first = octets[at : at + 1]
    if not first:
        raise TruncatedFile("a dlist ends too early", offset=at, expected="a value", found="end")
    if first == b'"':
        return _quoted(octets, at)
    if first == b"(":
        return _list(octets, at + 1, depth)
    if octets[at : at + 2] == b"%(":
        return _key_values(octets, at + 2, depth)
    literal = _LITERAL.match(octets, at)
    if literal:
        return _literal(octets, literal)
    text, end = _atom(octets, at)
    return (None if text == "NIL" else text), end


def _atom(octets: bytes, at: int) -> tuple[str, int]:
    match = _ATOM.match(octets, at)
    if match is None:
        found = repr(octets[at : at + 1])
        raise FormatError("not a dlist", offset=at, expected="an atom", found=found)
    return _text(match[0]), match.end()


def _quoted(octets: bytes, at: int) -> tuple[str, int]:
    collected = bytearray()
    position = at + 1
    while position < len(octets):
        octet = octets[position]
        if octet == 0x22:
            return _text(bytes(collected)), position + 1
        if octet == 0x5C:
            position += 1
        collected += octets[position : position + 1]
        position += 1
    raise TruncatedFile("a dlist ends in a string", offset=at, expected='"', found="end")


def _literal(octets: bytes, match: re.Match[bytes]) -> tuple[str, int]:
    end = match.end() + int(match[1])
    if end > len(octets):
        raise TruncatedFile(
            "a dlist ends in a literal", offset=match.start(), expected=str(end), found="end"
        )
    return _text(octets[match.end() : end]), end


def _list(octets: bytes, at: int, depth: int) -> tuple[tuple[Value, ...], int]:
    values: list[Value] = []
    at = _skip_spaces(octets, at)
    while octets[at : at + 1] != b")":
        value, at = _value(octets, at, depth + 1)
        values.append(value)
        at = _skip_spaces(octets, at)
    return tuple(values), at + 1


def _key_values(octets: bytes, at: int, depth: int) -> tuple[KeyValues, int]:
    entries: list[Entry] = []
    at = _skip_spaces(octets, at)
    while octets[at : at + 1] != b")":
        key, at = _value(octets, at, depth + 1)
        if not isinstance(key, str):
            raise FormatError("not a dlist", offset=at, expected="a key", found="no text")
        start = _skip_spaces(octets, at)
        value, at = _value(octets, start, depth + 1)
        entries.append(Entry(key=key, value=value, start=start, end=at))
        at = _skip_spaces(octets, at)
    return KeyValues(entries=tuple(entries)), at + 1


def _skip_spaces(octets: bytes, at: int) -> int:
    while octets[at : at + 1] == b" ":
        at += 1
    return at


def _text(octets: bytes) -> str:
    return octets.decode("ascii", "surrogateescape")
