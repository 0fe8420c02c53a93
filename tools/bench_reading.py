"""Measures how fast backups are read, with invented indexes and cache records of real servers.

Each measure runs in a process of its own, several rounds of it; the table has the medians of
processor time and of the clock, what that is a second, and the process's highest memory.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import random
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "src")]

import numpy as np  # noqa: E402

from respool.app.settings import Settings  # noqa: E402, F401 - loaded before anything is timed
from respool.backups.caches import MailboxCaches  # noqa: E402
from respool.cyrus.header import MAGIC  # noqa: E402
from respool.cyrus.index import IndexHeader, parse_index, render_index  # noqa: E402
from respool.cyrus.index_counts import count_index  # noqa: E402
from respool.model.inventory import RECORD, Rows  # noqa: E402
from tests.support.golden import SPOOLS  # noqa: E402
from tests.support.small_spools import MOTTO  # noqa: E402

VERSIONS = (12, 19, 20)
FOLDER = PurePosixPath("b_loc/domain/b/b.loc/j/user/jdoe")
OCTETS = b"Subject: Hello\r\n\r\nBody\r\n"
LINKS = 30_000  # to one file; a file system has a limit
CACHED_COLUMNS = ("cache_offset", "cache_crc", "header_size", "size")

Work = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Medians of one measure; ``count`` things were done in each round."""

    count: int
    cpu_seconds: float
    wall_seconds: float
    memory_mib: float


def invented_rows(count: int) -> Rows:
    """Records of a folder of ``count`` messages, no two alike."""
    chosen = np.random.default_rng(7)
    rows: Rows = np.zeros(count, dtype=RECORD)
    rows["uid"] = np.arange(1, count + 1)
    for name in ("internaldate", "sentdate", "gmtime", "last_updated"):
        rows[name] = 1_500_000_000 + np.arange(count)
    rows["size"] = len(OCTETS)
    rows["header_size"] = OCTETS.index(b"\r\n\r\n") + 4
    rows["system_flags"] = chosen.integers(0, 1 << 5, count)
    rows["user_flags"][:, 0] = chosen.integers(0, 1 << 8, count)
    rows["guid"] = np.frombuffer(chosen.bytes(20 * count), dtype="V20")
    rows["modseq"] = np.arange(count) + 10
    rows["cache_offset"] = 4 + 1000 * np.arange(count)
    rows["cache_crc"] = chosen.integers(1, 1 << 32, count)
    return rows


def write_index(file: Path, version: int, count: int) -> None:
    """An index of our own writer, all CRCs right."""
    head = IndexHeader(
        generation=3, last_uid=count, uidvalidity=7, highestmodseq=count + 10, exists=count
    )
    file.write_bytes(render_index(version, head, invented_rows(count)))


def write_folder(root: Path, count: int) -> None:
    """A plain spool with one folder of ``count`` messages, all links to a few files."""
    data = root / "var/spool/cyrus/data" / FOLDER
    meta = root / "var/spool/cyrus/meta" / FOLDER
    for directory in (data, meta):
        directory.mkdir(parents=True)
    write_index(meta / "cyrus.index", 17, count)
    keywords = " ".join(f"k{number}" for number in range(8))
    header = MAGIC + MOTTO + f"\tid\n{keywords} \njdoe@b.loc\tlrswipkxtecda\t\n".encode()
    (meta / "cyrus.header").write_bytes(header)
    first = data / "1."
    for uid in range(1, count + 1):
        file = data / f"{uid}."
        if uid % LINKS == 1:
            first = file
            first.write_bytes(OCTETS)
        else:
            file.hardlink_to(first)


def golden_records() -> Iterator[tuple[bytes, Rows]]:
    """The cache records that Cyrus 3.10.3 wrote, each with its index record."""
    with tarfile.open(SPOOLS / "3.10.3" / "spool.tar.gz") as tar:
        files = {
            member.name: opened.read()
            for member in tar
            if member.isfile() and (opened := tar.extractfile(member)) is not None
        }
    for name, octets in sorted(files.items()):
        cache = files.get(f"{name.removesuffix('index')}cache")
        if not name.endswith("/cyrus.index") or cache is None:
            continue
        for row in parse_index(octets).records:
            start = end = int(row["cache_offset"])
            for _ in range(10):
                size = int.from_bytes(cache[end : end + 4], "big")
                end += 4 + (size + 3) // 4 * 4
            yield cache[start:end], row


def write_cache(folder: Path, count: int) -> None:
    """``cache`` and ``rows.npy``: records of a real server, over and over, in no order."""
    found = list(golden_records())
    rows: Rows = np.zeros(count, dtype=RECORD)
    chosen = random.Random(7)
    with (folder / "cache").open("wb") as file:
        file.write(bytes(4))
        for number in range(count):
            octets, row = chosen.choice(found)
            for name in CACHED_COLUMNS:
                rows[name][number] = row[name]
            rows["cache_offset"][number] = file.tell()
            file.write(octets)
    np.save(folder / "rows.npy", rows)


def index_work(folder: Path, version: str) -> tuple[int, Work]:
    """Parsing an index, its octets in memory, each CRC checked."""
    octets = (folder / f"index-{version}").read_bytes()
    count = len(parse_index(octets[:200_000]).records)

    def work() -> None:
        nonlocal count
        index = parse_index(octets)
        count = len(index.records)
        if index.findings:
            sys.exit(f"not sound: {index.findings[0]}")

    work()
    return count, work


