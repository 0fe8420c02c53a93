"""Answering a server's password questions, in place of its saslauthd.

Source: cyrus-sasl, saslauthd's protocol: four counted strings (login, password, service,
realm), each a length of two octets and the octets; the answer is one counted string.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import struct
import threading
from pathlib import Path

from respool.system.starting import starting

_MOST_OCTETS = 4096


class PasswordCheck:
    """Answers the server's password questions: only our own, random password is right."""

    def __init__(self, path: Path, password: str) -> None:
        self.password = password
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(path))
        path.chmod(0o666)  # the directory above lets in only root and the server's user
        self._socket.listen(16)
        self._thread = threading.Thread(target=self._serve, name="password-check", daemon=True)
        with starting():
            self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError, ValueError, struct.error):
                connection.settimeout(5.0)
                fields = [_counted(connection) for _ in range(4)]
                right = secrets.compare_digest(fields[1], self.password.encode("ascii"))
                answer = b"OK" if right else b"NO"
                connection.sendall(struct.pack(">H", len(answer)) + answer)


def _counted(connection: socket.socket) -> bytes:
    size = struct.unpack(">H", _exactly(connection, 2))[0]
    if size > _MOST_OCTETS:
        raise ValueError("a login field of unlikely length")
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    octets = b""
    while len(octets) < size:
        piece = connection.recv(size - len(octets))
        if not piece:
            raise ValueError("the question ended early")
        octets += piece
    return octets
