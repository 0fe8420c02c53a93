"""A password check for Cyrus SASL: the saslauthd protocol, with one password for everybody."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

_PATIENCE_SECONDS = 5.0


class PasswordDaemon:
    """Answers at a Unix socket whether a password is the right one, for any login.

    The protocol: a request is four counted strings (login, password, service, realm),
    each a length of two octets, big-endian, and the octets; the answer is one counted
    string that begins with ``OK`` or ``NO``.
    """

    def __init__(self, path: Path, password: str) -> None:
        """Prepare to answer at ``path``; ``start`` begins to."""
        self.path = path
        self._password = password.encode()
        self.opens: Callable[[str, str], bool] = lambda _login, _password: False
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to answer. Twice is the same as once."""
        if self._listener is not None:
            return
        self.path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.path))
        self.path.chmod(0o666)
        listener.listen(64)
        self._listener = listener
        self._thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and remove the socket. Twice is the same as once."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join(timeout=_PATIENCE_SECONDS)
        listener.close()
        self.path.unlink(missing_ok=True)

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError, EOFError):
                connection.settimeout(_PATIENCE_SECONDS)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        login, password, _service, realm = (_read_counted(connection) for _ in range(4))
        whole = login if b"@" in login or not realm else login + b"@" + realm
        is_right = password == self._password or self.opens(whole.decode(), password.decode())
        answer = b"OK" if is_right else b"NO wrong password"
        connection.sendall(len(answer).to_bytes(2, "big") + answer)


def _read_counted(connection: socket.socket) -> bytes:
    length = int.from_bytes(_read_exactly(connection, 2), "big")
    return _read_exactly(connection, length)


def _read_exactly(connection: socket.socket, length: int) -> bytes:
    octets = b""
    while len(octets) < length:
        more = connection.recv(length - len(octets))
        if not more:
            raise EOFError
        octets += more
    return octets
