"""APPEND on the wire: messages gathered into commands, and the answers to these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from respool.errors import ServerUnreachable
from respool.system.append_abilities import AppendAbilities
from respool.system.append_answers import AppendAnswer, parse_append_answer
from respool.system.append_item import append_item, is_sendable_flag
from respool.system.append_values import Body, MessageToAppend
from respool.system.append_wire import AppendWire
from respool.system.imap import quoted
from respool.system.imap_connection import Wire
from respool.system.message_files import SourceDiffers

HELD_OCTETS: Final = 1 << 20  # longer messages are never in memory as a whole
PIECE_OCTETS: Final = 1 << 20

_GROUP_OCTETS: Final = 4 << 20
_LINE_OCTETS: Final = 8000  # RFC 7162, section 4: 8192 with what is around it
_DATE_AND_SIZE_OCTETS: Final = 64


@dataclass(slots=True, kw_only=True)
class AppendCommand:
    """One APPEND: its messages with the flags that each goes without, its size so far.

    ``is_trial``: the one message of it is suspected to be what the server does not take.
    """

    tag: bytes
    is_trial: bool
    messages: list[tuple[MessageToAppend, tuple[str, ...]]] = field(default_factory=list)
    octets: int = 0
    line_octets: int = 0
    answer: AppendAnswer | None = None


class AppendCommands:
    """Commands to one mailbox: at most one is being written, others wait for their answers.

    ``settled`` is called with each command and its answer, once that is heard.
    """

    def __init__(
        self,
        wire: Wire,
        mailbox: str,
        abilities: AppendAbilities,
        settled: Callable[[AppendCommand, AppendAnswer], None],
    ) -> None:
        self._connection = wire
        self._mailbox = mailbox
        self._abilities = abilities
        self._settled = settled
        self._wire = AppendWire(wire)
        self._written: AppendCommand | None = None
        self._waiting: dict[bytes, AppendCommand] = {}

    def join(self, message: MessageToAppend, body: Body) -> None:
        """Send a message, with others where it may, and hear what the server says meanwhile.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        size = body.size_bytes
        is_alone = size > HELD_OCTETS or size == 0 or body.has_nul  # none of 0: RFC 3502
        if self._written is not None and (is_alone or not self._fits(size, message)):
            self.end()
        if size > HELD_OCTETS:
            self.drain()  # should its file fail, the connection goes, and nothing with it
        self.write(message, body, message.flags)
        if is_alone or self._abilities.most_messages == 1:
            self.end()

    def _fits(self, size: int, message: MessageToAppend) -> bool:
        command = self._written
        line_octets = sum(len(flag) + 1 for flag in message.flags) + _DATE_AND_SIZE_OCTETS
        return command is not None and (
            len(command.messages) < self._abilities.most_messages
            and command.octets + size <= _GROUP_OCTETS
            and command.line_octets + line_octets <= _LINE_OCTETS
        )

    def write(
        self,
        message: MessageToAppend,
        body: Body,
        flags: tuple[str, ...],
        *,
        is_trial: bool = False,
    ) -> AppendCommand:
        """Put a message into the command that is written, or begin one with it.

        Raises:
            SourceDiffers: a short body has other octets than it says; nothing was sent.
            ServerUnreachable: the connection is gone, or was cut because a long body
                could not be read to its end.
        """
        held = _all_of(message, body) if body.size_bytes <= HELD_OCTETS else None
        sent = tuple(filter(is_sendable_flag, flags))
        item = append_item(sent, message.internaldate)
        command = self._written
        if command is None:
            command = self._written = AppendCommand(tag=self._wire.new_tag(), is_trial=is_trial)
            item = b"%s APPEND %s%s" % (command.tag, quoted(self._mailbox).encode("ascii"), item)
        is_at_once = body.size_bytes <= self._abilities.at_once_octets
        mark = b"~" if body.has_nul else b""
        item += b" %s{%d%s}\r\n" % (mark, body.size_bytes, b"+" if is_at_once else b"")
        command.messages.append(
            (message, tuple(flag for flag in message.flags if flag not in sent))
        )
        command.octets += body.size_bytes
        command.line_octets += len(item)
        self._wire.put(item)
        if is_at_once or self._may_go_on(command):
            if held is not None:
                self._wire.put(held)
            else:
                self._stream(message, body)
        return command

    def _stream(self, message: MessageToAppend, body: Body) -> None:
        size = 0
        for piece in self._pieces(message, body):
            size += len(piece)
            if size > body.size_bytes:
                break
            self._wire.put(piece)
        if size != body.size_bytes:
            raise self._unfinished(message, _differs(message, body))

    def _pieces(self, message: MessageToAppend, body: Body) -> Iterator[bytes]:
        while True:
            try:
                piece = body.read(PIECE_OCTETS)
            except Exception as error:
                raise self._unfinished(message, error) from error
            if not piece:
                return
            yield piece

    def _unfinished(self, message: MessageToAppend, why: Exception) -> ServerUnreachable:
        """Only without a connection a message that was begun has no effect."""
        self._connection.cut()
        return self._connection.gone(f"it was cut within message {message.uid}: {why}")

    def _may_go_on(self, command: AppendCommand) -> bool:
        """Wait until the server asks for the literal; False where it refuses instead."""
        while command.answer is None:
            if self._hear():
                return True
        return False

    def end(self) -> None:
        """End the command that is written, and hear answers until few enough are to come.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        command, self._written = self._written, None
        if command is None:
            return
        self._waiting[command.tag] = command
        self._wire.put(b"\r\n")
        if self._abilities.most_messages > 1:
            self._wire.flush()
        while len(self._waiting) > self._abilities.commands_ahead:
            self._hear()

    def drain(self) -> None:
        """End the command that is written, and hear the answers to all.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        self.end()
        while self._waiting:
            self._hear()

    def _hear(self) -> bool:
        """Hear one answer, and act on it; True where the server asks for a literal."""
        said = self._wire.hear()
        if not said.tag:
            return True
        command = self._waiting.pop(said.tag, None)
        if command is None:
            command, self._written = self._written, None
        if command is None or command.tag != said.tag:
            raise self._connection.gone("it answers what nobody asked")
        count = len(command.messages)
        command.answer = parse_append_answer(said.status, said.text, count=count)
        self._settled(command, command.answer)
        return False


def _all_of(message: MessageToAppend, body: Body) -> bytes:
    """Every octet of a short message, before the first is sent."""
    held = b""
    while len(held) <= body.size_bytes and (piece := body.read(PIECE_OCTETS)):
        held += piece
    if len(held) != body.size_bytes:
        raise _differs(message, body)
    return held


def _differs(message: MessageToAppend, body: Body) -> SourceDiffers:
    text = f"message {message.uid} no longer has its {body.size_bytes} octets"
    return SourceDiffers("size-differs", text)
