"""Findings of one kind, of which a damaged mailbox can have a million."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from respool.model.findings import Finding

SINGLE_LIMIT: Final = 1000  # of one kind and mailbox; what more there are is told as a number


def at_most(
    findings: Iterator[Finding], count: int, limit: int = SINGLE_LIMIT
) -> Iterator[Finding]:
    """The first ``limit`` of ``count`` findings of one kind, and one that stands for the rest.

    The rest is never made, but for one, whose message it names; else the last is named again.
    """
    last: Finding | None = None
    for last in islice(findings, limit):
        yield last
    if last is not None and count > limit:
        more = f"{count - limit:,} more of these, {count:,} in all"
        yield replace(next(findings, last), text=more, count=count - limit)
