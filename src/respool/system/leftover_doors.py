"""What the private doors of commands that were killed have left: ended by the next command.

The house of a door holds a lock that dies with the command that opened it. The processes
of a door are known by the path of its house in their command lines: a command can be
killed before its master has written down who it is.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from respool.cyrus.imapd_conf import ServerConfiguration
from respool.errors import RespoolError
from respool.system.configuration import read_configuration
from respool.system.locks import try_to_hold, waiting_for

RUNTIME_DIRECTORY: Final = Path("/run/respool")
PREFIX: Final = "door-"
LOCK: Final = "lock"  # held by the command that opened the door, for as long as it lives
_POLITELY_SECONDS: Final = 4.0
_STEP_SECONDS: Final = 0.01


def close_leftover_doors(runtime: Path = RUNTIME_DIRECTORY) -> int:
    """End the doors whose command is gone; how many there were."""
    if not runtime.is_dir():
        return 0
    ended = 0
    with waiting_for(runtime):
        for house in sorted(runtime.glob(f"{PREFIX}*")):
            try:
                lock = try_to_hold(house / LOCK)
            except FileNotFoundError:
                continue  # its command has just removed it
            if lock is None:
                continue  # the command that opened it still runs
            _end(house)
            remove_house(house, _configuration(house))
            os.close(lock)
            ended += 1
    return ended


def service_of(house: Path) -> str:
    """The name of a door's service in its ``cyrus.conf``.

    The server locks ``<configdirectory>/socket/<service>-<n>.lock``: it never shares a name.
    """
    return "respool" + house.name.removeprefix(PREFIX).replace("-", "")


def remove_house(house: Path, configuration: ServerConfiguration | None) -> None:
    """Remove a door's directory, and the server's locks of its service."""
    if configuration is not None:
        configured = Path(configuration.configdirectory)
        for sockets in (configured / "socket", Path("/run/cyrus/socket")):
            for lock in sockets.glob(f"{service_of(house)}-*.lock"):
                lock.unlink(missing_ok=True)
    shutil.rmtree(house, ignore_errors=True)


def _configuration(house: Path) -> ServerConfiguration | None:
    """That of the server whose door it is; None where it was killed before it wrote it."""
    with contextlib.suppress(RespoolError, OSError):
        return read_configuration(house / "imapd.conf")
    return None


def wait_until_grown(master: int) -> None:
    """Until each process of the door knows how to end: else the mail log has an error line.

    (A session that ends while the next one begins makes master start one too many.)
    """
    catches_sigterm = 1 << (signal.SIGTERM - 1)
    until = time.monotonic() + 1.0
    with contextlib.suppress(OSError, StopIteration):
        for child in Path(f"/proc/{master}/task/{master}/children").read_text().split():
            while time.monotonic() < until:
                lines = Path(f"/proc/{child}/status").read_text().splitlines()
                caught = next(line for line in lines if line.startswith("SigCgt:"))
                if int(caught.split()[1], 16) & catches_sigterm:
                    break
                time.sleep(0.005)


def _end(house: Path) -> None:
    """End every process of a door: its master, who ends the others; by force after a while."""
    until = time.monotonic() + _POLITELY_SECONDS
    sessions: set[int] = set()
    told: set[int] = set()
    while left := _processes_of(house, sessions):
        is_patient = time.monotonic() < until
        masters = left & sessions
        for process in ((masters or left) - told) if is_patient else left:
            if process in masters:
                wait_until_grown(process)
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM if is_patient else signal.SIGKILL)
            told.add(process)
        if time.monotonic() > until + _POLITELY_SECONDS:
            return
        time.sleep(_STEP_SECONDS)


def _processes_of(house: Path, sessions: set[int]) -> frozenset[int]:
    """All of the session that the door's master began, whose number is his own.

    It goes into ``sessions``, since a process that is just about to become another program
    has no command line. Where the master is gone, it is known by those that he has left;
    a person's own program on the door's configuration is in another session.
    """
    running = dict(_running())
    mark = b"-C\0" + os.fsencode(house / "imapd.conf") + b"\0"
    for process, session in running.items():
        if process == session or session not in running:
            with contextlib.suppress(OSError):
                if mark in Path(f"/proc/{process}/cmdline").read_bytes():
                    sessions.add(session)
    return frozenset(process for process, session in running.items() if session in sessions)


def _running() -> Iterator[tuple[int, int]]:
    """Every process that has not ended, and its session.

    Source: proc(5), ``/proc/pid/stat``: the state is the third field, the session the sixth.
    """
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                if fields[0] not in {b"Z", b"X"}:
                    yield int(entry.name), int(fields[3])
