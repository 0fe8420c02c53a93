"""A real, packaged Dovecot of our own, in a directory of our own.

No container, a fraction of a second to start, any number side by side. It needs root. It is
unpacked, not installed (see tools/unpack_suites.py), and sees of the machine but /tmp.
"""

from __future__ import annotations

import atexit
import contextlib
import signal
import socket
import ssl
import subprocess
import time
import weakref
from pathlib import Path
from typing import Self

from imapclient import IMAPClient

from tests.support.certificates import Certificates, make_certificates
from tests.support.cyrus_configuration import find_free_port
from tests.support.cyrus_master import START_SECONDS, STOP_SECONDS, ProcessesLeft
from tests.support.distribution import DOVECOT
from tests.support.dovecot_configuration import ADMIN, DovecotFiles, DovecotOptions, write_dovecot
from tests.support.server_processes import (
    Guard,
    end_session,
    processes_of_session,
    signal_session,
    wait_until_gone,
)
from tests.support.server_root import check_reachable

PROGRAM = DOVECOT.programs / "dovecot"


class DovecotDidNotStart(Exception):
    """It gave no greeting; the text quotes its log."""


class PrivateDovecot:
    """A Dovecot below ``root`` (see ``server_root``), with ``options``.

    ``port`` is that of IMAP, with STARTTLS offered; ``tls_port`` that of IMAP within TLS.
    Both show a certificate for localhost and 127.0.0.1 of an authority that only
    ``certificates.authority`` names. ``admin`` may log in for any user.
    """

    admin = ADMIN
    host = "127.0.0.1"

    def __init__(
        self, root: Path, options: DovecotOptions | None = None, *, password: str = "secret"
    ) -> None:
        self.files = DovecotFiles(root=root.resolve())
        self.options = options or DovecotOptions()
        self.password = password
        self.port, self.tls_port = find_free_port(), find_free_port()
        self.version = ""
        self.certificates: Certificates = make_certificates(self.files.root / "tls")
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: Guard | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def root(self) -> Path:
        """The directory below which everything of this server lies."""
        return self.files.root

    def start(self) -> None:
        """Bring the server up, and return when it greets. Twice is the same as once.

        Raises:
            DovecotDidNotStart: nothing runs then.
        """
        if self._process is not None:
            return
        check_reachable(self.root)
        write_dovecot(self.files, self.options, self.certificates, (self.port, self.tls_port))
        self._add(self.files.administrators, self.admin)
        self.version = dovecot_version()
        with self.files.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(PROGRAM), "-F", "-c", str(self.files.configuration)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self.root,
                start_new_session=True,
            )
        self._guard = Guard(self._process.pid)
        _STARTED.add(self)
        try:
            self._wait_for_greeting(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End all processes, politely, then by force. Twice is the same as once.

        Raises:
            ProcessesLeft: some could not be ended.
        """
        process, self._process = self._process, None
        if process is not None:
            self._forget(end_session(process, STOP_SECONDS))

    def kill(self) -> None:
        """End all processes at once, as a power cut would; ``start`` brings it up again.

        Raises:
            ProcessesLeft: some could not be ended.
        """
        process, self._process = self._process, None
        if process is not None:
            signal_session(process.pid, signal.SIGKILL)
            self._forget(wait_until_gone(process, STOP_SECONDS))
            (self.root / "run" / "master.pid").unlink(missing_ok=True)

    def restart(self) -> None:
        """Stop, then start, on the same ports."""
        self.stop()
        self.start()

    def processes(self) -> tuple[int, ...]:
        """Ids of the server's processes, ascending; empty when it is stopped."""
        return () if self._process is None else processes_of_session(self._process.pid)

    def create_user(self, login: str) -> None:
        """Let ``login`` log in, with the password of all; his mail is made when he does."""
        self._add(self.files.users, login)

    def client(self) -> IMAPClient:
        """A connection that nobody has logged in on; use it in ``with``."""
        client = IMAPClient(self.host, port=self.port, ssl=False, timeout=60)
        client.normalise_times = False
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def client_as(self, user: str) -> IMAPClient:
        """A connection as ``user``, by the administrator's password."""
        client = self.client()
        client.plain_login(self.admin, self.password, user)
        return client

    def tls_context(self) -> ssl.SSLContext:
        """What trusts this server's authority, and no other."""
        return ssl.create_default_context(cafile=str(self.certificates.authority))

    def run_tool(self, *words: str) -> subprocess.CompletedProcess[str]:
        """What ``doveadm`` said; the status is not checked."""
        return subprocess.run(
            [str(DOVECOT.programs / "doveadm"), "-c", str(self.files.configuration), *words],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )

    def log_lines(self) -> tuple[str, ...]:
        """What it has logged so far."""
        if not self.files.log.exists():
            return ()
        return tuple(self.files.log.read_text("utf-8", "replace").splitlines())

    def error_lines(self) -> tuple[str, ...]:
        """Those of its lines that tell of an error, a panic or a crash."""
        words = (" Error: ", " Fatal: ", " Panic: ")
        return tuple(line for line in self.log_lines() if any(word in line for word in words))

    def _add(self, folder: Path, login: str) -> None:
        """Its file, whole at once."""
        line = f"{login}:{{PLAIN}}{self.password}::::{self.files.home(login)}::\n"
        new = folder.parent / "new-login"
        new.write_text(line, "utf-8")
        new.rename(folder / login)

    def _forget(self, left: tuple[int, ...]) -> None:
        if self._guard is not None:
            self._guard.dismiss()
            self._guard = None
        if left:
            raise ProcessesLeft(f"processes {left} run on")

    def _wait_for_greeting(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((self.host, self.port), timeout=2) as connection,
            ):
                if connection.recv(4096).startswith(b"* OK"):
                    return
            time.sleep(0.01)
        said = "\n".join(self.log_lines()[-10:])
        raise DovecotDidNotStart(f"no greeting on port {self.port}:\n{said}")


def dovecot_version() -> str:
    """The version of the packaged server: ``2.3.19.1``."""
    said = subprocess.run([str(PROGRAM), "--version"], capture_output=True, text=True, check=True)
    return said.stdout.split()[0]


def _stop_all() -> None:
    for server in list(_STARTED):
        with contextlib.suppress(ProcessesLeft):
            server.stop()


_STARTED: weakref.WeakSet[PrivateDovecot] = weakref.WeakSet()
atexit.register(_stop_all)
