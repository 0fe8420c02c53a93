"""Of the whole command: what becomes of its status where what it says is not taken."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from respool.cli import output
from respool.cli.failures import OutputLost
from respool.cli.standard_streams import ResultStream

FULL = Path("/dev/full")


class FullTerminal(ResultStream):
    """A terminal that takes nothing."""

    def isatty(self) -> bool:
        """It says so."""
        return True


def command(*arguments: str, unbuffered: bool = False) -> list[str]:
    return [sys.executable, *(["-u"] if unbuffered else []), "-m", "respool", *arguments]


@pytest.mark.parametrize("unbuffered", [False, True])
@pytest.mark.parametrize(
    "arguments", [["--version"], ["--help"], ["export", "--help"], ["--show-completion"]]
)
def test_what_cannot_be_written_is_not_called_unchanged_nor_a_bug(
    arguments: list[str], *, unbuffered: bool
) -> None:
    """It is written after the work: a restore has added its mail by then.

    A shell has typed it: which one is asked for completion.
    """
    with FULL.open("wb") as full:
        done = subprocess.run(
            ["bash", "-c", '"$@"; exit $?', "", *command(*arguments, unbuffered=unbuffered)],
            env={"PATH": "/usr/bin:/bin", "SHELL": "/bin/bash"},
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
    ("arguments", "status"),
    [
        (["backups", "--backups", "/nonexistent"], 10),
        (["backups", "--backups", "/nonexistent", "--json"], 10),
        (["backups", "--nonsense"], 2),
    ],
)
def test_an_error_that_cannot_be_told_keeps_its_status(arguments: list[str], status: int) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(command(*arguments), stderr=full, check=False)

    assert done.returncode == status


@pytest.mark.parametrize("kind", [ResultStream, FullTerminal])
@pytest.mark.parametrize(
    "say",
    [
        lambda: output.print_text("x"),
        lambda: output.print_json({"x": 1}),
        lambda: output.print_octets(b"x" * 10_000),
        lambda: output.print_table(output.Table(headings=("A",), rows=[("x",)])),
        lambda: output.print_long_table(("A",), [("x",)], frozenset()),
        lambda: typer.echo("x"),
    ],
)
def test_a_full_disk_is_no_bug_wherever_it_is_seen(
    say: Callable[[], None], kind: type[ResultStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    with FULL.open("wb") as full:
        raw = kind(full.fileno(), "w", closefd=False)
        stream = io.TextIOWrapper(io.BufferedWriter(raw, 1), line_buffering=True)
        monkeypatch.setattr(sys, "stdout", stream)
        with pytest.raises(OutputLost):
            say()
        os.dup2(os.open(os.devnull, os.O_WRONLY), full.fileno())  # what is held goes there
        stream.close()
