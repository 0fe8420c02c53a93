"""How much memory a reader takes for a file.

A program: ``python -m tests.support.memory_growth OCTETS`` reads all of `hostile_files`,
those that are made large with so many octets, and prints a line of JSON for each.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

from respool.errors import FormatError, LibraryMissing
from tests.support.hostile_files import Case, an_index, cases


def read_once(name: str, case: Case) -> None:
    """Write, read and tell: by how many MiB memory grew, beyond the file where it is mapped."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "d" / case.file_name
        file.parent.mkdir()
        (file.parent / "cyrus.index").write_bytes(an_index(9))
        case.write(file)
        size = file.stat().st_size
        before = _memory_kib("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # VmHWM from now on: man proc
        outcome = "value"
        try:
            case.read(file)
        except (FormatError, LibraryMissing) as error:
            outcome = error.code
        except Exception:  # noqa: BLE001 - that is what is looked for
            outcome = traceback.format_exc()
        grown = (_memory_kib("VmHWM") - before) / 1024
        beyond = grown - size / 2**20 if case.is_mapped else grown
        sys.stdout.write(json.dumps([name, round(beyond, 1), outcome]) + "\n")
        sys.stdout.flush()


def _memory_kib(name: str) -> int:
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])


def main() -> None:
    """Each case that may take much in a child, one after the other."""
    for name, case in cases(int(sys.argv[1])).items():
        if case.is_small:
            read_once(name, case)
            continue
        child = os.fork()  # what one took and let go is no room for the next
        if child == 0:
            read_once(name, case)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
