"""Measures `respool diff` of an account against live mail: 100,000 messages in 20 folders.

One in a hundred messages is gone from live, one in a hundred has another flag, and as many
are new; a folder was renamed, and one was deleted. Nothing is read before each round but what
the system keeps in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "src")]

import numpy as np  # noqa: E402

from respool.cyrus.header import MAGIC  # noqa: E402
from respool.cyrus.index import IndexHeader, render_index  # noqa: E402
from respool.model.inventory import Rows  # noqa: E402
from tests.support.small_spools import MOTTO  # noqa: E402
from tools.bench_reading import LINKS, OCTETS, invented_rows  # noqa: E402

FOLDERS = 20
USER = "user/jdoe"
FOUND = 3  # the status of a diff that found something


def folder_name(number: int, *, is_live: bool) -> str:
    """INBOX, and folders below it; live has another name for the third."""
    if number == 0:
        return USER
    return f"{USER}/{'Renamed' if is_live and number == 2 else f'Folder {number}'}"


def write_account(root: Path, count: int, *, is_live: bool) -> None:
    """The account's folders in one spool, the message files links to a few."""
    everything = invented_rows(count)
    share = count // FOLDERS
    for number in range(FOLDERS):
        rows = everything[number * share : (number + 1) * share].copy()
        rows["uid"] = np.arange(1, share + 1)
        if is_live and number == 1:
            continue  # this one was deleted, for good
        if is_live:
            rows = changed(rows)
        write_folder(root, folder_name(number, is_live=is_live), f"id-{number}", rows)


def changed(rows: Rows) -> Rows:
    """The same as live has it: some gone, some with another flag, some new."""
    rows["system_flags"][1::100] ^= np.uint32(1 << 1)
    rows = np.delete(rows, np.arange(0, len(rows), 100))
    new = rows[: len(rows) // 100].copy()
    new["uid"] += rows["uid"].max()
    new["guid"] = np.frombuffer(np.random.default_rng().bytes(20 * len(new)), dtype="V20")
    together: Rows = np.concatenate([rows, new])
    return together


def write_folder(root: Path, name: str, uniqueid: str, rows: Rows) -> None:
    """One folder with its index, header and message files."""
    data, meta = root / "data/p" / name, root / "meta/p" / name
    for directory in (data, meta):
        directory.mkdir(parents=True, exist_ok=True)
    last = int(rows["uid"].max())
    head = IndexHeader(last_uid=last, uidvalidity=7, highestmodseq=last, exists=len(rows))
    (meta / "cyrus.index").write_bytes(render_index(17, head, rows))
    header = f"\t{uniqueid}\nk0 k1 k2 k3 k4 k5 k6 k7 \njdoe\tlrswipkxtecda\t\n".encode()
    (meta / "cyrus.header").write_bytes(MAGIC + MOTTO + header)
    first = data / f"{rows['uid'][0]}."
    for at, uid in enumerate(rows["uid"].tolist()):
        file = data / f"{uid}."
        if at % LINKS == 0:
            first = file
            first.write_bytes(OCTETS)
        else:
            file.hardlink_to(first)


def write_server(root: Path, others: int) -> Path:
    """Its configuration, and its list of mailboxes with those of many others."""
    (root / "db").mkdir()
    numbers = [each for each in range(FOLDERS) if each != 1]
    names = [folder_name(each, is_live=True).replace("/", ".") for each in numbers]
    names += [f"user.other{each:06}" for each in range(others)]
    lines = (f"{name}\t%(P p A %(jdoe lrswipkxtecda) V 7)\n" for name in sorted(names))
    (root / "db/mailboxes.db").write_text("".join(lines))
    conf = root / "imapd.conf"
    conf.write_text(
        f"configdirectory: {root}/db\npartition-p: {root}/data/p\n"
        f"metapartition-p: {root}/meta/p\n"
        "metapartition_files: header index cache expunge\nunixhierarchysep: yes\n"
    )
    return conf


def diff(root: Path, conf: Path, *words: str) -> tuple[dict[str, Any], float, float, float]:
    """What one diff said, its seconds by the clock and of the processor, its memory in MiB."""
    command = [sys.executable, "-m", "respool", "diff", "jdoe", "--json", *words]
    command += ["--backups", str(root / "backup"), "--imapd-conf", str(conf)]
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(PROJECT / "src"),
        "RESPOOL_STATE": str(root / "state"),
    }
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=surroundings) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != FOUND:
        sys.exit(f"diff ended with status {process.returncode}")
    seconds = time.monotonic() - begun
    return json.loads(output), seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main() -> None:
    """Write both, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--others", type=int, default=10_000, help="mailboxes of other people")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="respool-bench-") as text:
        root = Path(text)
        write_account(root / "backup/var/spool/cyrus", options.messages, is_live=False)
        write_account(root / "live", options.messages, is_live=True)
        conf = write_server(root / "live", options.others)
        print("| diff against live | messages | clock s | processor s | memory | found |")
        print("|---|---|---|---|---|---|")
        for what, words in (("folders", ()), ("`--details`", ("--details",))):
            rounds = [diff(root, conf, *words) for _ in range(options.rounds)]
            clock = statistics.median(each[1] for each in rounds)
            cpu = statistics.median(each[2] for each in rounds)
            memory, totals = max(each[3] for each in rounds), rounds[0][0]["totals"]
            found = ", ".join(f"{totals[name]:,} {name}" for name in ("missing", "changed", "new"))
            print(
                f"| {what} | {totals['messages']:,} | {clock:.2f} | {cpu:.2f} |"
                f" {memory:.0f} MiB | {found} |"
            )


if __name__ == "__main__":
    main()
