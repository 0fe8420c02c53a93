"""The HTTP side of the stand-in core: one thread for each connection, plain or TLS."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tests.support.bluemind_core.json_values import Json
from tests.support.certificates import Certificates

HOST: Final = "127.0.0.1"
API: Final = "/api"
_KEY_HEADER: Final = "X-BM-ApiKey"
_PIECE: Final = b'["no end", ' + b'"...", ' * 8192
_POLL_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What came: ``raw_path`` is below ``/api``, still escaped, with its query."""

    method: str
    raw_path: str
    key: str | None
    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What goes. ``is_cut``: half of it. ``swells_to``: so many octets. ``is_lost``: nothing."""

    status: int
    octets: bytes = b""
    is_cut: bool = False
    is_lost: bool = False
    swells_to: int = 0
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(status: int, body: Json) -> HttpAnswer:
    """An answer in JSON; ``status`` 204 has no body."""
    octets = b"" if status == 204 else json.dumps(body, ensure_ascii=False).encode()
    return HttpAnswer(status=status, octets=octets)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "stand-in-for-BlueMind"
    timeout = 30
    disable_nagle_algorithm = True
    server: Listener

    def setup(self) -> None:
        if self.server.context is not None:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.server.connections.add(self.request)
        super().setup()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        self.server.connections.discard(self.request)
        self.request.close()

    def _any(self) -> None:
        octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = HttpRequest(
            method=self.command,
            raw_path=self.path.removeprefix(API) if self.path.startswith(f"{API}/") else "",
            key=self.headers.get(_KEY_HEADER),
            octets=octets,
        )
        self._send(self.server.answer(request))

    do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815 - names of the library

    def _send(self, answer: HttpAnswer) -> None:
        if answer.is_lost or answer.is_cut or answer.swells_to:
            self.close_connection = True
        if answer.is_lost:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(answer.swells_to or len(answer.octets)))
        self.end_headers()
        if answer.swells_to:
            self._swell(answer.swells_to)
        else:
            end = len(answer.octets) // 2 if answer.is_cut else None
            self.wfile.write(answer.octets[:end])

    def _swell(self, octets: int) -> None:
        sent = 0
        with suppress(OSError):
            while sent < octets and not self.server.is_ending.is_set():
                sent += self.wfile.write(_PIECE)

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the library's own signature
        """Nothing is printed: a path may name people."""


class Listener(ThreadingHTTPServer):
    """Listens until it is closed; ``answer`` says what a request is answered with."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self,
        answer: Callable[[HttpRequest], HttpAnswer],
        port: int = 0,
        certificates: Certificates | None = None,
    ) -> None:
        self.answer = answer
        self.connections: set[socket.socket] = set()
        self.is_ending = threading.Event()
        self.context: ssl.SSLContext | None = None
        if certificates is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificates.chain, certificates.key)
        super().__init__((HOST, port), _Handler)
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_POLL_SECONDS,), name="stand-in-core", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def close(self) -> None:
        """Listen no more, and end each connection in the middle of whatever it is in."""
        self.is_ending.set()
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=10)

    def handle_error(self, *_: Any) -> None:  # noqa: ANN401 - the library's own signature
        """A client that goes away, or wants another TLS, is no matter of ours."""
