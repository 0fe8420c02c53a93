"""Measures restores and exports against other tools, on the same message files.

``./dev bench targets``: private servers in temporary directories, all ways in turn, medians.
Prints tables in Markdown; ``--json FILE`` keeps every single figure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "src")]

from tools import bench_contests, bench_memory  # noqa: E402 - after the path
from tools.bench_contests import Contest, Scale, Side  # noqa: E402
from tools.bench_measured import Measured  # noqa: E402
from tools.bench_tables import (  # noqa: E402
    CONTESTS_MARK,
    FAILED,
    MEMORY_MARK,
    PAGE,
    Peak,
    Results,
    contest_tables,
    memory_tables,
    write_into,
)

# Exports first: where files were removed in the last minutes, ext4 looks long for free inodes.
# The large ones last: what they take of the disk is of no use to the others.
CONTESTS: Mapping[str, Callable[[Scale], AbstractContextManager[Contest]]] = {
    "maildir": bench_contests.export_maildir,
    "zip": bench_contests.export_zip,
    "dovecot": bench_contests.into_dovecot,
    "cyrus": bench_contests.into_cyrus,
    "spool-1": partial(bench_contests.spool, folders=1),
    "spool-20": partial(bench_contests.spool, folders=20),
    "maildir-large": bench_contests.export_large_maildir,
    "dovecot-large": bench_contests.into_dovecot_at_large,
    "maildir-larger": bench_contests.export_larger_maildir,
}
MEMORY = "memory"


def fight(contest: Contest, rounds: int, results: Results) -> None:
    """Every side in turn, so many rounds; another one first in each."""
    sides = (contest.ours, *contest.others)
    results.ours, results.goals, results.versions = (
        contest.ours.name,
        contest.goals,
        contest.versions,
    )
    for turn in range(min(rounds, contest.most_rounds or rounds)):
        start = turn % len(sides)
        for side in (*sides[start:], *sides[:start]):
            if side.name not in results.failed:
                measure(side, turn, results)
        if turn == 0 and contest.ours.name not in results.failed:
            contest.check()


def measure(side: Side, turn: int, results: Results) -> None:
    """One side, once; said on standard error. One that fails is left out from then on."""
    results.messages[side.name] = side.messages
    try:
        found = side.run(turn)
    except Exception as error:  # noqa: BLE001 - the other sides go on
        traceback.print_exc()
        results.failed[side.name] = f"{type(error).__name__}: {error}"
        results.sides.pop(side.name, None)
        return
    results.sides.setdefault(side.name, []).append(found)
    rate = side.messages / found.seconds
    print(f"  {side.name}: {found.seconds:.2f} s, {rate:,.0f}/s", file=sys.stderr, flush=True)


def run_contest(name: str, scale: Scale, rounds: int, stack: ExitStack) -> Results:
    """One contest; what goes wrong is kept, and the next one goes on.

    What it made is removed when ``stack`` ends: removing is slow, and makes others slow.
    """
    print(f"{name}:", file=sys.stderr, flush=True)
    results = Results()
    try:
        fight(stack.enter_context(CONTESTS[name](scale)), rounds, results)
    except Exception as error:  # noqa: BLE001 - the other contests are still to come
        traceback.print_exc()
        results.failed[name] = f"{type(error).__name__}: {error}"
    return results


def run_memory(many: int, mebibytes: int, into: Collection[str]) -> Iterator[Peak]:
    """Very many messages, and a very large one; 0 leaves either out."""
    worlds = {
        f"One folder of {many:,} messages of 1 KiB": bench_memory.many(many) if many else None,
        f"One message of {mebibytes} MiB": bench_memory.large(mebibytes) if mebibytes else None,
    }
    for what, world in worlds.items():
        if world is not None:
            with world as runs:
                for where in into:
                    yield from _peaks(what, where, runs[where])


def _peaks(
    what: str, into: str, run: Callable[[], Iterator[tuple[str, Measured]]]
) -> Iterator[Peak]:
    """Each stage, as it ends; said on standard error as well."""
    try:
        for stage, measured in run():
            mib, seconds = measured.memory_mib or 0, measured.seconds
            told = f"{into}: {stage}: {mib:.0f} MiB, {seconds:.0f} s"
            print(f"  {told}", file=sys.stderr, flush=True)
            yield Peak(what=what, into=into, stage=stage, mib=measured.memory_mib)
    except Exception:  # noqa: BLE001 - the other targets are still to come
        traceback.print_exc()
        yield Peak(what=what, into=into, stage=FAILED, mib=None)


def machine() -> str:
    """The machine's size, for whoever compares."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    free = shutil.disk_usage("/tmp").free / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB memory, {free:.0f} GiB free in /tmp, "
        f"Linux {platform.release()}, Python {platform.python_version()}, load {load:.1f}"
    )


