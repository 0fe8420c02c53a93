"""What a long run of kills came to: counted, kept as JSON, and told as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.support.faults.bench import Outcome


@dataclass(slots=True, kw_only=True)
class Part:
    """Some of the cases of one scenario, all with the same ending.

    ``chosen`` were to be carried out, ``cases`` were; ``kills`` took place in them.
    """

    scenario: str
    what: str
    ending: str
    chosen: int
    cases: int = 0
    kills: int = 0
    lost: int = 0
    different: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count one more case."""
        self.cases += 1
        self.kills += len(outcome.killed)
        self.lost += outcome.lost
        self.different += bool(outcome.differences)


@dataclass(slots=True, kw_only=True)
class Results:
    """The whole of it. ``instants`` are by scenario and command, ``groups`` the kills by group.

    ``cuts`` are cases of the suites that cut runs off at calls of an actor, by what came then.

    ``machine`` and ``server`` are words for people; ``troubles`` say what differed, and
    ``servers`` what was wrong with one in the end: its mail log, or the backup.
    """

    seed: int
    commit: str
    server: str
    machine: str
    workers: int
    seconds: int = 0
    parts: list[Part] = field(default_factory=list)
    instants: dict[str, dict[str, int]] = field(default_factory=dict)
    groups: Counter[str] = field(default_factory=Counter)
    cuts: Counter[str] = field(default_factory=Counter)
    points: int = 0
    troubles: list[str] = field(default_factory=list)
    servers: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Results:
        """What `as_json` had made."""
        counted = {name: Counter(kept[name]) for name in ("groups", "cuts")}
        return cls(**{**kept, **counted, "parts": [Part(**part) for part in kept["parts"]]})

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        counts = {"groups": dict(sorted(self.groups.items())), "cuts": dict(self.cuts)}
        return {**asdict(self), **counts}


def page(results: Mapping[str, Any]) -> str:
    """What docs/explanation/safety.md says of kept results."""
    parts: Sequence[Mapping[str, Any]] = results["parts"]
    cases, kills = (sum(part[key] for part in parts) for key in ("cases", "kills"))
    lost, different = (sum(part[key] for part in parts) for key in ("lost", "different"))
    chosen = sum(part["chosen"] for part in parts)
    troubles = len(results["servers"])
    return "\n".join(
        [
            (
                f"Points cut: {results['points']:,}. Runs: {cases:,}. Kills: {kills:,}. "
                f"Losses: {lost:,}. Differences: {different + troubles:,}."
            ),
            "",
            (
                f"Of commit {results['commit']}, on {results['machine']}, "
                f"with {results['server']}, seed {results['seed']}, "
                f"{results['workers']} at once, in {results['seconds'] // 60} minutes."
            ),
            *_left_out(chosen, cases),
            *_cut(results.get("cuts", {})),
            "",
            (
                "| what was restored | where it was killed | and then | runs | kills "
                "| messages lost | differences |"
            ),
            "|---|---|---|--:|--:|--:|--:|",
            *(_row(part) for part in parts),
            "",
            "Instants of a command that nobody kills, each before or after a call or a record:",
            "",
            "| what was restored | restore | resume | undo |",
            "|---|--:|--:|--:|",
            *(
                f"| {name} | {counts['restore']:,} | {counts['resume']:,} | {counts['undo']:,} |"
                for name, counts in results["instants"].items()
            ),
            "",
            "Kills by what was going on:",
            "",
            "| group | kills |",
            "|---|--:|",
            *(f"| {group} | {count:,} |" for group, count in results["groups"].items()),
            "",
        ]
    )


def _cut(cuts: Mapping[str, int]) -> list[str]:
    if not cuts:
        return []
    return [
        (
            f"Besides, runs were cut off at calls of a model of a server in memory and of the "
            f"real one: {cuts.get('cut_and_resume', 0):,} cut and resumed, "
            f"{cuts.get('cut_and_undo', 0):,} cut and undone, each like a clean run or as before."
        ),
    ]


def _left_out(chosen: int, cases: int) -> list[str]:
    if chosen == cases:
        return []
    return [
        (
            f"{chosen:,} runs were chosen; {chosen - cases:,} of them, by chance of the same "
            "seed, were left out for want of time."
        ),
    ]


def _row(part: Mapping[str, Any]) -> str:
    cells = (part["scenario"], part["what"], part["ending"])
    counts = (part["cases"], part["kills"], part["lost"], part["different"])
    return f"| {' | '.join((*cells, *(f'{count:,}' for count in counts)))} |"
