"""What the servers could hold, as it is kept, and the page that is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.servers.answers import Answer
from tests.support.servers.golden_rounds import Round

Json = Mapping[str, Any]
# What a cell of the table says of a verdict.
_WORDS = {
    "kept": "yes",
    "partly": "partly",
    "changed": "altered",
    "refused": "refused",
    "not offered": "not offered",
}


@dataclass(slots=True, kw_only=True)
class Result:
    """One server: what it said, and every golden sample in it, by target and sample."""

    place: str
    version: str
    date: str
    capabilities: Sequence[str]
    holds: Mapping[str, Answer] = field(default_factory=dict)
    golden: dict[str, dict[str, list[Round]]] = field(default_factory=dict)

    def as_json(self) -> Json:
        """To be kept."""
        return {
            "version": self.version,
            "date": self.date,
            "capabilities": " ".join(self.capabilities),
            "holds": {question: answer.as_json() for question, answer in self.holds.items()},
            "golden": {
                target: {name: _round_json(rounds) for name, rounds in samples.items()}
                for target, samples in self.golden.items()
            },
        }


def _round_json(rounds: Sequence[Round]) -> Json:
    return {
        "accounts": len(rounds),
        "folders": sum(each.folders for each in rounds),
        "messages": sum(each.messages for each in rounds),
        "named": [f"{each.account}: {loss}" for each in rounds for loss in each.named],
        "differences": [f"{each.account}: {told}" for each in rounds for told in each.differences],
    }


def page(kept: Json) -> str:
    """The measured part of the page: what each can hold, and what came back."""
    asked = {name: each for name, each in kept["servers"].items() if each["holds"]}
    columns = list(_columns(asked))
    notes: list[str] = []
    rows = list(_golden_rows(kept["servers"]))
    lines = [
        f"| | {' | '.join(heading for heading, _ in columns)} |",
        f"|---{'|---' * len(columns)}|",
        *(_row(question, columns, notes) for question in _questions(columns)),
        "",
        *(f"{number}. {note}" for number, note in enumerate(notes, start=1)),
    ]
    golden = [
        "",
        "## Every golden sample in every server",
        "",
        "| server | date | by | samples | accounts | folders | messages | differences |",
        "|---|---|---|--:|--:|--:|--:|--:|",
        *rows,
    ]
    return "\n".join([*lines, *(golden if rows else ()), ""])


def _columns(servers: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """A heading and its answers; settings of one version that hold the same share a column."""
    found: dict[tuple[str, str], tuple[list[str], Json]] = {}
    for place, result in servers.items():
        product, _, setting = place.partition(", ")
        key = (_product(product, result["version"]), repr(result["holds"]))
        found.setdefault(key, ([], result))[0].append(setting)
    of_version = [product for product, _ in found]
    for (product, _), (settings, result) in found.items():
        is_split = of_version.count(product) > 1
        yield f"{product}, {' and '.join(settings)}" if is_split else product, result["holds"]


def _product(place: str, version: str) -> str:
    """``bookworm`` → ``Cyrus 3.6.1``; others by their own names."""
    number = version.partition("-")[0]
    if place == "dovecot":
        return f"Dovecot {number}"
    return f"Cyrus {number}" if number[:1].isdigit() else version


def _questions(columns: Sequence[tuple[str, Json]]) -> list[str]:
    return list(dict.fromkeys(question for _, holds in columns for question in holds))


def _row(question: str, columns: Sequence[tuple[str, Json]], notes: list[str]) -> str:
    return f"| {question} | {' | '.join(_cells(question, columns, notes))} |"


def _cells(question: str, columns: Sequence[tuple[str, Json]], notes: list[str]) -> Iterator[str]:
    """Words, with the number of a note where there is one to say."""
    for _, holds in columns:
        answer = holds.get(question)
        if answer is None:
            yield ""
            continue
        word = _WORDS[answer["verdict"]]
        said = f"{question}: {answer['note']}" if "note" in answer else ""
        if said and said not in notes:
            notes.append(said)
        yield f"{word} [{notes.index(said) + 1}]" if said else word


def _golden_rows(servers: Mapping[str, Json]) -> Iterator[str]:
    for place, result in servers.items():
        for target, samples in result["golden"].items():
            if not samples:
                continue
            sums = [
                sum(each[what] for each in samples.values())
                for what in ("accounts", "folders", "messages")
            ]
            named = sum(len(each["named"]) for each in samples.values())
            wrong = sum(len(each["differences"]) for each in samples.values())
            said = f"{wrong}, and {named} named losses" if named else f"{wrong}"
            cells = [place, result["date"], target, len(samples), *sums, said]
            yield f"| {' | '.join(map(str, cells))} |"
