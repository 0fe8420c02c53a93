"""The processes of one private server: all that share the session its master began."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

_GUARD = 'cat >/dev/null; kill -s TERM -- "-$0"; sleep 2; kill -s KILL -- "-$0"'


def processes_of_session(session: int) -> tuple[int, ...]:
    """Ids of the processes of ``session`` that still run (zombies do not), ascending."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            state, _ppid, _pgrp, sid = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(sid) == session and state not in {"Z", "X"}:
                found.append(int(entry.name))
    return tuple(sorted(found))


def signal_session(session: int, number: signal.Signals) -> None:
    """Send a signal to every process of ``session``, and to no other."""
    for process in processes_of_session(session):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def wait_until_gone(master: subprocess.Popen[bytes], timeout_seconds: float) -> tuple[int, ...]:
    """What is left of the session that ``master`` began, when it is empty or time is up."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        exited = master.poll() is not None
        left = processes_of_session(master.pid)
        if (exited and not left) or time.monotonic() > deadline:
            return left
        time.sleep(0.01)


def end_session(master: subprocess.Popen[bytes], patience_seconds: float) -> tuple[int, ...]:
    """End all processes of ``master``'s session, politely, then by force; what is left.

    Only the master is told first, as an administrator would: it tells its children.
    """
    if master.poll() is None:
        master.send_signal(signal.SIGTERM)
    left = wait_until_gone(master, patience_seconds)
    if left:
        signal_session(master.pid, signal.SIGKILL)
        left = wait_until_gone(master, patience_seconds)
    return left


class Guard:
    """Ends a session if this process dies without having done so, even by SIGKILL.

    A small shell waits for the end of a pipe whose other end only this process holds.
    """

    def __init__(self, session: int) -> None:
        """Begin to watch over the process group ``session``."""
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, str(session)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Stop watching, when the session has ended."""
        signal_session(self._shell.pid, signal.SIGKILL)
        self._shell.wait()
        if self._shell.stdin is not None:
            self._shell.stdin.close()
