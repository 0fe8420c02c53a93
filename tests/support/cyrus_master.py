"""The life of one private server's processes: begin, greet, end."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.support.cyrus_configuration import CyrusFiles
from tests.support.server_processes import (
    Guard,
    end_session,
    processes_of_session,
    signal_session,
    wait_until_gone,
)
from tests.support.syslog_capture import shared_syslog

LOOPBACK = "127.0.0.1"
START_SECONDS = 20.0
STOP_SECONDS = 8.0
_GREETING = re.compile(r"Cyrus IMAP\w* (\S+)")


class ServerDidNotStart(Exception):
    """The server gave no greeting; the text quotes what it said to syslog, and its status."""


class ProcessesLeft(Exception):
    """Processes of the server run on though it was stopped by force."""


class CyrusMaster:
    """The master process of a configured server, and all that it starts."""

    def __init__(self, files: CyrusFiles, port: int, programs: Path) -> None:
        self.files = files
        self.programs = programs
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None

    @property
    def is_running(self) -> bool:
        """Whether the master itself runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> str:
        """Start, wait for the greeting, and return the version that it names.

        Raises:
            ServerDidNotStart: nothing runs then.
        """
        self._process = self._spawn()
        self._guard = Guard(self._process.pid)
        try:
            return self._wait_for_greeting(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all processes, politely, then by force.

        Raises:
            ProcessesLeft: some could not be ended.
        """
        process, self._process = self._process, None
        if process is not None:
            self._forget(end_session(process, STOP_SECONDS))

    def kill(self) -> None:
        """End all processes by SIGKILL.

        Raises:
            ProcessesLeft: some could not be ended.
        """
        process, self._process = self._process, None
        if process is not None:
            signal_session(process.pid, signal.SIGKILL)
            self._forget(wait_until_gone(process, STOP_SECONDS))

    def processes(self) -> tuple[int, ...]:
        """Ids of the processes, ascending; empty when it is stopped."""
        return () if self._process is None else processes_of_session(self._process.pid)

    def _forget(self, left: tuple[int, ...]) -> None:
        if self._guard is not None:
            self._guard.dismiss()
            self._guard = None
        if left:
            raise ProcessesLeft(f"processes {left} run on")

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [str(self.programs / "master"), "-C", str(self.files.imapd_conf)]
        command += ["-M", str(self.files.cyrus_conf), "-p", str(self.files.root / "master.pid")]
        with self.files.master_log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.files.root,
                start_new_session=True,
            )

    def _wait_for_greeting(self, process: subprocess.Popen[bytes]) -> str:
        deadline = time.monotonic() + START_SECONDS
        greeting = ""
        while time.monotonic() < deadline and process.poll() is None:
            greeting = self._read_greeting()
            match = _GREETING.search(greeting)
            if match:
                return match[1]
            time.sleep(0.01)
        raise ServerDidNotStart(self._why_not(process, greeting))

    def _read_greeting(self) -> str:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((LOOPBACK, self.port), timeout=2) as connection,
        ):
            return connection.recv(4096).decode("utf-8", "replace")
        return ""

    def _why_not(self, process: subprocess.Popen[bytes], greeting: str) -> str:
        output = self.files.master_log.read_text("utf-8", "replace").splitlines()[-5:]
        syslog = shared_syslog()
        lines = syslog.lines(self.files.tag)[-10:] or (syslog.why_inactive or "no lines",)
        status = process.poll()
        state = "runs on" if status is None else f"exit status {status} (78: configuration)"
        return "\n".join(
            [
                f"no greeting on port {self.port}; the master: {state}; greeting: {greeting!r}",
                *(f"syslog: {line}" for line in lines),
                *(f"output: {line}" for line in output),
            ]
        )
