"""Measures respool against the procedure by hand, in one run on the same message files.

Prints a table in Markdown: messages/s, the ratio, peak memory; and how long the help takes.
Everything happens on real, private Cyrus servers in temporary directories.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.private_cyrus import PrivateCyrus, server_root  # noqa: E402

LOGIN = "bench@bluemind.loc"
ROOT = f"user/{LOGIN}"
FOLDER = "Archive"
PARTITION = "bluemind_loc"
HELP_RUNS = 9


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Seconds and peak memory of one thing, done once."""

    seconds: float
    memory_mib: float | None = None


def message(number: int, size: int) -> bytes:
    """An invented message of exactly ``size`` octets."""
    head = (
        f"From: Sender {number % 97} <s{number % 97}@example.org>\r\nTo: <{LOGIN}>\r\n"
        f"Subject: invented message {number}\r\nMessage-ID: <{number}@example.org>\r\n"
        "Date: Mon, 06 Nov 2017 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    ).encode()
    text = random.Random(number).randbytes(size).hex().encode()
    lines = b"\r\n".join(text[at : at + 70] for at in range(0, len(text), 70))
    return (head + lines)[: size - 2] + b"\r\n"


def fill(server: PrivateCyrus, count: int, size: int) -> None:
    """Make the source mailbox: files put in place, indexed by the server itself, then flagged."""
    server.create_user(LOGIN, PARTITION)
    name = f"user/bench/{FOLDER}@bluemind.loc"
    server.create_mailbox(name, PARTITION)
    data = Path(server.run_tool("mbpath", name).stdout.strip())
    owner = data.parent.stat()
    data.mkdir(mode=0o700, exist_ok=True)
    os.chown(data, owner.st_uid, owner.st_gid)
    for number in range(1, count + 1):
        file = data / f"{number}."
        file.write_bytes(message(number, size))
        os.chown(file, owner.st_uid, owner.st_gid)
        os.utime(file, (1_500_000_000 + number, 1_500_000_000 + number))
    server.run_tool("reconstruct", name, timeout_seconds=600)
    with server.client_as(LOGIN) as client:
        client.select_folder(FOLDER)
        client.add_flags("1:*", [b"\\Seen"], silent=True)
        client.add_flags(f"1:{count // 10}", [b"\\Flagged", b"Travail"], silent=True)


def by_hand(server: PrivateCyrus, source: Path, number: int) -> Measured:
    """CREATE, ``cp -a``, ``chown``, ``reconstruct``, ``quota -f``, ``sync``."""
    name = f"user/bench/hand{number}@bluemind.loc"
    begun = time.monotonic()
    server.create_mailbox(name, PARTITION)
    data = Path(server.run_tool("mbpath", name).stdout.strip())
    subprocess.run(["cp", "-a", f"{source}/.", str(data)], check=True)
    subprocess.run(["chown", "-R", "cyrus:mail", str(data)], check=True)
    server.run_tool("reconstruct", name, timeout_seconds=600)
    server.run_tool("quota", "-f", "-d", "bluemind.loc", "user/bench")
    subprocess.run(["sync"], check=True)
    return Measured(seconds=time.monotonic() - begun)


def by_respool(server: PrivateCyrus, backup: Path, number: int) -> tuple[Measured, Measured]:
    """The whole command without its proof, and the proof."""
    with tempfile.TemporaryDirectory(prefix="respool-bench-state-") as state:
        words = ["restore", LOGIN, FOLDER, "--into", f"respool{number}", "--yes", "--json"]
        words += ["--same-person"]  # the same account on another server
        words += ["--backups", str(backup), "--imapd-conf", str(server.imapd_conf)]
        command = [sys.executable, "-m", "respool", *words, "--state", state]
        environment = as_installed()
        begun = time.monotonic()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        ) as process:
            assert process.stdout is not None
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
        receipt = json.loads(output)
        if receipt["verdict"] != "proven":
            sys.exit(f"not proven: {receipt['verdict']}")
        proof = float(receipt["seconds_by_phase"]["proof"])
        memory = usage.ru_maxrss / 1024
        return Measured(seconds=seconds - proof, memory_mib=memory), Measured(seconds=proof)


def as_installed() -> dict[str, str]:
    """Our environment, but with modules that are compiled once, as an installation has them."""
    compileall.compile_dir(PROJECT / "src", quiet=1)
    return {key: each for key, each in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def help_milliseconds(command: list[str]) -> float:
    """Median wall time of ``command``."""
    times = []
    environment = as_installed()
    for _ in range(HELP_RUNS):
        begun = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)
        times.append((time.monotonic() - begun) * 1000)
    return statistics.median(times)


@contextmanager
def running(*, before: Callable[[PrivateCyrus], None]) -> Iterator[PrivateCyrus]:
    """A private server, prepared and stopped again."""
    with server_root() as root:
        server = PrivateCyrus(root)
        server.start()
        try:
            before(server)
            yield server
        finally:
            if server.is_running:
                server.stop()


def measure(count: int, size: int, rounds: int) -> None:
    """Fill, restore both ways in turn, and print the table."""
    with running(before=lambda server: fill(server, count, size)) as source:
        source.stop()
        spool = source.files.data(PARTITION).parents[1]
        found = next(spool.rglob(f"{FOLDER}/1."))
        with running(before=make_account) as target:
            hand, restore, proof = [], [], []
            for number in range(rounds):
                hand.append(by_hand(target, found.parent, number))
                restored, proven = by_respool(target, spool, number)
                restore.append(restored)
                proof.append(proven)
    show(count, size, hand, restore, proof)


def make_account(server: PrivateCyrus) -> None:
    """The empty account to restore into."""
    server.create_user(LOGIN, PARTITION)


def show(
    count: int, size: int, hand: list[Measured], restore: list[Measured], proof: list[Measured]
) -> None:
    """The table, medians over the rounds."""
    base = statistics.median(each.seconds for each in hand)
    print(f"\n{count:,} messages of {size:,} octets, median of {len(hand)} rounds;", machine())
    print("\n| work | seconds | messages/s | against by hand | peak memory |")
    print("|---|---|---|---|---|")
    rows = (("by hand (CREATE, cp -a, reconstruct, sync)", hand), ("respool restore", restore))
    for name, measured in (*rows, ("respool proof", proof)):
        seconds = statistics.median(each.seconds for each in measured)
        peaks = [each.memory_mib for each in measured if each.memory_mib is not None]
        memory = f"{max(peaks):.0f} MiB" if peaks else ""
        ratio = f"{seconds / base:.2f}"
        print(f"| {name} | {seconds:.2f} | {count / seconds:,.0f} | {ratio} | {memory} |")
    empty = help_milliseconds([sys.executable, "-c", "pass"])
    helped = help_milliseconds([str(respool_command()), "--help"])
    print(f"\nrespool --help: {helped:.0f} ms; an empty interpreter: {empty:.0f} ms")


def respool_command() -> Path:
    """The installed command beside this interpreter."""
    return Path(sys.executable).with_name("respool")


def machine() -> str:
    """The machine's size, for whoever compares."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    free = shutil.disk_usage("/tmp").free / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB memory, {free:.0f} GiB free in /tmp"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--octets", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    measure(options.messages, options.octets, options.rounds)


if __name__ == "__main__":
    main()
