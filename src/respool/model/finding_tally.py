"""Findings counted by kind, of which the first of each kind are kept: there can be millions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from respool.model.finding_kinds import KINDS, Severity
from respool.model.findings import Finding

_ORDER = (Severity.BLOCKS, Severity.LOSS, Severity.NOTE)


class FindingTally:
    """How many findings of each kind there are, and the first ``limit`` of each."""

    __slots__ = ("_counts", "_kept", "_kept_counts", "limit")

    def __init__(self, limit: int, findings: Iterable[Finding] = ()) -> None:
        self.limit = limit
        self._counts: Counter[tuple[str, Severity]] = Counter()
        self._kept: list[Finding] = []
        self._kept_counts: Counter[str] = Counter()
        self.add(findings)

    def add(self, findings: Iterable[Finding]) -> None:
        """Count more findings, lazily."""
        for finding in findings:
            self._counts[finding.code, finding.severity] += finding.count
            if self._kept_counts[finding.code] < self.limit:
                self._kept_counts[finding.code] += 1
                self._kept.append(finding)

    def count(self, other: FindingTally) -> None:
        """Count another's findings, without keeping any of them."""
        self._counts += other._counts

    @property
    def kept(self) -> tuple[Finding, ...]:
        """The first of each kind, as they came."""
        return tuple(self._kept)

    @property
    def total(self) -> int:
        """How many there are, kept or not."""
        return self._counts.total()

    @property
    def untold(self) -> int:
        """How many there are of which no kept one speaks."""
        return self.total - sum(each.count for each in self._kept)

    def by_kind(self) -> Iterator[tuple[str, Severity, int]]:
        """Code, severity and number of each kind, the worst first."""
        for code, severity in sorted(self._counts, key=lambda kind: (_ORDER.index(kind[1]), kind)):
            yield code, severity, self._counts[code, severity]

    def as_json(self) -> list[dict[str, str | int]]:
        """The shape of ``kinds``."""
        return [
            {
                "code": code,
                "severity": severity.value,
                "count": count,
                "means": KINDS[code].means,
            }
            for code, severity, count in self.by_kind()
        ]
