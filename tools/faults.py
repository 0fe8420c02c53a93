"""Kills restores, resumes and undos on real, private servers, and counts what is lost: nothing.

Every record of the journal, calls of every group, and second kills, with a fixed seed. What
it came to is kept in docs/explanation/safety.json; tools/make_safety.py makes the page of it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.faults.bench import Bench, Case, Clean, Outcome, bench_of  # noqa: E402
from tests.support.faults.choice import (  # noqa: E402
    ENDINGS,
    SEED,
    at_calls,
    at_calls_of_bluemind,
    at_journal_records,
    sampled,
)
from tests.support.faults.points import Point, points_of  # noqa: E402
from tests.support.faults.results import Part, Results  # noqa: E402
from tests.support.faults.scenarios import (  # noqa: E402
    ALL,
    TELLING_BLUEMIND,
    TWELVE,
    TWO_FOLDERS,
    PlaceName,
    Scenario,
)

KEPT = PROJECT / "docs" / "explanation" / "safety.json"
RECORDS = "every journal record"
ANYWHERE = "anywhere, and again"
EVERY = (*ALL, *TELLING_BLUEMIND)
SUITES = (
    "tests/conformance/test_memory_target.py",
    "tests/conformance/test_spool_target.py",
    "tests/faults/test_trouble_disks.py",
    "tests/unit/runs/test_machine.py",
)
MOST_SAID = 5
_SUITE = "a suite failed"
CASES_OF_ONE_SERVER = 60  # what they leave makes each look at the spool take longer


@dataclass(slots=True, kw_only=True)
class Work:
    """What is still to do, and what it came to: shared by threads."""

    results: Results
    left: list[tuple[Part, Case]]
    begun: float
    until: float
    out: Path
    clean: dict[str, Clean]
    points: set[tuple[str, str, Point]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> tuple[Part, Case] | None:
        """The next case; None when there is none, or no time."""
        with self.lock:
            return self.left.pop() if self.left and time.monotonic() < self.until else None

    def note(self, part: Part, outcome: Outcome) -> None:
        """Count a case, and say what was wrong with it."""
        with self.lock:
            part.add(outcome)
            commands = ("restore", outcome.case.again[0] if outcome.case.again else "")
            for command, point in zip(commands, outcome.killed, strict=False):
                self.points.add((outcome.case.scenario.name, command, point))
                self.results.groups[point.group] += 1
            self.trouble(outcome)
            done = sum(each.cases for each in self.results.parts)
            if done % 25 == 0:
                print(f"{done} done, {len(self.left)} left", flush=True)
                self.keep()

    def trouble(self, outcome: Outcome) -> None:
        """Say what was wrong with a case, if anything."""
        for each in outcome.differences[:MOST_SAID]:
            print(f"DIFFERENCE {outcome.case}: {each}", flush=True)
            self.results.troubles.append(f"{outcome.case}: {each}")

    def keep(self) -> None:
        """Write down what it has come to so far."""
        self.results.seconds = round(time.monotonic() - self.begun)
        self.results.points = len(self.points)
        self.out.write_text(json.dumps(self.results.as_json(), indent=1) + "\n", "utf-8")


def main() -> int:
    """Look, choose, kill and count; 1 if anything was lost or different."""
    options = _options()
    if options.only_suites:
        return _cut_models_again(options.out)
    clean: dict[str, Clean] = {}
    version = _look(clean)
    results = Results(
        seed=options.seed,
        commit=_commit(),
        server=f"Cyrus IMAP {version}",
        machine=_machine(),
        workers=options.workers,
        instants={
            scenario.name: {
                command: len(points_of(counts))
                for command, counts in sorted(clean[scenario.name].counts.items())
            }
            for scenario in EVERY
        },
    )
    begun = time.monotonic()
    work = Work(
        results=results,
        left=_in_order(list(_chosen(results, clean, options.of_each, options.seed)), options.seed),
        begun=begun,
        until=begun + 60 * options.minutes,
        out=options.out,
        clean=clean,
    )
    threads = [threading.Thread(target=_serve, args=(work,)) for _ in range(options.workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not options.only_kills:
        _cut_models(results)
    work.keep()
    wrong = [*results.troubles, *results.servers]
    print(f"{options.out}: {len(wrong)} differences")
    return 1 if wrong else 0


def _in_order(chosen: list[tuple[Part, Case]], seed: int) -> list[tuple[Part, Case]]:
    """By chance, but two of three at records of the journal; the last one is taken first."""
    random.Random(seed).shuffle(chosen)
    records = [each for each in chosen if each[0].what == RECORDS]
    others = [each for each in chosen if each[0].what != RECORDS]
    ordered: list[tuple[Part, Case]] = []
    while records or others:
        ordered += [taken.pop() for taken in (records, records, others) if taken]
    return ordered[::-1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after so many")
    parser.add_argument("--of-each", type=int, default=10, help="calls of each name")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only-kills", action="store_true", help="leave the suites out")
    parser.add_argument("--only-suites", action="store_true", help="leave the kills as they are")
    parser.add_argument("--out", type=Path, default=KEPT)
    return parser.parse_args()


def _look(clean: dict[str, Clean]) -> str:
    """Carry each scenario out without any kill; the server's version."""
    version = ""
    for scenario in EVERY:
        with bench_of(scenario.place, clean) as bench:
            bench.clean_of(scenario)
            version = version or bench.place.version
        print(f"looked at {scenario.name}", flush=True)
    return version


