"""A proxy on loopback that cuts an IMAP connection at a command of one's choice."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Final, Self

_LITERAL: Final = re.compile(rb"\{(\d+)[+-]?\}\r\n$")
_PIECE: Final = 64 << 10


class Where(StrEnum):
    """How far the command came at which the connection is cut."""

    BEFORE = "before"  # nothing of it was sent
    WITHIN = "within"  # half of its first literal was sent, or half of its only line
    UNANSWERED = "unanswered"  # the server did it, and nobody heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Cut at the command of that number, counted from 1 over all connections."""

    at: int
    where: Where


class _Done(Exception):
    """Nothing more is passed on."""


class CuttingProxy:
    """Passes on what clients and the server at ``port_behind`` say, until ``cut``, once.

    After that, and without ``cut``, it only counts: ``commands`` are the names of all, in
    order. Plain connections only.
    """

    host = "127.0.0.1"

    def __init__(self, port_behind: int, cut: Cut | None = None) -> None:
        self.cut = cut
        self.is_cut = False
        self.commands: list[str] = []
        self._port_behind = port_behind
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self.start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        for each in (self._listener, *self._sockets):
            each.close()

    def start(self, work: Callable[[], None]) -> None:
        """Do ``work`` beside."""
        thread = threading.Thread(target=work, name="cutting-proxy", daemon=True)
        self._threads.append(thread)
        thread.start()

    def count(self, name: str) -> Where | None:
        """Count a command; where it is to be cut, if it is."""
        with self._lock:
            self.commands.append(name)
            if self.cut is None or self.is_cut or len(self.commands) != self.cut.at:
                return None
            self.is_cut = True
            return self.cut.where

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection((self.host, self._port_behind))
            except OSError:
                client.close()
                continue
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets += [client, server]
            passing = _Passing(self, client, server)
            self.start(passing.of_client)
            self.start(passing.of_server)


class _Passing:
    """One client and its connection to the server."""

    def __init__(self, proxy: CuttingProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._unheard: bytes | None = None  # the tag whose answer nobody hears

    def of_client(self) -> None:
        """Pass on commands, one after the other."""
        with suppress(OSError, _Done), self._client.makefile("rb") as stream:
            while True:
                self._one_command(stream)
        if self._unheard is None:
            self._end()

    def of_server(self) -> None:
        """Pass on answers, until the one that nobody hears."""
        with suppress(OSError), self._server.makefile("rb") as stream:
            while line := stream.readline():
                if self._unheard is not None and line.startswith(self._unheard + b" "):
                    break
                self._client.sendall(line)
                found = _LITERAL.search(line)
                if found is not None:
                    self._client.sendall(stream.read(int(found[1])))
        self._end()

    def _one_command(self, stream: BinaryIO) -> None:
        line = _line(stream)
        tag, _, rest = line.partition(b" ")
        name = rest.split(None, 1)[0].decode("ascii", "replace").upper()
        where = self._proxy.count(name)
        if where is Where.BEFORE:
            raise _Done
        if where is Where.UNANSWERED:
            self._unheard = tag
        self._pass_on(stream, line, is_cut_within=where is Where.WITHIN)
        if name == "AUTHENTICATE":
            self._server.sendall(_line(stream))
        while name == "IDLE":
            line = _line(stream)
            self._server.sendall(line)
            if line.strip().upper() == b"DONE":
                break
        if where is Where.UNANSWERED:
            raise _Done

    def _pass_on(self, stream: BinaryIO, line: bytes, *, is_cut_within: bool) -> None:
        is_first = True
        while (found := _LITERAL.search(line)) is not None:
            is_first = False
            self._server.sendall(line)
            size = int(found[1])
            if is_cut_within:
                self._server.sendall(stream.read(size // 2))
                raise _Done
            while size:
                piece = stream.read(min(size, _PIECE))
                if not piece:
                    raise _Done
                self._server.sendall(piece)
                size -= len(piece)
            line = _line(stream)
        if is_cut_within and is_first:
            self._server.sendall(line[: len(line) // 2])
            raise _Done
        self._server.sendall(line)

    def _end(self) -> None:
        for each in (self._client, self._server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise _Done
    return line