def keep(file: Path | None, every: Mapping[str, Results], memory: Sequence[Peak]) -> None:
    """Every single figure so far, as JSON."""
    if file is not None:
        figures: dict[str, Any] = {
            "machine": machine(),
            "contests": {name: asdict(results) for name, results in every.items()},
            "memory": list(map(asdict, memory)),
        }
        file.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")


def kept_memory(files: Iterable[Path]) -> Iterator[Peak]:
    """What earlier runs measured, by the files that ``--json`` wrote."""
    for file in files:
        yield from (Peak(**each) for each in json.loads(file.read_text("utf-8"))["memory"])


def parsed() -> argparse.Namespace:
    """What is wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=[*CONTESTS, MEMORY])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", type=int, default=Scale.small, help="messages into the spool")
    parser.add_argument("--usual", type=int, default=Scale.usual, help="messages elsewhere")
    parser.add_argument("--at-large", type=int, default=Scale.large, help="where many")
    parser.add_argument("--at-larger", type=int, default=Scale.larger, help="where most")
    parser.add_argument("--many", type=int, default=1_000_000, help="messages for the memory")
    parser.add_argument("--large", type=int, default=500, help="MiB of the large message")
    parser.add_argument("--into", action="append", choices=bench_memory.TARGETS)
    parser.add_argument("--page", action="store_true", help=f"write the tables into {PAGE}")
    parser.add_argument("--json", type=Path, help="a file for every single figure")
    parser.add_argument(
        "--kept",
        type=Path,
        action="append",
        default=[],
        help="such a file of an earlier run, whose figures of memory are shown with these",
    )
    return parser.parse_args()


def main() -> None:
    """Measure and print; ends with 1 where a contest failed."""
    options = parsed()
    wanted = options.only or ([] if options.kept else [*CONTESTS, MEMORY])
    scale = Scale(
        small=options.small,
        usual=options.usual,
        large=options.at_large,
        larger=options.at_larger,
    )
    before = machine()
    with ExitStack() as stack:
        every = {
            name: run_contest(name, scale, options.rounds, stack)
            for name in CONTESTS
            if name in wanted
        }
    into = options.into or bench_memory.TARGETS
    memory: list[Peak] = []
    keep(options.json, every, memory)
    if MEMORY in wanted:
        for peak in run_memory(options.many, options.large, into):
            memory.append(peak)
            keep(options.json, every, memory)  # it takes an hour, and may be stopped
    told = sorted(
        {f"{what} {each}" for one in every.values() for what, each in one.versions.items()}
    )
    where = "; ".join(filter(None, (before, ", ".join(told))))
    made = {
        CONTESTS_MARK: list(contest_tables(every, options.rounds, where)) if every else [],
        MEMORY_MARK: list(memory_tables([*kept_memory(options.kept), *memory], before)),
    }
    for mark, lines in made.items():
        if lines:
            print("", *lines, sep="\n")
        if lines and options.page:
            write_into(PROJECT / PAGE, mark, "\n".join(lines))
    has_failed = [bool(each.failed) for each in every.values()]
    sys.exit(any([*has_failed, *(each.stage == FAILED for each in memory)]))


if __name__ == "__main__":
    main()
