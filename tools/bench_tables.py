"""The tables of ``./dev bench targets``, in Markdown, and their places in the documentation."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench_measured import CUT, PROVEN, READ_BACK, UNDONE, VERIFIED, Measured

PAGE = "docs/reference/speed.md"
CONTESTS_MARK = "<!-- made by ./dev bench targets --page -->"
MEMORY_MARK = "<!-- made by ./dev bench targets --only memory --page -->"
END = "<!-- end of what is made -->"
MOST_OCTETS = 200_000_000  # of memory
FAILED = "failed"  # in place of a stage: that one, and those after it
_SHORT_OF_GOAL = 0.995  # as it is shown, with two digits
_STAGES = {
    CUT: "planned, half restored",
    PROVEN: "restored to its end, proven",
    VERIFIED: "`verify --export`",
    READ_BACK: "restored from it, into mbox files",
    UNDONE: "taken back",
}
_PLACES = {
    "spool": "spool of a live Cyrus",
    "imap": "another server, a Cyrus",
    "dovecot": "another server, a Dovecot",
    "maildir": "Maildir",
    "mbox": "mbox files",
    "zip": "zip",
    "eml": "directory of .eml files",
}


@dataclass(frozen=True, kw_only=True)
class Peak:
    """The most memory of respool's process at one stage, or FAILED, which has none."""

    what: str
    into: str
    stage: str
    mib: float | None


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


def contest_tables(every: Mapping[str, Results], rounds: int, where: str) -> Iterator[str]:
    """All contests; ``where`` says on what machine."""
    yield f"Median of {rounds} rounds; {where}."
    yield ""
    yield from _contests(every)


def memory_tables(peaks: Sequence[Peak], where: str) -> Iterator[str]:
    """A table of everything that was restored: a row for each target, a column for each stage."""
    if not peaks:
        return
    yield f"{where}; MiB, of which {MOST_OCTETS / 2**20:.1f} are the goal."
    for what in dict.fromkeys(each.what for each in peaks):
        found = {(each.into, each.stage): each for each in peaks if each.what == what}
        columns = [stage for stage in _STAGES if any(stage == each for _, each in found)]
        yield ""
        yield f"{what}:"
        yield ""
        yield f"| into | {' | '.join(_STAGES[each] for each in columns)} |"
        yield f"|---|{'--:|' * len(columns)}"
        for into in sorted({into for into, _ in found}, key=list(_PLACES).index):
            absent = FAILED if (into, FAILED) in found else ""
            cells = (_memory(found.get((into, each)), absent) for each in columns)
            yield f"| {_PLACES[into]} | {' | '.join(cells)} |"


def _memory(peak: Peak | None, absent: str) -> str:
    if peak is None or peak.mib is None:
        return absent
    return f"{peak.mib:.0f}{'' if peak.mib * 2**20 <= MOST_OCTETS else ': **not met**'}"


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


def write_into(page: Path, mark: str, made: str) -> None:
    """Put ``made`` between a mark of ``page`` and the end of what is made there."""
    before, begin, rest = page.read_text("utf-8").partition(mark)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no place for it")
    page.write_text(f"{before}{mark}\n\n{made}\n\n{END}{after}", "utf-8")