def _chosen(
    results: Results, clean: dict[str, Clean], of_each: int, seed: int
) -> Iterator[tuple[Part, Case]]:
    for scenario in TWO_FOLDERS:
        for ending in ENDINGS:
            of_clean = clean[scenario.name]
            records = at_journal_records(scenario, of_clean, ending)
            yield from _part(results, RECORDS, records)
            calls = at_calls(scenario, of_clean, ending, of_each=of_each, seed=seed)
            yield from _part(results, "calls of every group", calls)
    for ending in ENDINGS:
        cases = sampled(TWELVE, clean[TWELVE.name], ending, count=300, seed=seed)
        yield from _part(results, ANYWHERE, cases)
    for scenario in TELLING_BLUEMIND:
        for ending in ENDINGS:
            of_clean = clean[scenario.name]
            records = at_journal_records(scenario, of_clean, ending)
            yield from _part(results, RECORDS, records)
            calls = at_calls_of_bluemind(scenario, of_clean, ending, count=4 * of_each)
            yield from _part(results, "calls of BlueMind's core", calls)
            cases = sampled(scenario, of_clean, ending, count=3 * of_each, seed=seed)
            yield from _part(results, ANYWHERE, cases)


def _part(results: Results, what: str, cases: list[Case]) -> Iterator[tuple[Part, Case]]:
    part = Part(
        scenario=cases[0].scenario.name,
        what=what,
        ending=cases[0].ending,
        chosen=len(cases),
    )
    results.parts.append(part)
    yield from ((part, case) for case in cases)


def _serve(work: Work) -> None:
    """The life of a thread: servers one after the other, and cases on them."""
    while work.left and time.monotonic() < work.until:
        try:
            _serve_on_one_server(work)
        except Exception as error:  # noqa: BLE001 - a long run goes on, and tells it
            with work.lock:
                work.results.servers.append(repr(error)[:2000])
            print(f"TROUBLE {error!r}", flush=True)


def _serve_on_one_server(work: Work) -> None:
    with ExitStack() as stack:
        benches: dict[PlaceName, Bench] = {}
        for _ in range(CASES_OF_ONE_SERVER):
            taken = work.take()
            if taken is None:
                return
            part, case = taken
            work.note(part, _bench(stack, benches, work, case.scenario).carry_out(case))


def _bench(
    stack: ExitStack, benches: dict[PlaceName, Bench], work: Work, scenario: Scenario
) -> Bench:
    if scenario.place not in benches:
        benches[scenario.place] = stack.enter_context(bench_of(scenario.place, work.clean))
    return benches[scenario.place]


def _cut_models(results: Results) -> None:
    """The suites that cut runs off at every call of an actor, with all their cases."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", *SUITES],
            cwd=PROJECT,
            check=False,
            env={**os.environ, "RESPOOL_LONG": "1", "RESPOOL_COUNTS": folder},
        )
        for file in Path(folder).glob("cuts-*.json"):
            for kind, counts in json.loads(file.read_text("utf-8")).items():
                results.cuts[kind] += sum(counts.values())
    if done.returncode:
        results.troubles.append(f"{_SUITE}: status {done.returncode}")


def _cut_models_again(out: Path) -> int:
    """The suites alone: what was found in the kills is kept as it is."""
    results = Results.from_json(json.loads(out.read_text("utf-8")))
    results.cuts.clear()
    results.troubles = [each for each in results.troubles if not each.startswith(_SUITE)]
    _cut_models(results)
    out.write_text(json.dumps(results.as_json(), indent=1) + "\n", "utf-8")
    return 1 if results.troubles or results.servers else 0


def _commit() -> str:
    return subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    ).stdout.strip()


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"a machine of {os.cpu_count()} cores and {memory:.0f} GiB, Linux {_kernel()}"


def _kernel() -> str:
    return ".".join(platform.release().split(".")[:2])


if __name__ == "__main__":
    sys.exit(main())
