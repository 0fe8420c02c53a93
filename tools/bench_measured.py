"""What one run of a command took, and the commands that benches of targets run."""

from __future__ import annotations

import compileall
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_PEAK = re.compile(r"^VmHWM:\s*([0-9]+) kB", re.MULTILINE)  # proc(5); none once it has ended
_LOOK_SECONDS = 0.02
CUT, PROVEN, UNDONE = "planned, half restored", "restored, proven", "taken back"
VERIFIED, READ_BACK = "verified", "restored from it"
_HALF = (
    "SELECT 2 * count(*) FILTER (WHERE state = 'done') >= count(*) FROM step HAVING count(*) > 0"
)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Seconds, processor time of all processes, memory of the command itself; ``proof`` apart."""

    seconds: float
    cpu_seconds: float | None = None
    memory_mib: float | None = None
    proof_seconds: float | None = None


class BenchFailed(Exception):
    """A side of a contest did not do its work; the text quotes what it said."""


def run(command: Sequence[str | Path], *, more: Mapping[str, str] | None = None) -> Measured:
    """Run ``command`` to its end; what it prints is thrown away.

    Raises:
        BenchFailed: it ended with anything but 0.
    """
    return _run(command, more or {})[0]


def respool(*words: str | Path, more: Mapping[str, str] | None = None) -> Measured:
    """One restore or export by the whole command, which must end proven.

    ``words`` name the account, what of it, the backup and the target.

    Raises:
        BenchFailed: it is not proven.
    """
    compileall.compile_dir(PROJECT / "src", quiet=1)  # as an installation has them
    with tempfile.TemporaryDirectory(prefix="respool-bench-state-") as state:
        base = [sys.executable, "-m", "respool", *words]
        measured, output = _run([*base, "--yes", "--json", "--state", state], more or {})
    receipt: dict[str, Any] = json.loads(output)
    if receipt["verdict"] != "proven":
        raise BenchFailed(f"{words}: {receipt['verdict']}")
    proof = float(receipt["seconds_by_phase"].get("proof", 0.0))
    return Measured(
        seconds=measured.seconds - proof,
        cpu_seconds=measured.cpu_seconds,
        memory_mib=measured.memory_mib,
        proof_seconds=proof,
    )


@dataclass(frozen=True, kw_only=True)
class Course:
    """A restore whose stages are measured, by the words of its commands.

    ``again`` are those that ``resume`` and ``undo`` need besides. ``is_cut``: it is killed once
    half of its steps are done, and gone on with. ``after`` are commands by their stages that
    must find all ``messages`` of it, as it was proven.
    """

    words: Sequence[str | Path]
    messages: int
    is_cut: bool
    again: Sequence[str | Path] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, Sequence[str | Path]] = field(default_factory=dict)


def stages(course: Course) -> Iterator[tuple[str, Measured]]:
    """What became of a restore, stage by stage, with the figures of each command.

    Raises:
        BenchFailed: it is not proven, or not taken back.
    """
    with (
        tempfile.TemporaryDirectory(prefix="respool-bench-state-") as state,
        tempfile.TemporaryDirectory(prefix="respool-bench-state-") as other,
    ):
        base = [sys.executable, "-m", "respool"]
        rest = ["--json", "--state", state]
        more = course.secrets
        command = [*base, *course.words, "--yes", *rest]
        cut = _is_half_done(Path(state)) if course.is_cut else None
        measured, output = _run(command, more, cut)
        if cut is not None:
            yield CUT, measured
            command = [*base, "resume", "1", *course.again, *rest]
            measured, output = _run(command, more)
        _check(command, output, course.messages)
        yield PROVEN, measured
        for stage, words in course.after.items():
            measured, output = _run([*base, *words, "--json", "--state", other], {})
            _check(words, output, course.messages)
            yield stage, measured
        measured, _ = _run([*base, "undo", "1", "--yes", *course.again, *rest], more)
        yield UNDONE, measured


def _check(words: Sequence[str | Path], output: bytes, messages: int) -> None:
    told: dict[str, Any] = json.loads(output)
    if (told["verdict"], told["messages"]) != ("proven", messages):
        raise BenchFailed(f"{words}: {told['verdict']}, {told['messages']} of {messages}")


def _is_half_done(state: Path) -> Callable[[], bool]:
    address = f"{(state / 'journal.db').as_uri()}?mode=ro"

    def ask() -> bool:
        with suppress(sqlite3.Error):
            journal = sqlite3.connect(address, uri=True)
            try:
                found = journal.execute(_HALF).fetchone()
                return found is not None and bool(found[0])
            finally:
                journal.close()
        return False

    return ask


def _run(
    command: Sequence[str | Path],
    more: Mapping[str, str],
    is_to_die: Callable[[], bool] | None = None,
) -> tuple[Measured, bytes]:
    """Run a command to its end; one that ``is_to_die`` is killed, and must be before its end."""
    environment = {key: each for key, each in os.environ.items() if key != NO_BYTECODE}
    begun = time.monotonic()
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            list(map(str, command)),
            stdout=subprocess.PIPE,
            stderr=errors,
            stdin=subprocess.DEVNULL,
            env={**environment, **more},
        ) as process,
    ):
        assert process.stdout is not None
        peak = _Peak(process.pid, is_to_die)
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        peak.join()
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != (0 if is_to_die is None else -signal.SIGKILL):
            errors.seek(0)
            said = (output[-4000:] + errors.read()[-2000:]).decode("utf-8", "replace")
            raise BenchFailed(f"{command[0]} ended with {process.returncode}:\n{said}")
    measured = Measured(
        seconds=seconds,
        cpu_seconds=used.ru_utime + used.ru_stime,
        memory_mib=peak.mib,
    )
    return measured, output


class _Peak(threading.Thread):
    """The most memory that a process has had, looked at until it ends.

    What wait4(2) tells is the largest of its children, too: a server's program, maybe.
    One that ``is_to_die`` is killed.
    """

    def __init__(self, pid: int, is_to_die: Callable[[], bool] | None) -> None:
        super().__init__(name="peak", daemon=True)
        self._pid = pid
        self._is_to_die = is_to_die
        self._status = Path(f"/proc/{pid}/status")
        self.mib: float | None = None
        self.start()

    def run(self) -> None:
        """Look, again and again."""
        with suppress(OSError):
            while found := _PEAK.search(self._status.read_text("ascii", "replace")):
                self.mib = int(found[1]) / 1024
                if self._is_to_die is not None and self._is_to_die():
                    os.kill(self._pid, signal.SIGKILL)
                    return
                time.sleep(_LOOK_SECONDS if self._is_to_die is None else 10 * _LOOK_SECONDS)
