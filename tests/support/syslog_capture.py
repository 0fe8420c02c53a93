"""Collects what servers write to syslog, so that a test can look at it."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import socket
import stat
import threading
import time
from functools import cache
from pathlib import Path

SYSLOG_SOCKET = Path("/dev/log")
RECORD_VARIABLE = "RESPOOL_TEST_SYSLOG"
ERROR_LINE = re.compile(
    r"\b(?:IO|DB|SYNC)?ERROR\b|\bFatal\b|\bfatal error\b|core dumped"
    r"|signaled to death(?! by signal 15\b)"  # 15 is a stop, met by a process just begun
    r"|\bcrashed\b|invalid cyrus|assertion failed"
)
_CATCH_UP_SECONDS = 2.0
_SEVERITY = re.compile(r"^<(\d+)>")


class SyslogCapture:
    """The lines sent to the machine's syslog socket while this is open.

    Where another program listens at the socket, nothing is taken from it: ``is_active``
    is False, ``why_inactive`` says so, and there are no lines. A socket file that nobody
    listens at is replaced.
    """

    def __init__(self, path: Path = SYSLOG_SOCKET, record: Path | None = None) -> None:
        """Prepare a capture at ``path``; ``open`` starts it. ``record`` gets each line, too."""
        self.path = path
        self.record = record
        self.why_inactive = "not opened"
        self._lines: list[str] = []
        self._changed = threading.Lock()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    @property
    def is_active(self) -> bool:
        """Whether lines are being collected."""
        return self._socket is not None

    def open(self) -> SyslogCapture:
        """Listen at the socket, unless somebody else does. Twice is the same as once."""
        if self.is_active:
            return self
        if _somebody_listens(self.path):
            self.why_inactive = f"another program listens at {self.path}"
            return self
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self.path.unlink(missing_ok=True)
            listener.bind(str(self.path))
            self.path.chmod(0o666)
        except OSError as error:
            listener.close()
            self.why_inactive = f"cannot listen at {self.path}: {error}"
            return self
        self._socket, self.why_inactive = listener, ""
        self._thread = threading.Thread(target=self._collect, args=(listener,), daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop listening and remove the socket. Twice is the same as once."""
        listener, self._socket = self._socket, None
        if listener is None:
            return
        self.why_inactive = "closed"
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join(timeout=5)
        listener.close()
        self.path.unlink(missing_ok=True)

    def lines(self, tag: str = "") -> tuple[str, ...]:
        """The lines so far that hold ``tag``, oldest first, each with its ``<priority>``.

        All that was sent before this call is in.
        """
        self._catch_up()
        with self._changed:
            return tuple(line for line in self._lines if tag in line)

    def error_lines(self, tag: str = "") -> tuple[str, ...]:
        """Those of ``lines(tag)`` that tell of an error, a crash or worse."""
        return tuple(line for line in self.lines(tag) if is_error_line(line))

    def _catch_up(self) -> None:
        if not self.is_active:
            return
        mark = send_mark(self.path)
        deadline = time.monotonic() + _CATCH_UP_SECONDS
        while time.monotonic() < deadline:
            with self._changed:
                if mark in self._lines:
                    self._lines.remove(mark)
                    return
            time.sleep(0.001)

    def _collect(self, listener: socket.socket) -> None:
        while True:
            try:
                octets = listener.recv(65536)
            except OSError:
                return
            if not octets and self._socket is None:
                return
            line = octets.decode("utf-8", "replace").rstrip("\0\n")
            with self._changed:
                self._lines.append(line)
            if self.record is not None:
                with self.record.open("a", encoding="utf-8") as record:
                    record.write(line.replace("\n", " ") + "\n")


class FollowedSyslog(SyslogCapture):
    """What another process of the same test run captures and writes to ``record``."""

    def __init__(self, record: Path) -> None:
        super().__init__(record=record)
        self.why_inactive = ""

    @property
    def is_active(self) -> bool:
        """Whether lines are being collected: from the beginning."""
        return True

    def open(self) -> SyslogCapture:
        """Nothing is to be done."""
        return self

    def close(self) -> None:
        """Nothing is to be done."""

    def lines(self, tag: str = "") -> tuple[str, ...]:
        """As in the capture that is followed."""
        self._catch_up()
        return tuple(line for line in self._read() if tag in line)

    def _catch_up(self) -> None:
        mark = send_mark(self.path)
        deadline = time.monotonic() + _CATCH_UP_SECONDS
        while mark not in self._read() and time.monotonic() < deadline:
            time.sleep(0.001)

    def _read(self) -> list[str]:
        assert self.record is not None
        return self.record.read_text("utf-8").splitlines() if self.record.exists() else []


def send_mark(path: Path) -> str:
    """Send a line that nobody else sends to a syslog socket; the line."""
    mark = f"mark {os.urandom(8).hex()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(mark.encode(), str(path))
    return mark


def is_error_line(line: str) -> bool:
    """Whether a syslog line, with its ``<priority>``, tells of an error.

    Either by its words, or by a severity of critical and above. Severity "error" alone
    is not enough: Cyrus uses it for a client that went away.
    """
    priority = _SEVERITY.match(line)
    if priority is not None and int(priority[1]) % 8 <= 2:
        return True
    return ERROR_LINE.search(line) is not None


@cache
def shared_syslog() -> SyslogCapture:
    """The one capture of this process, opened at first use and closed at its end.

    Where a test run has several processes, one captures and the others follow it.
    """
    record = os.environ.get(RECORD_VARIABLE)
    capture = SyslogCapture() if record is None else FollowedSyslog(Path(record))
    atexit.register(capture.close)
    return capture.open()


def capture_for_workers(record: Path) -> None:
    """Capture in this process, and let the processes that it starts follow.

    Where that cannot be done, each is on its own: one at most will capture.
    """
    capture = SyslogCapture(record=record).open()
    if capture.is_active:
        atexit.register(capture.close)
        os.environ[RECORD_VARIABLE] = str(record)


def _somebody_listens(path: Path) -> bool:
    try:
        if not stat.S_ISSOCK(path.stat().st_mode):
            return True
    except FileNotFoundError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
    return True
