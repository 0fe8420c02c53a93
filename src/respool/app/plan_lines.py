"""The lines of a plan file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def without_last(lines: Iterable[str]) -> Iterator[str]:
    """The lines of steps: all but the tail, lazily."""
    previous: str | None = None
    for line in lines:
        if previous is not None:
            yield previous
        previous = line
