"""Of the whole command: what becomes of its status where its result is not taken."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from respool.cli import output
from respool.cli.failures import OutputLost

FULL = Path("/dev/full")


class Full(io.BytesIO):
    """Where there is no room."""

    def write(self, _octets: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def command(*arguments: str, unbuffered: bool = False) -> list[str]:
    return [sys.executable, *(["-u"] if unbuffered else []), "-m", "respool", *arguments]


@pytest.mark.parametrize("unbuffered", [False, True])
def test_what_cannot_be_written_is_not_called_unchanged_nor_a_bug(*, unbuffered: bool) -> None:
    """It is written after the work: a restore has added its mail by then."""
    with FULL.open("wb") as full:
        done = subprocess.run(
            command("--version", unbuffered=unbuffered),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.stderr == (
        "error: output-lost   WHAT WAS DONE STAYS\n"
        "  not all of the result could be written\n"
        "  why:  no space left on device\n"
        "  hint: `respool runs` shows what was added, if anything\n"
    )
    assert done.returncode == 1


@pytest.mark.parametrize("unbuffered", [False, True])
def test_help_that_nobody_reads_is_no_error(*, unbuffered: bool) -> None:
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as reader:
        reader.wait()
        done = subprocess.run(
            command("--help", unbuffered=unbuffered),
            stdout=reader.stdin,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stderr) == (0, "")


def test_without_standard_streams_it_does_the_same() -> None:
    """Else the first files that are opened get their numbers."""
    shell = 'exec "$0" "$@" <&- >&- 2>&-'
    done = subprocess.run(["sh", "-c", shell, *command("--version")], check=False)

    assert done.returncode == 0


@pytest.mark.parametrize(
    "say", [lambda: output.print_text("x"), lambda: output.print_octets(b"x")]
)
def test_a_full_disk_is_no_bug_wherever_it_is_seen(
    say: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(Full(), write_through=True))

    with pytest.raises(OutputLost):
        say()


@pytest.mark.parametrize("as_json", [False, True])
def test_an_outcome_that_nobody_reads_leaves_the_status_to_the_run(
    monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    """0 says that all is proven, or taken back: a reader who has gone proves nothing."""

    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", Gone())
    output.print_outcome(lambda: {"verdict": "differs"}, lambda: "differs", as_json=as_json)
