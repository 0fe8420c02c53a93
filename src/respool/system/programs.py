"""Running a program: argument list, user, time limit, captured output."""

from __future__ import annotations

import errno
import os
import signal
import subprocess  # every call below passes a list, never a shell line
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from respool.errors import ProgramFailed
from respool.system.ownership import Owner
from respool.system.starting import no_more_processes

# Debian and BlueMind, upstream >= 2.5, Red Hat, upstream <= 2.4 (cyrus-formats, 5.1).
PROGRAM_DIRECTORIES: tuple[Path, ...] = tuple(
    Path(place)
    for place in (
        "/usr/lib/cyrus/bin",
        "/usr/lib/cyrus-imapd",
        "/usr/libexec/cyrus-imapd",
        "/usr/lib/cyrus",
        "/usr/cyrus/bin",
        "/usr/local/cyrus/bin",
        "/usr/local/sbin",
        "/usr/local/libexec",
        "/usr/sbin",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended. ``signal_name`` is set where a signal ended it."""

    command: tuple[str, ...]
    status: int
    signal_name: str | None
    output: str
    errors: str


def find_program(*names: str, directories: Sequence[Path] = PROGRAM_DIRECTORIES) -> Path | None:
    """The first of ``names`` that stands, executable, in one of ``directories``."""
    for directory in directories:
        for name in names:
            file = directory / name
            if file.is_file() and os.access(file, os.X_OK):
                return file
    return None


def surroundings() -> dict[str, str]:
    """Our variables for a program: none of our own, for passwords and keys are among them.

    A program that runs as another user lets that user read its variables.
    """
    ours = "RESPOOL_"
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def run_program(
    command: Sequence[str],
    *,
    owner: Owner | None = None,
    timeout_seconds: float = 600.0,
    told: str | None = None,
) -> Finished:
    """Run ``command`` to its end, as ``owner`` where we are root.

    ``told`` is its standard input; none without it. Input and output are text with octets
    that are no UTF-8 kept (surrogateescape).

    Raises:
        NoMoreProcesses: the system has no more for us.
        ProgramFailed: it cannot be started, or did not end in time (it is killed).
    """
    is_switching = owner is not None and os.geteuid() == 0 and owner.uid != 0
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL if told is None else None,
            input=told,
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
            encoding="utf-8",
            errors="surrogateescape",
            cwd="/",
            env=surroundings(),
            user=owner.uid if is_switching and owner else None,
            group=owner.gid if is_switching and owner else None,
            extra_groups=[owner.gid] if is_switching and owner else None,
        )
    except subprocess.TimeoutExpired as error:
        raise ProgramFailed(
            f"{command[0]} did not end within {timeout_seconds:.0f} seconds and was stopped"
        ) from error
    except OSError as error:
        if error.errno == errno.EAGAIN:
            raise no_more_processes() from error
        raise ProgramFailed(f"{command[0]} cannot be run", why=str(error)) from error
    ended_by = signal.Signals(-done.returncode).name if done.returncode < 0 else None
    return Finished(
        command=tuple(command),
        status=done.returncode,
        signal_name=ended_by,
        output=done.stdout,
        errors=done.stderr,
    )
