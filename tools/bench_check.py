"""Measures ``respool check`` against ``sha1sum`` over the same files on the same cores.

A part of ``./dev bench reading``; alone: ``python tools/bench_check.py``. Both sides read
files that are in memory already, in turn; the spool has indexes and caches as a server
writes them, which ``sha1sum`` does not read.
"""

from __future__ import annotations

import argparse
import compileall
import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "src")]

from respool.cyrus.cache import ITEM_COUNT  # noqa: E402
from respool.cyrus.header import MAGIC  # noqa: E402
from respool.cyrus.index import IndexHeader, render_index  # noqa: E402
from respool.model.inventory import RECORD, Rows  # noqa: E402
from tests.support.small_spools import MOTTO  # noqa: E402

PARTITION = Path("var/spool/cyrus")
BELOW = Path("bluemind_loc/domain/b/bluemind.loc/b/user/bench")
VERSION = 17  # of the index: 3.4 to 3.8
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
CACHE_OCTETS = 1000  # of a record, about what a server's are


@dataclass(frozen=True, kw_only=True)
class Spool:
    """A spool to be made: ``folders`` of ``files`` messages of ``size`` octets each."""

    name: str
    folders: int
    files: int
    size: int

    @property
    def count(self) -> int:
        """All messages."""
        return self.folders * self.files


@dataclass(frozen=True, kw_only=True)
class Side:
    """One run: wall clock, processor time of all processes, and the largest process."""

    seconds: float
    cpu_seconds: float
    memory_mib: float


SPOOLS = (
    Spool(name="100 folders of 1,000 messages of 4 KB", folders=100, files=1000, size=4096),
    Spool(name="20 folders of 1,000 messages of 50 KB", folders=20, files=1000, size=51200),
    Spool(name="one folder of 1,000,000 messages of 4 KB", folders=1, files=1_000_000, size=4096),
)


def make_spool(root: Path, spool: Spool) -> None:
    """The files of an account that a server could have written."""
    octets = bytearray(random.Random(1).randbytes(spool.size))
    for folder in range(spool.folders):
        below = BELOW / f"F{folder}" if folder else BELOW
        data, meta = root / PARTITION / "data" / below, root / PARTITION / "meta" / below
        data.mkdir(parents=True)
        meta.mkdir(parents=True)
        rows: Rows = np.zeros(spool.files, dtype=RECORD)
        rows["uid"] = np.arange(1, spool.files + 1)
        rows["size"], rows["header_size"] = spool.size, 100
        guids = bytearray()
        for uid in range(1, spool.files + 1):
            octets[:12] = b"%04d%08d" % (folder, uid)
            (data / f"{uid}.").write_bytes(octets)
            guids += hashlib.sha1(octets, usedforsecurity=False).digest()
        rows["guid"] = np.frombuffer(bytes(guids), dtype="V20")
        write_cache(meta / "cyrus.cache", rows)
        write_metadata(meta, rows, folder)


def write_cache(file: Path, rows: Rows) -> None:
    """A cache in which each message has a record of the usual size."""
    item = (CACHE_OCTETS // ITEM_COUNT - 4).to_bytes(4, "big") + b"x" * (
        CACHE_OCTETS // ITEM_COUNT - 4
    )
    record = item * ITEM_COUNT
    rows["cache_offset"] = 4 + np.arange(len(rows)) * len(record)
    rows["cache_crc"], rows["cache_version"] = zlib.crc32(record), 11
    file.write_bytes((1).to_bytes(4, "big") + record * len(rows))


def write_metadata(meta: Path, rows: Rows, folder: int) -> None:
    """Header and index, each with the CRCs that a server checks."""
    header = MAGIC + MOTTO + f"\tbench{folder}\n\nbench@bluemind.loc\tlrswipkxtecdan\t\n".encode()
    (meta / "cyrus.header").write_bytes(header)
    head = IndexHeader(
        generation=1,
        last_uid=len(rows),
        uidvalidity=1,
        highestmodseq=1,
        exists=len(rows),
        header_file_crc=zlib.crc32(header),
    )
    (meta / "cyrus.index").write_bytes(render_index(VERSION, head, rows))


