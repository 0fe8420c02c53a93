"""One parser's turn in a process of its own; called by fuzz.py, which says how long.

What a parser raises beyond its documented errors, takes more than a second of processor
time for, or more than 64 MiB of memory, is written down once a place, and it goes on.
"""

from __future__ import annotations

import importlib
import resource
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "src")]

if TYPE_CHECKING:
    from tests.support.parser_seeds import Parser

# What coverage is measured of: the parsers, and nothing that they merely use.
INSTRUMENTED = [
    "respool.cyrus",
    "respool.bluemind",
    "respool.backups.descriptions",
    "respool.model.modified_utf7",
    "respool.planning.codec",
    "respool.system.answer_words",
    "respool.system.fetch_answer",
    "respool.targets.spool.program_output",
]
SLOW_SECONDS = 1.0
MEMORY_KIB = 64 << 10
ADDRESS_SPACE = 1 << 30


class Notes:
    """Findings of one parser, each place once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, kind: str, octets: bytes, text: str) -> None:
        """The input, and beside it what it did."""
        file = self.folder / kind
        if not file.exists():
            file.write_bytes(octets)
            file.with_name(f"{kind}.txt").write_text(text, "utf-8", "backslashreplace")

    def crash(self, error: Exception, octets: bytes) -> None:
        """An exception that is not documented."""
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "respool" in frame.filename] or frames
        place = f"{Path(own[-1].filename).stem}-{own[-1].lineno}"
        text = "".join(traceback.format_exception(error, limit=30))
        self.write(f"{type(error).__name__}-{place}", octets, text)


def watched(parser: Parser, notes: Notes) -> Callable[[bytes], None]:
    """The parser as the fuzzer calls it."""
    parse, refuses, processor_time = parser.parse, parser.refuses, time.process_time
    peak = peak_kib()

    def one(octets: bytes) -> None:
        nonlocal peak
        begun = processor_time()
        try:
            parse(octets)
        except refuses:
            pass
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            notes.crash(error, octets)
        seconds = processor_time() - begun
        if seconds > SLOW_SECONDS:
            notes.write("slow", octets, f"{seconds} s\n")
        now = peak_kib()
        if now > peak:
            if now - peak > MEMORY_KIB:
                notes.write("memory", octets, f"{now - peak} KiB\n")
            peak = now

    return one


def peak_kib() -> int:
    """Highest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def limit_memory() -> None:
    """What allocates without measure gets a MemoryError, and is a finding."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit = pages * resource.getpagesize() + ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """Take the turn: NAME FOLDER, then what libFuzzer is told."""
    name, folder = sys.argv[1], Path(sys.argv[2])
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=INSTRUMENTED):
        table = importlib.import_module("tests.support.parsers")
    one = watched(table.PARSERS[name], Notes(folder / "findings" / name))
    atheris.Setup([sys.argv[0], *sys.argv[3:]], one)
    limit_memory()
    atheris.Fuzz()


if __name__ == "__main__":
    main()
