"""Reading the commands of IMAP clients: lines, literals, and the words in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

Word: TypeAlias = "bytes | list[Word]"

_LITERAL = re.compile(rb"(~?)\{(\d+)([+-]?)\}\r\n$")
_TOKEN = re.compile(rb'([()])|"((?:[^"\\]|\\.)*)"|((?:\[[^\]]*\]|[^\s()])+)')


class Stream(Protocol):
    """What a client sends."""

    def readline(self) -> bytes:
        """A line with its end; nothing at the end of all."""

    def read(self, size: int) -> bytes:
        """So many octets, fewer only at the end of all."""


class EndOfClient(Exception):
    """The client is gone, in the middle of a command or between two."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Octets that came as a literal."""

    octets: bytes


class RefusedLiteral(Exception):
    """A literal was not asked for; ``tag`` is its command's."""

    def __init__(self, tag: str, words: str) -> None:
        super().__init__(words)
        self.tag = tag


def read_command(
    stream: Stream, go_on: Callable[[], None], why_not: Callable[[int], str | None]
) -> list[bytes | Literal]:
    """One command, as pieces of text and literals.

    ``go_on`` asks the client for a literal that waits for that; ``why_not`` of so many
    octets refuses it instead.

    Raises:
        EndOfClient: there is no more.
        RefusedLiteral: the client was told, or is to be told, no.
    """
    parts: list[bytes | Literal] = []
    while True:
        line = stream.readline()
        if not line.endswith(b"\n"):
            raise EndOfClient
        found = _LITERAL.search(line)
        if found is None:
            return [*parts, line.rstrip(b"\r\n")]
        parts.append(line[: found.start()])
        size = int(found[2])
        if not found[3]:
            why = why_not(size)
            if why is not None:
                first = parts[0]
                assert isinstance(first, bytes)
                raise RefusedLiteral(first.split(b" ")[0].decode("ascii"), why)
            go_on()
        octets = stream.read(size)
        if len(octets) != size:
            raise EndOfClient
        parts.append(Literal(octets))


def words_of(parts: Sequence[bytes | Literal]) -> list[Word]:
    """The words of a command, without its tag; strings and literals are words as atoms are.

    Raises:
        ValueError: parentheses that do not match.
    """
    stack: list[list[Word]] = [[]]
    for token, is_mark in _tokens(parts):
        if not is_mark:
            stack[-1].append(token)
        elif token == b"(":
            stack.append([])
        elif len(stack) == 1:
            raise ValueError("a parenthesis that nothing opens")
        else:
            closed = stack.pop()
            stack[-1].append(closed)
    if len(stack) != 1:
        raise ValueError("a parenthesis that nothing closes")
    return stack[0]


def text(word: Word) -> str:
    """A word as text.

    Raises:
        ValueError: it is a list.
    """
    if isinstance(word, list):
        raise ValueError("a list where a word should be")  # noqa: TRY004 - the client's fault
    return word.decode("utf-8", "surrogateescape")


def texts(word: Word) -> list[str]:
    """The words of a list, or the one word that stands in place of a list."""
    return [text(each) for each in word] if isinstance(word, list) else [text(word)]


def quoted(name: str) -> str:
    """A name in an answer."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _tokens(parts: Sequence[bytes | Literal]) -> Iterator[tuple[bytes, bool]]:
    for part in parts:
        if isinstance(part, Literal):
            yield part.octets, False
            continue
        for found in _TOKEN.finditer(part):
            if found[1] is not None:
                yield found[1], True
            elif found[2] is not None:
                yield re.sub(rb"\\(.)", rb"\1", found[2]), False
            else:
                yield found[3], False
