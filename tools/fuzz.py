"""Tries every parser with octets that coverage guides (atheris), in turns, and counts them.

Stop it when you like: corpora, counts and findings stay in one folder, and the next call
goes on. Prints executions per parser in Markdown; exit status 1 where anything was found.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.parser_seeds import Parser  # noqa: E402
from tests.support.parsers import PARSERS  # noqa: E402

FOLDER = PROJECT / ".fuzz"
TURN = PROJECT / "tools" / "fuzz_turn.py"
HANG_SECONDS = 30
FINAL_COUNT = re.compile(r"stat::number_of_executed_units: *(\d+)")
LAST_COUNT = re.compile(r"^#(\d+)\t", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Turn:
    """How long one parser is tried before the next has its turn."""

    runs: int
    seconds: int


class Ledger:
    """Executions and seconds per parser, over all calls; several may write at once."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "counts.json"

    def counts(self) -> dict[str, Any]:
        """``{parser: {"executions": n, "seconds": s}}``."""
        if not self.file.exists():
            return {}
        counts: dict[str, Any] = json.loads(self.file.read_text("utf-8"))
        return counts

    def total(self) -> int:
        """Executions of all parsers."""
        return sum(each["executions"] for each in self.counts().values())

    def executions(self, name: str) -> int:
        """Executions of one."""
        return int(self.counts().get(name, {}).get("executions", 0))

    def add(self, name: str, executions: int, seconds: float) -> None:
        """Count one turn."""
        with self._locked():
            counts = self.counts()
            own = counts.setdefault(name, {"executions": 0, "seconds": 0})
            own["executions"] += executions
            own["seconds"] = round(own["seconds"] + seconds, 1)
            fresh = self.file.with_suffix(".new")
            fresh.write_text(json.dumps(counts, indent=1, sort_keys=True), "utf-8")
            fresh.replace(self.file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def take_turn(name: str, folder: Path, turn: Turn, ledger: Ledger) -> None:
    """Try one parser in a process of its own."""
    parser = PARSERS[name]
    for part in ("corpus", "seeds", "findings"):
        (folder / part / name).mkdir(parents=True, exist_ok=True)
    put_seeds(folder / "seeds" / name, parser)
    begun = time.monotonic()
    said = subprocess.run(
        [sys.executable, str(TURN), name, str(folder), *options_of(folder, name, parser, turn)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    counts = FINAL_COUNT.findall(said.stderr) or LAST_COUNT.findall(said.stderr)
    executions = int(counts[-1]) if counts else 0
    ledger.add(name, executions, time.monotonic() - begun)
    if said.returncode:
        (folder / "findings" / name / "output").write_text(said.stdout + said.stderr, "utf-8")
    print(f"{name}: {executions:,} executions, status {said.returncode}", file=sys.stderr)


def put_seeds(folder: Path, parser: Parser) -> None:
    """The seeds as files, and the words as a dictionary beside their folder."""
    for number, seed in enumerate(parser.seeds()):
        (folder / str(number)).write_bytes(seed)
    lines = ("".join(f"\\x{octet:02x}" for octet in word) for word in parser.words)
    dictionary_of(folder).write_text("".join(f'"{line}"\n' for line in lines), "ascii")


def dictionary_of(seeds: Path) -> Path:
    """The words' file, beside the seeds' folder."""
    return seeds.with_name(f"{seeds.name}.dict")


def options_of(folder: Path, name: str, parser: Parser, turn: Turn) -> list[str]:
    """What libFuzzer is told."""
    return [
        f"-runs={turn.runs}",
        f"-max_total_time={turn.seconds}",
        f"-timeout={HANG_SECONDS}",
        f"-max_len={parser.longest}",
        *([f"-dict={dictionary_of(folder / 'seeds' / name)}"] if parser.words else []),
        f"-artifact_prefix={folder / 'findings' / name}/",
        "-print_final_stats=1",
        "-rss_limit_mb=0",
        str(folder / "corpus" / name),
        str(folder / "seeds" / name),
    ]


def go_round(names: Sequence[str], folder: Path, turn: Turn, options: argparse.Namespace) -> None:
    """One turn for each parser, the least tried first, until the total is reached."""
    ledger = Ledger(folder)
    with ThreadPoolExecutor(options.processes) as pool:
        while True:
            order = sorted(names, key=ledger.executions)
            list(pool.map(lambda name: take_turn(name, folder, turn, ledger), order))
            if options.total is None or ledger.total() >= options.total:
                return


def findings(folder: Path) -> list[Path]:
    """Inputs that were written down."""
    return sorted(
        file
        for file in (folder / "findings").glob("*/*")
        if file.suffix != ".txt" and file.name != "output"
    )


def show(folder: Path) -> None:
    """The table, and the findings."""
    counts = Ledger(folder).counts()
    print("| parser | executions | executions/s |\n|---|---|---|")
    for name, own in sorted(counts.items()):
        speed = own["executions"] / max(own["seconds"], 1)
        print(f"| {name} | {own['executions']:,} | {speed:,.0f} |")
    print(f"| all | {sum(own['executions'] for own in counts.values()):,} | |")
    for file in findings(folder):
        print(f"found: {file}")


def try_once(name: str, file: Path) -> None:
    """One input, without the fuzzer: its traceback, or what it gives."""
    parser = PARSERS[name]
    try:
        print(repr(parser.parse(file.read_bytes()))[:2000])
    except parser.refuses as error:
        print(f"refused: {error!r}")


def main() -> None:
    """Fuzz, or show."""
    arguments = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    arguments.add_argument("parsers", nargs="*", metavar="PARSER", help="default: all")
    arguments.add_argument("--total", type=int, help="go on until so many were done in all calls")
    arguments.add_argument("--runs", type=int, default=100_000, help="a parser and turn")
    arguments.add_argument("--seconds", type=int, default=20, help="a parser and turn")
    arguments.add_argument("--processes", type=int, default=1)
    arguments.add_argument("--folder", type=Path, default=FOLDER, help="default: .fuzz")
    arguments.add_argument("--show", action="store_true", help="only show what was done so far")
    arguments.add_argument("--input", type=Path, help="only give this file to one PARSER")
    options = arguments.parse_args()
    unknown = set(options.parsers) - set(PARSERS)
    if unknown:
        arguments.error(f"no such parser: {', '.join(sorted(unknown))}")
    names = options.parsers or list(PARSERS)
    if options.input:
        try_once(names[0], options.input)
        return
    if not options.show:
        options.folder.mkdir(parents=True, exist_ok=True)
        turn = Turn(runs=options.runs, seconds=options.seconds)
        go_round(names, options.folder.resolve(), turn, options)
    show(options.folder)
    sys.exit(bool(findings(options.folder)))


if __name__ == "__main__":
    main()
