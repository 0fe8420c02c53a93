"""Running a program: argument list, user, time limit, captured output."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess  # every call below passes a list, never a shell line
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from respool.errors import ProgramFailed
from respool.model.dataclasses import dataclass
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

_TIME_ZONE: Final = ":/etc/localtime"
_SWITCHER: Final = "setpriv"  # of util-linux; a package of its own up to Debian 9
_SWITCHER_PLACES: Final = "/usr/bin:/bin"


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

    A program that runs as another user lets that user read its variables. The time zone is
    named where nobody has: it is the same, but the C library looks whether its file has changed
    at each time that it is asked for one that has no name (glibc, time/tzset.c): ``reconstruct``
    asks for each message.
    """
    ours = "RESPOOL_"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {"TZ": _TIME_ZONE, **inherited}


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
    with started(command, owner=owner, is_told=told is not None) as running:
        return running.finished(timeout_seconds=timeout_seconds, told=told)


class Running:
    """A program that was started, and works while we do something else."""

    def __init__(self, command: Sequence[str], process: subprocess.Popen[str]) -> None:
        self.command = tuple(command)
        self._process = process

    def finished(self, *, timeout_seconds: float = 600.0, told: str | None = None) -> Finished:
        """How it ends: to be asked once. ``told`` and errors as for `run_program`.

        That it cannot be started is known only now, where another program switches the user.
        """
        try:
            output, errors = self._process.communicate(told, timeout=timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise ProgramFailed(
                f"{self.command[0]} did not end within {timeout_seconds:.0f} seconds and was"
                " stopped"
            ) from error
        status = self._process.returncode
        if status > 0 and not output and errors.startswith(f"{_SWITCHER}: "):
            raise ProgramFailed(f"{self.command[0]} cannot be run", why=errors.strip())
        return Finished(
            command=self.command,
            status=status,
            signal_name=signal.Signals(-status).name if status < 0 else None,
            output=output,
            errors=errors,
        )


@contextmanager
def started(
    command: Sequence[str], *, owner: Owner | None = None, is_told: bool = False
) -> Iterator[Running]:
    """Start ``command``, as ``owner`` where we are root; at the end of the block it has ended.

    One that has not by then is killed. With ``is_told`` it waits for its standard input.

    Raises:
        NoMoreProcesses: the system has no more for us.
        ProgramFailed: it cannot be started.
    """
    words, switching = _as_owner(command, owner)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE if is_told else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            cwd="/",
            env=surroundings(),
            **switching,
        )
    except OSError as error:
        if error.errno == errno.EAGAIN:
            raise no_more_processes() from error
        raise ProgramFailed(f"{command[0]} cannot be run", why=str(error)) from error
    with process:
        try:
            yield Running(command, process)
        finally:
            if process.poll() is None:
                process.kill()


def _as_owner(command: Sequence[str], owner: Owner | None) -> tuple[list[str], dict[str, Any]]:
    """What runs ``command`` as ``owner`` where we are root: words, and what else Popen is told.

    A program of the system switches the user, where it is there. Python itself copies this
    process for that (fork, and vfork else), and each page that we write to afterwards is
    copied, too: of 70 MiB that takes several times as long as the program's own start.
    """
    if owner is None or os.geteuid() != 0 or owner.uid == 0:
        return list(command), {}
    switcher = _switcher()
    if switcher is None:
        return list(command), {
            "user": owner.uid,
            "group": owner.gid,
            "extra_groups": [owner.gid],
        }
    groups = (f"--reuid={owner.uid}", f"--regid={owner.gid}", f"--groups={owner.gid}")
    return [switcher, *groups, "--", *command], {}


@cache
def _switcher() -> str | None:
    return shutil.which(_SWITCHER, path=_SWITCHER_PLACES)
