"""Measures the catalogue: made of invented generations, and searched.

100 accounts of 20 folders, 1,000,000 messages, 10 generations; in each 1 % of the messages
differ, all in 5 % of the folders. Indexes and caches are real ones, written by respool's own
writers; what did not change is a hard link. There are no message files: nothing reads them.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "src")]

import numpy as np  # noqa: E402

from respool.app.catalogue import opened_catalogue  # noqa: E402
from respool.app.indexing import IndexWish  # noqa: E402
from respool.app.searched_catalogue import searched  # noqa: E402
from respool.app.settings import Settings  # noqa: E402
from respool.backups.source import tree_at  # noqa: E402
from respool.catalogue.database import Database  # noqa: E402
from respool.catalogue.search import Search  # noqa: E402
from respool.catalogue.spans import Spans  # noqa: E402
from respool.cyrus.header import MAGIC  # noqa: E402
from respool.cyrus.index import IndexHeader, render_index  # noqa: E402
from respool.cyrus.spool_paths import PathRules, mailbox_directory  # noqa: E402
from respool.model.conditions import Conditions  # noqa: E402
from respool.model.inventory import RECORD, Rows  # noqa: E402
from respool.model.names import MailboxName  # noqa: E402
from tests.support.small_spools import MOTTO  # noqa: E402

FOLDERS = 20
FIRST_DATE = 1_500_000_000
SEARCHES = 300
SYLLABLES = (
    "ka",
    "to",
    "mi",
    "re",
    "so",
    "lan",
    "ver",
    "dis",
    "pro",
    "con",
    "ter",
    "ment",
    "bel",
    "zi",
)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is invented."""

    accounts: int
    messages: int
    generations: int

    @property
    def in_folder(self) -> int:
        """Messages of one folder."""
        return self.messages // self.accounts // FOLDERS


@dataclass(kw_only=True)
class Folder:
    """One folder as it stands in the newest generation that was written."""

    name: MailboxName
    rows: Rows
    cache: bytearray = field(default_factory=lambda: bytearray(b"\0\0\0\1"))
    last_uid: int = 0


