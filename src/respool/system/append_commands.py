"""APPEND on the wire: messages gathered into commands, and the answers to these."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from typing import Final

from respool.errors import ServerUnreachable
from respool.model.dataclasses import dataclass
from respool.system.append_abilities import AppendAbilities
from respool.system.append_answers import AppendAnswer, parse_append_answer
from respool.system.append_item import append_item, is_sendable_flag
from respool.system.append_values import Body, MessageToAppend
from respool.system.append_wire import Answer, AppendWire
from respool.system.imap import quoted
from respool.system.imap_connection import TakesOneAtATime, Wire
from respool.system.message_files import SourceDiffers

HELD_OCTETS: Final = 1 << 20  # longer messages are never in memory as a whole
PIECE_OCTETS: Final = 1 << 20

_GROUP_OCTETS: Final = 4 << 20
_LINE_OCTETS: Final = 8000  # RFC 7162, section 4: 8192 with what is around it
_DATE_AND_SIZE_OCTETS: Final = 64
_MOST_SECONDS_BESIDE: Final = 30.0  # for one answer; Dovecot waits 300 for the lock of an mbox


@dataclass(slots=True, kw_only=True, eq=False)
class AppendCommand:
    """One APPEND: its messages with the flags that each goes without, its size so far.

    ``is_trial``: the one message of it is suspected to be what the server does not take.
    """

    tag: bytes
    wire: AppendWire
    is_trial: bool
    messages: list[tuple[MessageToAppend, tuple[str, ...]]] = field(default_factory=list)
    octets: int = 0
    line_octets: int = 0
    answer: AppendAnswer | None = None


class AppendCommands:
    """Commands to one mailbox: at most one is being written, others wait for their answers.

    Over several connections they go by turns: the server takes the messages of all at once, and
    waits for its disk for all at once. The line of a command ends, and its messages get their
    UIDs, only once the one before is answered: so they come in their order. A server that locks
    the mailbox as soon as a command begins may never answer that one, then: `_free_oldest`.
    ``settled`` is called with each command and its answer, once that is heard.
    """

    def __init__(
        self,
        connections: Sequence[Wire],
        mailbox: str,
        abilities: AppendAbilities,
        settled: Callable[[AppendCommand, AppendAnswer], None],
    ) -> None:
        self._connections = connections
        self._mailbox = mailbox
        self._abilities = abilities
        self._settled = settled
        wires: list[AppendWire] = []
        for each in connections:
            AppendWire(each, wires)
        self._wires = deque(wires)  # that of the next command first
        self._written: AppendCommand | None = None
        self._held: deque[AppendCommand] = deque()  # written, but for the end of their lines
        self._waiting: deque[AppendCommand] = deque()

    def join(self, message: MessageToAppend, body: Body) -> None:
        """Send a message, with others where it may, and hear what the server says meanwhile.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        while self._held and self._waiting[0].wire.has_answer:
            self._go_on()  # what is held may end
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
            wire = self._free_wire()
            command = AppendCommand(tag=wire.new_tag(), wire=wire, is_trial=is_trial)
            self._written = command
            item = b"%s APPEND %s%s" % (command.tag, quoted(self._mailbox).encode("ascii"), item)
        is_at_once = body.size_bytes <= self._abilities.at_once_octets
        mark = b"~" if body.has_nul else b""
        item += b" %s{%d%s}\r\n" % (mark, body.size_bytes, b"+" if is_at_once else b"")
        command.messages.append(
            (message, tuple(flag for flag in message.flags if flag not in sent))
        )
        command.octets += body.size_bytes
        command.line_octets += len(item)
        command.wire.put(item)
        if is_at_once or self._may_go_on(command):
            if held is not None:
                command.wire.put(held)
            else:
                self._stream(command.wire, message, body)
        return command

    def _stream(self, wire: AppendWire, message: MessageToAppend, body: Body) -> None:
        size = 0
        for piece in self._pieces(message, body):
            size += len(piece)
            if size > body.size_bytes:
                break
            wire.put(piece)
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
        self.cut()
        return self._connections[0].gone(f"it was cut within message {message.uid}: {why}")

    def _may_go_on(self, command: AppendCommand) -> bool:
        """Wait until the server asks for the literal; False where it refuses instead."""
        while command.answer is None:
            if self._hear(command.wire):
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
        if len(self._wires) > 1:
            self._held.append(command)
            command.wire.flush()
            if not self._waiting:
                self._end_held()
            return
        self._end(command)
        while len(self._waiting) > self._abilities.commands_ahead:
            self._hear_oldest()

    def drain(self) -> None:
        """End the command that is written, and hear the answers to all.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        self.end()
        while self._waiting or self._held:
            self._go_on()

    def cut(self) -> None:
        """End every connection at once: what was not ended of a command has no effect."""
        for each in self._connections:
            each.cut()

    def _free_wire(self) -> AppendWire:
        """That of the next command; of several connections one with none under way."""
        wire = self._wires[0]
        self._wires.rotate(-1)
        if len(self._wires) > 1:
            while any(each.wire is wire for each in (*self._waiting, *self._held)):
                self._go_on()
        return wire

    def _go_on(self) -> None:
        """Hear the oldest answer that is to come, and end what may end then."""
        if self._waiting:
            self._hear_oldest()
        if self._held and not self._waiting:
            self._end_held()

    def _end_held(self) -> None:
        self._end(self._held.popleft())

    def _end(self, command: AppendCommand) -> None:
        self._waiting.append(command)
        command.wire.put(b"\r\n")
        if self._abilities.most_messages > 1:
            command.wire.flush()

    def _hear_oldest(self) -> None:
        oldest = self._waiting[0].wire
        if not self._held and (self._written is None or len(self._wires) == 1):
            self._hear(oldest)
            return
        said = oldest.hear_within(_MOST_SECONDS_BESIDE)
        if said is None:
            self._free_oldest(oldest)
        else:
            self._act_on(oldest, said)

    def _free_oldest(self, oldest: AppendWire) -> None:
        """Cut all connections but that of the command that is waited for, and hear its answer.

        What it may wait for is a lock that the server gave to a later command: with mbox,
        Dovecot's saving locks the folder from its first message to its end (src/lib-storage/
        index/mbox/mbox-save.c, mbox_save_begin). Those cut have no effect: they were not ended.

        Raises:
            TakesOneAtATime: always, unless the connection is gone before.
        """
        for each in self._wires:
            if each is not oldest:
                each.forget()
                each.wire.cut()
        self._held.clear()
        self._written = None
        self._hear(oldest)
        why = "it answered one connection only once the others of ours had ended"
        raise TakesOneAtATime("the server takes mail over one connection at a time", why=why)

    def _hear(self, wire: AppendWire) -> bool:
        """Hear one answer, and act on it; True where the server asks for a literal."""
        return self._act_on(wire, wire.hear())

    def _act_on(self, wire: AppendWire, said: Answer) -> bool:
        if not said.tag:
            return True
        command = self._taken(wire, said.tag)
        count = len(command.messages)
        command.answer = parse_append_answer(said.status, said.text, count=count)
        self._settled(command, command.answer)
        return False

    def _taken(self, wire: AppendWire, tag: bytes) -> AppendCommand:
        """The command that is answered; it is neither written nor waited for any more."""
        for each in (*self._waiting, *self._held, self._written):
            if each is not None and each.wire is wire and each.tag == tag:
                if each is self._written:
                    self._written = None
                elif each in self._held:
                    self._held.remove(each)
                else:
                    self._waiting.remove(each)
                return each
        raise self._connections[0].gone("it answers what nobody asked")


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