def envelope_work(folder: Path, _: str) -> tuple[int, Work]:
    """Envelopes from a cache, decoded as ``ls`` shows them, each CRC checked."""
    rows = np.load(folder / "rows.npy")
    caches = MailboxCaches(data=(folder / "cache").read_bytes(), archive=None)

    def work() -> None:
        if any(fields is None for fields in caches.fields_of(rows)):
            sys.exit("a record is not sound")

    return len(rows), work


def counts_work(folder: Path, version: str) -> tuple[int, Work]:
    """Counts of a folder, of its index alone, the file mapped into memory."""
    count = 0

    def work() -> None:
        nonlocal count
        with (
            (folder / f"index-{version}").open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets,
        ):
            count = count_index(octets).messages

    work()
    return count, work


WORKS: Mapping[str, Callable[[Path, str], tuple[int, Work]]] = {
    "index": index_work,
    "counts": counts_work,
    "envelopes": envelope_work,
}
# Written by processes of their own, too: what a process once took it hands down to its children.
WRITERS: Mapping[str, Callable[[Path, int, int], None]] = {
    "index": lambda folder, version, count: write_index(
        folder / f"index-{version}", version, count
    ),
    "cache": lambda folder, _, count: write_cache(folder, count),
    "folder": lambda folder, _, count: write_folder(folder / "backup", count),
}


def in_child(name: str, argument: str, folder: Path, rounds: int) -> None:
    """What a measuring process does; prints ``[count, [[cpu, wall], …]]``."""
    count, work = WORKS[name](folder, argument)
    times = []
    for _ in range(rounds):
        cpu, wall = time.process_time(), time.monotonic()
        work()
        times.append((time.process_time() - cpu, time.monotonic() - wall))
    print(json.dumps([count, times]))


def measured(name: str, argument: str, folder: Path, rounds: int) -> Measured:
    """Medians of a measure in a process of its own."""
    words = ["--child", name, argument, str(folder), "--rounds", str(rounds)]
    output, usage = run([sys.executable, __file__, *words])
    count, times = json.loads(output)
    return Measured(
        count=count,
        cpu_seconds=statistics.median(cpu for cpu, _ in times),
        wall_seconds=statistics.median(wall for _, wall in times),
        memory_mib=usage.ru_maxrss / 1024,
    )


def write(name: str, folder: Path, count: int, version: int = 0) -> None:
    """Write what is to be read, in a process of its own."""
    run([sys.executable, __file__, "--write", name, str(folder), str(version), str(count)])


def measured_command(words: list[str], count: int, rounds: int) -> Measured:
    """Medians of a whole command of respool, its start among it."""
    cpu, wall, memory = [], [], []
    for _ in range(rounds):
        begun = time.monotonic()
        _, usage = run([sys.executable, "-m", "respool", *words])
        wall.append(time.monotonic() - begun)
        cpu.append(usage.ru_utime + usage.ru_stime)
        memory.append(usage.ru_maxrss / 1024)
    return Measured(
        count=count,
        cpu_seconds=statistics.median(cpu),
        wall_seconds=statistics.median(wall),
        memory_mib=max(memory),
    )


def run(command: list[str]) -> tuple[bytes, Any]:
    """Output and resource usage of a program that must succeed."""
    environment = {
        "RESPOOL_STATE": str(Path(tempfile.gettempdir(), f"respool-bench-state-{os.getuid()}")),
        **os.environ,
        "PYTHONPATH": str(PROJECT / "src"),
    }
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} ended with status {process.returncode}")
    return output, usage


def show_row(what: str, of: Measured) -> None:
    """One line of the table; a second is one of processor time."""
    each = of.count / of.cpu_seconds
    times = f"{of.cpu_seconds:.2f} | {of.wall_seconds:.2f}"
    print(
        f"| {what} | {of.count:,} | {times} | {each:,.0f} | {of.memory_mib:.0f} MiB |", flush=True
    )


def measure(options: argparse.Namespace) -> None:
    """Write what is read, measure, and print the table."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{os.cpu_count()} cores, {memory:.0f} GiB memory, load before {load}; ", end="")
    print(f"medians of {options.rounds} rounds\n")
    print("| what is read | how many | processor s | clock s | a processor second | memory |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="respool-bench-") as text:
        folder = Path(text)
        for version in VERSIONS:
            write("index", folder, options.records, version)
            of = measured("index", str(version), folder, options.rounds)
            show_row(f"records of an index of version {version}, CRCs checked", of)
        of = measured("counts", str(VERSIONS[-1]), folder, options.rounds)
        show_row("messages of one folder, counted from its index", of)
        write("cache", folder, options.envelopes)
        of = measured("envelopes", "", folder, options.rounds)
        show_row("envelopes from cyrus.cache, CRCs checked, words decoded", of)
        (folder / "cache").unlink()
        write("folder", folder, options.messages)
        words = ["show", "jdoe@b.loc", "--json", "--backups", str(folder / "backup")]
        of = measured_command(words, options.messages, options.rounds)
        show_row("messages of one folder, `respool show`, files held against records", of)
    if not options.no_check:
        print(flush=True)
        check = [sys.executable, str(PROJECT / "tools" / "bench_check.py")]
        check += ["--rounds", str(options.rounds), "--only", "0", "--only", "1"]
        subprocess.run(check, check=True)


def main() -> None:
    """Measure, or be one of the measuring processes."""
    parser = argparse.ArgumentParser(prog="./dev bench reading", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--envelopes", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-check", action="store_true", help="leave out check and sha1sum")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        name, text, version, count = options.write
        WRITERS[name](Path(text), int(version), int(count))
    elif options.child:
        name, argument, folder = options.child
        in_child(name, argument, Path(folder), options.rounds)
    else:
        measure(options)


if __name__ == "__main__":
    main()
