"""Which programs are running on this machine, by their names and arguments."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from respool.model.dataclasses import dataclass

_PROCESSES: Final = Path("/proc")
_MOST_OCTETS: Final = 1 << 16
_INTERPRETERS: Final = ("perl", "python", "ruby", "sh", "bash", "dash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process. ``name`` is its program's, that of a script where it is one.

    ``words`` are its arguments without the program.
    """

    pid: int
    name: str
    words: tuple[str, ...]

    def option(self, letter: str) -> str | None:
        """What follows ``-letter``, beside it or within the same word; None without it."""
        for at, word in enumerate(self.words):
            if word == f"-{letter}":
                return self.words[at + 1] if at + 1 < len(self.words) else None
            if word.startswith(f"-{letter}") and not word.startswith("--"):
                return word[2:]
        return None


def processes(directory: Path = _PROCESSES) -> Iterator[Process]:
    """Every process with arguments but ourselves, in no order; those that end meanwhile not."""
    for entry in directory.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            with (entry / "cmdline").open("rb") as file:
                octets = file.read(_MOST_OCTETS)
        except OSError:
            continue
        found = parse_process(int(entry.name), octets)
        if found is not None:
            yield found


def parse_process(pid: int, octets: bytes) -> Process | None:
    """A process by its ``cmdline``; None where that is empty, as of the kernel's own.

    Source: proc(5): arguments, each followed by NUL. A daemon may have written one text with
    blanks over them.
    """
    words = octets.decode("utf-8", "surrogateescape").rstrip("\0").split("\0")
    if len(words) == 1:
        words = words[0].split(" ")
    if not words[0]:
        return None
    at = _script_at(words)
    return Process(pid=pid, name=PurePosixPath(words[at]).name, words=tuple(words[at + 1 :]))


def _script_at(words: list[str]) -> int:
    """Where the program's own name stands: behind an interpreter and its options, if any."""
    if not PurePosixPath(words[0]).name.rstrip("0123456789.").endswith(_INTERPRETERS):
        return 0
    after = (at for at, word in enumerate(words) if at and not word.startswith("-"))
    return next(after, 0)
