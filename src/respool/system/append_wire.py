"""Writing commands on the wire of a session, gathered, and hearing the answers to them."""

from __future__ import annotations

import re
import time
from collections import deque
from typing import Final

from respool.errors import ServerUnreachable
from respool.model.dataclasses import dataclass
from respool.system.imap_connection import Wire, wait_for_any

_GATHERED_OCTETS: Final = 256 << 10
_WAITING_OCTETS: Final = 4 << 20  # to be sent on one connection
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

    ``others`` are all that are used at the same time, this one too: it is put among them.
    Where one takes no more for now, its server is at work, and the others are sent to.
    """

    def __init__(self, wire: Wire, others: list[AppendWire] | None = None) -> None:
        self._wire = wire
        self._gathered = bytearray()
        self._waiting: deque[memoryview] = deque()
        self._all = [self] if others is None else others
        if others is not None:
            others.append(self)

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
        if gathered and len(self._all) > 1:
            self._waiting.append(memoryview(gathered))
            self._send_to_all()
        elif gathered:
            try:
                self._wire.send(gathered)
            except ServerUnreachable as error:
                raise self._explained(error) from error

    def _send_to_all(self) -> None:
        """Send all what they take; wait where this one has too much."""
        while True:
            for each in self._all:
                each.send_some()
            if sum(map(len, self._waiting)) <= _WAITING_OCTETS:
                return
            wait_for_any([each.wire for each in self._all if each.is_behind], None)

    def send_some(self) -> None:
        """Send of what waits as much as goes now.

        Raises:
            ServerUnreachable: the connection is gone; with what the server said last.
        """
        try:
            while self._waiting and (count := self._wire.send_some(self._waiting[0])):
                rest = self._waiting.popleft()[count:]
                if rest:
                    self._waiting.appendleft(rest)
        except ServerUnreachable as error:
            raise self._explained(error) from error

    @property
    def wire(self) -> Wire:
        """The wire itself."""
        return self._wire

    @property
    def is_behind(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._waiting)

    @property
    def has_answer(self) -> bool:
        """Whether an answer, or its beginning, came already."""
        return not self._waiting and self._wire.has_octets()

    def hear(self) -> Answer:
        """The next answer to a command; what the server tells unasked is passed over.

        Raises:
            ServerUnreachable: the connection is gone, or about to go.
        """
        self.flush()
        while True:
            self._wait_for_line(None)
            answer = self._next_line()
            if answer is not None:
                return answer

    def hear_within(self, seconds: float) -> Answer | None:
        """As `hear`; None where no answer comes, and no connection takes octets, for so long.

        What is told unasked is none: Dovecot says every few seconds that it waits for a lock.
        """
        self.flush()
        until = time.monotonic() + seconds
        while self._wait_for_line(max(until - time.monotonic(), 0.01)):
            answer = self._next_line()
            if answer is not None:
                return answer
        return None

    def forget(self) -> None:
        """Send nothing more of what was held back or waits."""
        self._gathered.clear()
        self._waiting.clear()

    def _wait_for_line(self, seconds: float | None) -> bool:
        """Send to all meanwhile. Where nothing is left to send, reading waits just as well."""
        while (behind := [each.wire for each in self._all if each.is_behind]) or seconds:
            reader = None if self._waiting else self._wire
            if reader is not None and reader.has_read_more():
                return True
            is_there = wait_for_any(behind, reader, seconds=seconds)
            if is_there is not False:
                return is_there is True
            for each in self._all:
                each.send_some()
        return True

    def _next_line(self) -> Answer | None:
        """What the next line answers; None where it tells of something else."""
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
        return None

    def _explained(self, error: ServerUnreachable) -> ServerUnreachable:
        is_reset = isinstance(error.__cause__, ConnectionError)  # nothing to wait for then
        return self._last_words(error) if is_reset else error

    def _last_words(self, error: ServerUnreachable) -> ServerUnreachable:
        """Why a server ended the connection while it was sent to, where it said so."""
        try:
            for _ in range(_MOST_LAST_LINES):
                self._next_line()
        except ServerUnreachable as said:
            return said if said.__cause__ is None else error
        return error

    def _line(self) -> bytes:
        line = self._wire.read_line()
        while (literal := _LITERAL.search(line)) is not None:
            line += self._wire.read(int(literal[1])) + b" " + self._wire.read_line()
        return line
