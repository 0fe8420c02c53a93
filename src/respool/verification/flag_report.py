"""Flags and line ends that a server did not take as they were: each told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from respool.model.findings import Finding, Severity


def refused_flag_findings(receipts: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """A finding for each flag, by its name, that messages did not get as they were appended."""
    counts: Counter[str] = Counter()
    for receipt in receipts:
        for flags in receipt.get("refused_flags", {}).values():
            counts.update(flags)
    for flag, count in sorted(counts.items()):
        yield Finding(
            severity=Severity.NOTE,
            code="flag-refused",
            subject=flag,
            text=f"the server did not take it: {count} messages came back without it",
            count=count,
        )


def mended_findings(path: str, receipts: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    """A finding for each message of a folder whose line ends were mended, as was asked for."""
    for receipt in receipts:
        for uid, form in receipt.get("mended", {}).items():
            yield Finding(
                severity=Severity.NOTE,
                code="line-ends-mended",
                subject=path,
                text=f"it has {form['size_bytes']} octets now, and is proven by their SHA-1",
                uid=int(uid),
            )