class Mail:
    """Invented envelopes; the same for the same seed."""

    def __init__(self) -> None:
        self._chance = random.Random(11)
        self.words = sorted({self._word() for _ in range(30_000)})
        self.people = [self._person(number) for number in range(30_000)]
        self._count = 0

    def _word(self) -> str:
        return "".join(self._chance.choices(SYLLABLES, k=self._chance.randint(1, 4)))

    def _person(self, number: int) -> bytes:
        first, last = self._chance.choice(SYLLABLES), self._word()
        host = f"{self._chance.choice(SYLLABLES)}.example.org"
        return f'("{first.title()} {last.title()}" NIL "{first}.{last}{number}" "{host}")'.encode()

    def some(self, things: Sequence[str]) -> str:
        """One of a list, the first ones far more often."""
        return things[min(int(self._chance.paretovariate(0.35)), len(things)) - 1]

    def record(self) -> bytes:
        """One cache record: an envelope, a body structure, and eight items that are empty."""
        self._count += 1
        words = " ".join(self.some(self.words) for _ in range(self._chance.randint(3, 8)))
        sender = self._chance.choice(self.people[: 1 + self._count // 20])
        to = b"".join(self._chance.choices(self.people[:2000], k=self._chance.randint(1, 3)))
        identity = f"<{self._chance.getrandbits(96):x}.{self._count}@mail.example.org>"
        envelope = (
            b'("Tue, 03 Oct 2017 10:00:00 +0200" "%s" (%s) NIL NIL (%s) NIL NIL NIL "%s")'
            % (
                words.capitalize().encode(),
                sender,
                to,
                identity.encode(),
            )
        )
        structure = b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 3028 92 NIL NIL NIL NIL)'
        items = (envelope, structure, *(b"",) * 8)
        return b"".join(
            len(item).to_bytes(4, "big") + item + bytes(-len(item) % 4) for item in items
        )


def add_messages(folder: Folder, mail: Mail, count: int) -> None:
    """New mail, later than all of the folder's."""
    rows: Rows = np.zeros(count, dtype=RECORD)
    chance = np.random.default_rng(folder.last_uid + zlib.crc32(folder.name.admin.encode()))
    for row in range(count):
        record = mail.record()
        rows["cache_offset"][row] = len(folder.cache)
        rows["cache_crc"][row] = zlib.crc32(record)
        folder.cache += record
    rows["uid"] = folder.last_uid + 1 + np.arange(count)
    spread = chance.integers(0, 200_000_000, count)
    rows["internaldate"] = FIRST_DATE + np.sort(spread)
    rows["size"] = chance.integers(700, 90_000, count)
    rows["header_size"] = 600
    rows["system_flags"] = np.where(chance.random(count) < 0.8, 1 << 4, 0)
    rows["guid"] = np.frombuffer(chance.bytes(20 * count), dtype="V20")
    rows["modseq"] = 1
    folder.last_uid += count
    folder.rows = np.concatenate([folder.rows, rows])


def change(folder: Folder, mail: Mail, count: int) -> None:
    """Three fifths get another flag, one fifth is gone, one fifth is new."""
    chance = np.random.default_rng(folder.last_uid)
    chosen = chance.permutation(len(folder.rows))[: count * 4 // 5]
    folder.rows["system_flags"][chosen[: count * 3 // 5]] ^= np.uint32(1 << 1)
    folder.rows = np.delete(folder.rows, chosen[count * 3 // 5 :])
    add_messages(folder, mail, count // 5)


def write(root: Path, folder: Folder) -> None:
    """Header, index and cache of a folder, in the directories of a spool."""
    directory = mailbox_directory(folder.name, PathRules())
    base = root / "var/spool/cyrus"
    meta = base / "meta/b_loc" / directory
    meta.mkdir(parents=True, exist_ok=True)
    (base / "data/b_loc" / directory).mkdir(parents=True, exist_ok=True)
    head = IndexHeader(generation=1, last_uid=folder.last_uid, uidvalidity=7, highestmodseq=9)
    for name, octets in (
        ("cyrus.header", MAGIC + MOTTO + b"\tid\n\nanyone\tlrs\t\n"),
        ("cyrus.index", render_index(13, head, folder.rows)),
        ("cyrus.cache", bytes(folder.cache)),
    ):
        file = meta / name
        file.unlink(missing_ok=True)
        file.write_bytes(octets)


def write_generations(root: Path, sizes: Sizes) -> Iterator[None]:
    """One generation each time: a copy by hard links of the one before, then what changed."""
    mail = Mail()
    folders: list[Folder] = []
    for account in range(sizes.accounts):
        for number in range(FOLDERS):
            parts = ("user", f"u{account:03}", *((f"f{number:02}",) if number else ()))
            name = MailboxName(domain="b.loc", parts=parts)
            folders.append(Folder(name=name, rows=np.zeros(0, dtype=RECORD)))
    now = generation_place(root, 0)
    for folder in folders:
        add_messages(folder, mail, sizes.in_folder)
        write(now, folder)
    yield
    for at in range(1, sizes.generations):
        before, now = now, generation_place(root, at)
        subprocess.run(["cp", "-al", str(before), str(now)], check=True)
        changed = folders[at::FOLDERS]  # 5 %
        for folder in changed:
            change(folder, mail, sizes.messages // 100 // len(changed))
            write(now, folder)
        yield


def generation_place(root: Path, at: int) -> Path:
    """Where a generation lies, by its day."""
    return root / f"2024-11-{at + 1:02}_0100"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one generation cost to take in."""

    wall_seconds: float
    cpu_seconds: float
    memory_mib: float
    octets: int
    messages: int


def take_in(root: Path, state: Path) -> Cost:
    """`respool catalogue` in a process of its own."""
    command = [sys.executable, "-m", "respool", "catalogue", "--yes", "--json"]
    command += ["--backups", str(root), "--state", str(state)]
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        report = json.loads(process.stdout.read())
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return Cost(
        wall_seconds=time.monotonic() - begun,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        memory_mib=usage.ru_maxrss / 1024,
        octets=sum(each.stat().st_size for each in (state / "catalogue").iterdir()),
        messages=report["messages"],
    )


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def searches(root: Path, state: Path) -> dict[str, list[float]]:
    """Milliseconds of many searches, each opened anew as a command would."""
    file = next((state / "catalogue").glob("*.db"))
    settings = read_settings(root, state)
    database = Database(file)
    chance = random.Random(5)
    count = (database.one("SELECT max(id) FROM message") or (0,))[0]
    chosen = [chance.randint(1, count) for _ in range(SEARCHES)]
    times: dict[str, list[float]] = {"find": [], "guid": []}
    for number in chosen:
        row = database.one(
            "SELECT hex(guid), subject, address FROM message JOIN address"
            " ON address.id = senders WHERE message.id = ?",
            (number,),
        )
        if row is None:
            continue
        guid, subject, address = row
        word = chance.choice(subject.split())
        asked = Conditions(sender=address.partition("@")[0], subject=word)
        times["find"].append(timed(partial(look, settings, asked)))
        exact = Conditions(guids=(guid.lower(),))
        times["guid"].append(timed(partial(look, settings, exact)))
    database.close()
    return times


def read_settings(root: Path, state: Path) -> Settings:
    """Settings that name the backup and no server."""
    return Settings(
        backups=root,
        imapd_conf=state / "no-imapd.conf",
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=None,
        state=state,
    )


def look(settings: Settings, asked: Conditions) -> None:
    """The first page of what is found, as a command opens the backup and the catalogue."""
    tree_at.cache_clear()
    with (
        opened_catalogue(settings) as opened,
        searched(opened, opened.generations, None, IndexWish(agree=bool)) as here,
    ):
        found = Search(opened.database, Spans(opened.database, here.indexed)).find(asked)
        if not list(islice(found, 100)):
            sys.exit(f"nothing found for {asked}")


def percentile(values: Sequence[float]) -> float:
    """The 95th."""
    return statistics.quantiles(values, n=20)[-1]


def show(sizes: Sizes, costs: Sequence[Cost], times: dict[str, list[float]]) -> None:
    """The table, in Markdown."""
    first, further = costs[0], costs[1:]
    rows = [
        ("first generation, messages/s of a core", f"{first.messages / first.cpu_seconds:,.0f}"),
        ("first generation, seconds by the clock", f"{first.wall_seconds:.1f}"),
        ("first generation, octets a message", f"{first.octets / sizes.messages:.0f}"),
        ("peak memory, MiB", f"{max(each.memory_mib for each in costs):.0f}"),
    ]
    if further:
        cpu = statistics.median(each.cpu_seconds for each in further)
        grown = (costs[-1].octets - first.octets) / len(further) / sizes.messages
        rows += [
            ("a further generation, processor seconds", f"{cpu:.2f}"),
            ("a further generation, times faster", f"{first.cpu_seconds / cpu:.0f}"),
            ("a further generation, octets a message", f"{grown:.1f}"),
        ]
    for name, values in times.items():
        rows.append(
            (
                f"{name}, median and 95th percentile, ms",
                f"{statistics.median(values):.1f}, {percentile(values):.1f}",
            )
        )
    print(f"\n{sizes.messages:,} messages, {sizes.accounts} accounts, {len(costs)} generations\n")
    print("| what | figure |\n|---|---|")
    for name, figure in rows:
        print(f"| {name} | {figure} |")


@contextmanager
def writer(root: Path, sizes: Sizes) -> Iterator[Callable[[], None]]:
    """What writes the next generation, in a process of its own: it takes memory."""
    words = [sys.executable, __file__, "--write", str(root), "--accounts", str(sizes.accounts)]
    words += ["--messages", str(sizes.messages), "--generations", str(sizes.generations)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, written = process.stdin, process.stdout

        def write_next() -> None:
            asked.write(b"\n")
            asked.flush()
            if not written.readline():
                sys.exit("no generation was written")

        yield write_next
        asked.close()


def write_as_asked(root: Path, sizes: Sizes) -> None:
    """One generation for each line that comes in."""
    generations = write_generations(root, sizes)
    for _ in sys.stdin:
        next(generations)
        print("written", flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--keep", type=Path, help="leave all that was made here")
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = Sizes(
        accounts=options.accounts, messages=options.messages, generations=options.generations
    )
    if options.write is not None:
        write_as_asked(options.write, sizes)
        return
    place = options.keep or Path(tempfile.mkdtemp(prefix="respool-bench-"))
    root, state = place / "backups", place / "state"
    root.mkdir(parents=True)
    state.mkdir(mode=0o700)
    try:
        costs = []
        with writer(root, sizes) as write_next:
            for number in range(1, sizes.generations + 1):
                write_next()
                costs.append(take_in(root, state))
                print(f"generation {number}: {costs[-1]}", file=sys.stderr, flush=True)
        show(sizes, costs, searches(root, state))
    finally:
        if options.keep is None:
            shutil.rmtree(place)


if __name__ == "__main__":
    main()
