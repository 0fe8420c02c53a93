"""A place, a backup and a fork server; cases are carried out there, one after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from respool.app.run_details import show_run
from tests.support.faults.fork_server import ForkServer
from tests.support.faults.phases import Order, settings_of
from tests.support.faults.places import Account, Place, opened
from tests.support.faults.points import JOURNAL, Counts, Point
from tests.support.faults.scenarios import SOURCE, PlaceName, Scenario
from tests.support.faults.standing import Standing
from tests.support.trees import unchanged

Ending = Literal["resume", "undo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A restore that is killed at ``cut``, perhaps killed again while it is ended, and ended.

    ``again`` are the command that is killed next, and where.
    """

    scenario: Scenario
    cut: Point
    ending: Ending
    again: tuple[Ending, Point] | None = None

    def __str__(self) -> str:
        then = "" if self.again is None else f", {self.again[0]} {self.again[1]}"
        return f"{self.scenario.name}: {self.cut}{then}, then {self.ending}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a case ended. ``killed`` are the kills that took place; ``lost`` counts messages."""

    case: Case
    killed: tuple[Point, ...]
    lost: int
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """A scenario without any kill: what stands after it and after its undo, what was counted.

    ``counts`` are by command, ``kinds`` those of the plan's steps by their numbers.
    """

    standings: Mapping[Ending, Standing]
    counts: Mapping[str, Counts]
    kinds: Mapping[int, str]


@dataclass(slots=True, kw_only=True)
class Bench:
    """Where cases of one place are carried out."""

    place: Place
    backups: Path
    states: Path
    forks: ForkServer
    clean: dict[str, Clean] = field(default_factory=dict)
    _number: int = 0

    def clean_of(self, scenario: Scenario) -> Clean:
        """The scenario without any kill, carried out once."""
        if scenario.name not in self.clean:
            work = self._begin(scenario)
            before = work.standing()
            counts = {"restore": work.ask("restore", expected="proven")["counts"]}
            assert not work.troubles, "\n".join(work.troubles)
            done, kinds = work.standing(), work.kinds()
            counts["undo"] = work.ask("undo", expected="undone")["counts"]
            after = work.standing()
            told = (*work.troubles, *after.differences(before))
            assert not told, "\n".join(told)
            # That a step is begun is often one note with the end of the one before it.
            notes = counts["restore"][JOURNAL]
            early = next(e for e in ("step 3 started", "step 2 done") if e in notes)
            cut = Point(group=JOURNAL, name=early, ordinal=1, moment="after")
            counts["resume"] = self._counts_of_resume(scenario, cut)
            self.clean[scenario.name] = Clean(
                standings={"resume": done, "undo": after}, counts=counts, kinds=kinds
            )
        return self.clean[scenario.name]

    def _counts_of_resume(self, scenario: Scenario, cut: Point) -> Counts:
        work = self._begin(scenario)
        assert work.ask("restore", cut)["ended"] == "killed"
        answer = work.ask("resume", expected="proven")
        counts: Counts = answer.get("counts", {})
        return counts

    def carry_out(self, case: Case) -> Outcome:
        """Kill, end, and compare with the scenario without any kill."""
        clean = self.clean_of(case.scenario)
        work = self._begin(case.scenario)
        work.ask("restore", case.cut)
        if case.again is not None:
            work.ask(*case.again)
        work.end(case.ending)
        found, wanted = work.standing(), clean.standings[case.ending]
        return Outcome(
            case=case,
            killed=tuple(work.killed),
            lost=found.lost(wanted),
            differences=(*work.troubles, *found.differences(wanted), *work.left()),
        )

    def _begin(self, scenario: Scenario) -> _Work:
        self._number += 1
        return _Work(
            bench=self,
            scenario=scenario,
            account=self.place.account(scenario),
            state=self.states / f"state{self._number}",
        )


@dataclass(slots=True, kw_only=True)
class _Work:
    """One account, and the commands that are given for it."""

    bench: Bench
    scenario: Scenario
    account: Account
    state: Path
    killed: list[Point] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    is_ended: bool = False

    def standing(self) -> Standing:
        return self.account.standing()

    def kinds(self) -> Mapping[int, str]:
        steps = show_run(settings_of(self._order("restore")), 1).steps
        return {each.row.number: each.row.kind for each in steps}

    def _order(self, phase: str) -> Order:
        return {
            "phase": phase,
            "backups": str(self.bench.backups),
            "imapd_conf": str(self.bench.place.imapd_conf),
            "state": str(self.state),
            "settings": dict(self.bench.place.settings),
            "account": self.scenario.account,
            "folders": self.scenario.folders,
            "wish": {"to": self.account.written, **self.scenario.wish},
        }

    def ask(
        self, phase: str, cut: Point | None = None, *, expected: str | None = None
    ) -> Mapping[str, Any]:
        answer = self.bench.forks.ask(self._order(phase), cut)
        if answer["ended"] == "killed" and cut is not None:
            self.killed.append(cut)
            self.pids.append(answer["pid"])
        if expected is not None and answer["ended"] != expected:
            self.troubles.append(f"{phase} ended {answer['ended']}: {answer.get('told')}")
        if answer["ended"] == "broken":
            self.troubles.append(f"{phase} broke: {answer['told']}")
        return answer

    def end(self, ending: Ending) -> None:
        """Type what a person would type, until the account is to be as it should."""
        answer = self.ask(ending)
        code = answer.get("code")
        self.is_ended = code != "run-not-found"
        if code == "run-not-found":  # killed before there was a run: nothing was done
            if ending == "resume":
                self.is_ended = True
                self.ask("restore", expected="proven")
        elif code == "run-refused":  # killed after all was done
            self._look_for_report(ending)
        elif answer["ended"] != ("proven" if ending == "resume" else "undone"):
            self.troubles.append(f"{ending} ended {answer['ended']}: {answer.get('told')}")
        else:
            self._look_for_report(ending)

    def _look_for_report(self, ending: Ending) -> None:
        name = "receipt.json" if ending == "resume" else "undo.json"
        if not (self.state / "runs" / "1" / name).exists():
            self.troubles.append(f"there is no {name}")

    def left(self) -> Iterator[str]:
        """What killed commands left after the next command was through; and secrets in files."""
        if self.is_ended:
            yield from (f"left behind: {each}" for each in (self.state / "plans").glob("*.jsonl"))
            yield from (f"left behind: {each}" for each in self.account.left(self.pids))
        secrets = [each.encode() for each in self.bench.place.secrets]
        for file in self.state.rglob("*") if secrets else ():
            octets = file.read_bytes() if file.is_file() else b""
            if any(each in octets for each in secrets):
                yield f"a secret is in {file.name}"


@contextmanager
def bench_of(name: PlaceName, clean: dict[str, Clean] | None = None) -> Iterator[Bench]:
    """A bench with a place and a backup of its own.

    The backup is unchanged at the end, and the mail log without errors. ``clean`` is what
    another one of such a place found, and will be added to.
    """
    with (
        tempfile.TemporaryDirectory(prefix="respool-backup-") as source,
        tempfile.TemporaryDirectory(prefix="respool-faults-") as states,
        opened(name) as place,
    ):
        backups = SOURCE.unpack(Path(source))
        with unchanged(backups), ForkServer() as forks:
            bench = Bench(place=place, backups=backups, states=Path(states), forks=forks)
            bench.clean = {} if clean is None else clean
            yield bench
            assert place.troubles() == (), "\n".join(place.troubles())
