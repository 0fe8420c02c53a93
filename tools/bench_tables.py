"""The tables of ``./dev bench targets``, in Markdown, and their place in the documentation."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench_measured import Measured

PAGE = "docs/reference/speed.md"
BEGIN, END = "<!-- made by ./dev bench targets --page -->", "<!-- end of what is made -->"
_SHORT_OF_GOAL = 0.995  # as it is shown, with two digits

Memory = list[tuple[str, str, float | None]]  # what, where to and at which stage, and MiB


@dataclass(kw_only=True)
class Results:
    """Every figure of one contest, side by side, and what went wrong, if anything did."""

    sides: dict[str, list[Measured]] = field(default_factory=dict)
    messages: dict[str, int] = field(default_factory=dict)
    goals: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    ours: str = ""
    failed: dict[str, str] = field(default_factory=dict)

    def seconds(self, side: str) -> float:
        """The median of the rounds."""
        return statistics.median(each.seconds for each in self.sides[side])

    def rate(self, side: str) -> float:
        """Messages/s, by the median."""
        return self.messages[side] / self.seconds(side)

    def proof(self) -> float | None:
        """Our proof's seconds against those of the restore; None where nobody said."""
        every = [(each.proof_seconds, each.seconds) for each in self.sides[self.ours]]
        parts = [proof / seconds for proof, seconds in every if proof is not None]
        return statistics.median(parts) if parts else None

    def ratio(self, side: str) -> float | None:
        """Our messages/s against those of ``side``; None where one of us has none."""
        if self.ours not in self.sides or side == self.ours:
            return None
        return self.rate(self.ours) / self.rate(side)


def tables(every: Mapping[str, Results], memory: Memory, rounds: int, where: str) -> Iterator[str]:
    """All that was measured; ``where`` says on what machine."""
    if every:
        yield f"Median of {rounds} rounds; {where}."
        yield ""
        yield from _contests(every)
    if memory:
        yield from (() if every else (f"{where}.",))
        yield from ("", "| what | into | peak memory |", "|---|---|--:|")
    for what, stage, peak in memory:
        yield f"| {what} | {stage} | {'failed' if peak is None else f'{peak:.0f} MiB'} |"


def _contests(every: Mapping[str, Results]) -> Iterator[str]:
    """Rows of each contest, ours first."""
    yield "| contest | way | messages | seconds | messages/s | respool against | goal | memory |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    for name, results in every.items():
        for side, runs in results.sides.items():
            peaks = [each.memory_mib for each in runs if each.memory_mib is not None]
            memory = f"{max(peaks):.0f} MiB" if peaks and side == results.ours else ""
            figures = f"{results.seconds(side):.2f} | {results.rate(side):,.0f}"
            judged = _judged(results, side)
            yield (
                f"| `{name}` | {side} | {results.messages[side]:,} | {figures} | {judged}"
                f" | {memory} |"
            )
        proof = results.proof() if results.ours in results.sides else None
        if proof is not None:
            yield f"| `{name}` | proof, of respool's seconds | | {proof:.0%} | | | | |"
        for what in results.failed:
            yield f"| `{name}` | {what}: failed | | | | | | |"


def _judged(results: Results, side: str) -> str:
    """Two columns: the ratio, and the goal."""
    ratio = results.ratio(side)
    if ratio is None:
        return " | "
    goal = results.goals[side]
    is_met = ratio >= goal * _SHORT_OF_GOAL
    return f"{ratio:.2f}{'' if is_met else ': **not met**'} | {goal:.2f}"


def write_into(page: Path, made: str) -> None:
    """Put ``made`` between the marks of ``page``."""
    before, begin, rest = page.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for it")
    page.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{after}", "utf-8")
