"""A row of the table of parsers, and where the octets to begin with come from."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from respool.errors import FormatError
from tests.support.golden import SPOOLS

Seeds = Callable[[], tuple[bytes, ...]]


@dataclass(frozen=True, kw_only=True)
class Parser:
    """One parser: ``refuses`` are its documented errors, ``longest`` octets are tried."""

    parse: Callable[[bytes], object]
    seeds: Seeds
    words: tuple[bytes, ...] = ()
    refuses: tuple[type[Exception], ...] = (FormatError,)
    longest: int = 4096


@cache
def _golden(archive: str) -> Mapping[str, bytes]:
    with tarfile.open(SPOOLS / archive) as tar:
        return {
            member.name: file.read()
            for member in tar
            if member.isfile() and (file := tar.extractfile(member)) is not None
        }


def golden(ending: str, *archives: str, longest: int = 4096) -> Seeds:
    """The two shortest files of each golden archive whose path ends so."""

    def seeds() -> tuple[bytes, ...]:
        found: set[bytes] = set()
        for archive in archives or ("2.4.20/spool.tar.gz", "3.10.3/spool.tar.gz"):
            fitting = {text for name, text in _golden(archive).items() if name.endswith(ending)}
            found |= set(
                sorted((each for each in fitting if 4 < len(each) <= longest), key=len)[:2]
            )
        return tuple(sorted(found))

    return seeds


def literal(*seeds: bytes) -> Seeds:
    """Seeds as they stand."""
    return lambda: seeds


def text_of(octets: bytes) -> str:
    """Text as Python hands over names and lines of other programs."""
    return octets.decode("utf-8", "surrogateescape")


def drained(values: Iterator[Any]) -> int:
    """How many values there are, all of them asked for."""
    return sum(1 for _ in values)


DLIST = literal(
    b'%(A %(jdoe lrs anyone "") I {3}\r\nabc U (NIL "a\\"b") N user.x V 12)', b"(a ())"
)
DLIST_WORDS = (b"%(", b"NIL", b"{1}\r\n", b"{3+}\r\n", b'"', b"\\", b"(", b")", b" ")
