"""Writing commands on the wire of a session, gathered, and hearing the answers to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from respool.errors import ServerUnreachable
from respool.system.imap_connection import Wire
from respool.system.octet_sender import OctetSender

_GATHERED_OCTETS: Final = 256 << 10
_MOST_LAST_LINES: Final = 100
_LITERAL: Final = re.compile(rb"\{(\d{1,10})\}$")
_BYE: Final = re.compile(rb"\* BYE\b ?(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A tagged answer; where ``tag`` is empty, the server asks for a literal."""

    tag: bytes
    status: bytes = b""
    text: bytes = b""


class AppendWire:
    """The wire, with what was not sent yet; nothing is held back when an answer is heard.

    Where it ``is_one_of_several``, nobody waits until the server takes what is sent: it may
    wait for its disk, and so may others for theirs.
    """

    def __init__(self, wire: Wire, *, is_one_of_several: bool = False) -> None:
        self._wire = wire
        self._gathered = bytearray()
        self._sender = OctetSender.started(wire.send) if is_one_of_several else None

    def new_tag(self) -> bytes:
        """A tag that no command of this connection had."""
        return self._wire.new_tag()

    def put(self, octets: bytes) -> None:
        """Send ``octets``, soon.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        self._gathered += octets
        if len(self._gathered) >= _GATHERED_OCTETS:
            self.flush()

    def flush(self) -> None:
        """Send what was held back.

        Raises:
            ServerUnreachable: the connection is gone; with what the server said last.
        """
        gathered, self._gathered = self._gathered, bytearray()
        if not gathered:
            return
        try:
            if self._sender is None:
                self._wire.send(gathered)
            else:
                self._sender.give(gathered)
        except ServerUnreachable as error:
            raise self._explained(error) from error

    def hear(self) -> Answer:
        """The next answer to a command; what the server tells unasked is passed over.

        Raises:
            ServerUnreachable: the connection is gone, or about to go.
        """
        self.flush()
        if self._sender is not None:
            try:
                self._sender.wait()
            except ServerUnreachable as error:
                raise self._explained(error) from error
        return self._next()

    def cut(self) -> None:
        """End the connection at once: what was sent of a command has no effect then."""
        self._wire.stop()
        self.close()
        self._wire.cut()

    def close(self) -> None:
        """Send nothing more; the connection goes with what could not be sent."""
        if self._sender is None:
            return
        if not self._sender.is_idle:
            self._wire.stop()
        self._sender.end()

    def _next(self) -> Answer:
        while True:
            line = self._line()
            if line.startswith(b"+"):
                return Answer(tag=b"")
            if not line.startswith(b"*"):
                tag, _, rest = line.partition(b" ")
                status, _, text = rest.partition(b" ")
                return Answer(tag=tag, status=status, text=text)
            bye = _BYE.match(line)
            if bye is not None:
                raise self._wire.gone(bye[1].decode("utf-8", "replace") or "it said BYE")

    def _explained(self, error: ServerUnreachable) -> ServerUnreachable:
        is_reset = isinstance(error.__cause__, ConnectionError)  # nothing to wait for then
        return self._last_words(error) if is_reset else error

    def _last_words(self, error: ServerUnreachable) -> ServerUnreachable:
        """Why a server ended the connection while it was sent to, where it said so."""
        try:
            for _ in range(_MOST_LAST_LINES):
                self._next()
        except ServerUnreachable as said:
            return said if said.__cause__ is None else error
        return error

    def _line(self) -> bytes:
        line = self._wire.read_line()
        while (literal := _LITERAL.search(line)) is not None:
            line += self._wire.read(int(literal[1])) + b" " + self._wire.read_line()
        return line
