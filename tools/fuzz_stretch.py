"""Gives every parser its own words, repeated to many octets, after each part of its seeds.

The fuzzer tries short inputs; what is quadratic or takes memory many times over shows in long
ones. Prints what raised something undocumented, took more than a second of processor time, or
more than 64 MiB; exit status 1 where anything did.
"""

from __future__ import annotations

import argparse
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "src")]

from tests.support.parser_seeds import Parser  # noqa: E402
from tests.support.parsers import PARSERS  # noqa: E402

SLOW_SECONDS = 1.0
HANG_SECONDS = 20
MEMORY_KIB = 64 << 10
ANYTHING = tuple(bytes((octet,)) for octet in b'\0\xff()"\\ \n\ta1,;=:.<[{%&-@?')
PAIRS = 12  # of words, with each word


class TooLong(BaseException):
    """An input that does not end."""


def long_inputs(parser: Parser, longest: int) -> Iterator[tuple[str, bytes]]:
    """What is tried, each with how to say it."""
    words = tuple(dict.fromkeys((*parser.words, *ANYTHING)))
    units = [*words, *(a + b for a in words for b in parser.words[:PAIRS] if a != b)]
    starts = {seed[: len(seed) * part // 4] for seed in parser.seeds()[:2] for part in range(5)}
    for unit in units:
        tail = unit * (longest // len(unit) + 1)
        for start in sorted(starts):
            yield f"{unit!r} after {len(start)} octets", (start + tail)[:longest]


def try_one(parser: Parser, octets: bytes) -> str | None:
    """What is wrong with this input, or None."""
    peak = peak_kib()
    begun = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG_SECONDS)
    try:
        parser.parse(octets)
    except parser.refuses:
        pass
    except TooLong:
        return f"takes more than {HANG_SECONDS} s"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"raises {error!r:.100}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    seconds, memory = time.process_time() - begun, peak_kib() - peak
    if seconds > SLOW_SECONDS:
        return f"takes {seconds:.1f} s"
    return f"takes {memory >> 10} MiB" if memory > MEMORY_KIB else None


def peak_kib() -> int:
    """Highest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def stop(*_: object) -> None:
    """The timer's handler."""
    raise TooLong


def try_parser(name: str, longest: int) -> bool:
    """Try one parser; whether nothing was wrong. The first of each kind is said."""
    signal.signal(signal.SIGVTALRM, stop)
    said: set[str] = set()
    for what, octets in long_inputs(PARSERS[name], longest):
        wrong = try_one(PARSERS[name], octets)
        kind = "" if wrong is None else wrong[:24]
        if wrong is not None and kind not in said:
            print(f"{name}: {what} {wrong}", flush=True)
            said.add(kind)
        if wrong is not None and "more than" in wrong:
            break
    return not said


def main() -> None:
    """Try one parser in this process, or several in processes of their own."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("parsers", nargs="*", metavar="PARSER", help="default: all")
    arguments.add_argument("--longest", type=int, default=64 << 10, help="octets of an input")
    options = arguments.parse_args()
    if len(options.parsers) == 1:
        sys.exit(not try_parser(options.parsers[0], options.longest))
    names = options.parsers or list(PARSERS)
    base = [sys.executable, __file__, "--longest", str(options.longest)]
    statuses = [subprocess.run([*base, name], check=False).returncode for name in names]
    sys.exit(any(statuses))


if __name__ == "__main__":
    main()