def run(command: Sequence[str], *, ends_with: tuple[int, ...] = (0,)) -> tuple[Side, bytes]:
    """One command with its processes, and what it printed."""
    begun = time.monotonic()
    state = Path(tempfile.gettempdir(), f"respool-bench-state-{os.getuid()}")
    surroundings = {"RESPOOL_STATE": str(state), **os.environ}
    installed = {key: each for key, each in surroundings.items() if key != NO_BYTECODE}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=installed) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begun
    if process.returncode not in ends_with:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    cpu = used.ru_utime + used.ru_stime
    return Side(seconds=seconds, cpu_seconds=cpu, memory_mib=used.ru_maxrss / 1024), output


def by_sha1sum(root: Path, jobs: int) -> Side:
    """``find -print0 | xargs -0 -P sha1sum``, as many processes."""
    script = f'find "$1" -type f -name "*." -print0 | xargs -0 -n 1000 -P {jobs} sha1sum | wc -l'
    return run(["/bin/sh", "-c", script, "sh", str(root / PARTITION / "data")])[0]


def by_check(root: Path, jobs: int, count: int) -> Side:
    """The whole command, its start included; it must have read everything."""
    words = ["check", "--json", "--jobs", str(jobs), "--backups", str(root)]
    compileall.compile_dir(PROJECT / "src", quiet=1)  # as an installation has them
    side, output = run([sys.executable, "-m", "respool", *words], ends_with=(0, 3))
    report = json.loads(output)
    losses = [kind for kind in report["kinds"] if kind["severity"] != "note"]
    if losses or report["files"] != count:
        sys.exit(f"not what it should find: {report['files']} files, {losses}")
    return side


def measure(spools: Sequence[Spool], rounds: int, jobs: int) -> list[str]:
    """Rows of a table in Markdown, medians over the rounds."""
    rows = []
    for number, spool in enumerate(SPOOLS):
        if spool not in spools:
            continue
        with tempfile.TemporaryDirectory(prefix="respool-bench-check-") as directory:
            root = Path(directory)
            # By another process: what one once took counts as its children's, too.
            run([sys.executable, __file__, "--make", str(number), directory])
            by_sha1sum(root, jobs)  # now all of it is in memory
            pairs = [
                (by_sha1sum(root, jobs), by_check(root, jobs, spool.count)) for _ in range(rounds)
            ]
        rows.append(_row(spool, pairs))
    return rows


HEADINGS = (
    "| files | sha1sum | respool check | against sha1sum | processor time against | memory |",
    "|---|---|---|---|---|---|",
)


def _row(spool: Spool, pairs: Sequence[tuple[Side, Side]]) -> str:
    other = statistics.median(pair[0].seconds for pair in pairs)
    ours = statistics.median(pair[1].seconds for pair in pairs)
    cpu = [statistics.median(pair[side].cpu_seconds for pair in pairs) for side in (0, 1)]
    memory = max(pair[1].memory_mib for pair in pairs)
    return (
        f"| {spool.name} | {spool.count / other:,.0f}/s | {spool.count / ours:,.0f}/s"
        f" | {other / ours:.2f} | {cpu[0] / cpu[1]:.2f} | {memory:.0f} MiB |"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", type=int, action="append", help="number of a spool, from 0")
    parser.add_argument("--make", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make:
        number, directory = arguments.make
        make_spool(Path(directory), SPOOLS[int(number)])
        return
    chosen = [SPOOLS[number] for number in arguments.only or range(len(SPOOLS))]
    print("\n".join((*HEADINGS, *measure(chosen, arguments.rounds, arguments.jobs))))


if __name__ == "__main__":
    main()
