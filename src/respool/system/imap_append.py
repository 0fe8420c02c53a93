"""Appending many messages to one mailbox of any server, as fast as it can take them.

The octets go as they are: nothing of a message is altered to make it acceptable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from respool.errors import OverQuota, ServerSaidNo, ServerUnreachable, TargetError
from respool.system.append_abilities import AppendAbilities, append_abilities
from respool.system.append_answers import AppendAnswer, Outcome, parse_append_answer
from respool.system.append_item import append_item, is_sendable_flag, is_system_flag
from respool.system.append_values import Appended, AppendResult, Body, MessageToAppend, Refused
from respool.system.append_wire import AppendWire
from respool.system.imap import ImapSession, quoted
from respool.system.message_files import SourceDiffers

HELD_OCTETS: Final = 1 << 20  # longer messages are never in memory as a whole

_PIECE_OCTETS: Final = 1 << 20
_GROUP_OCTETS: Final = 4 << 20
_LINE_OCTETS: Final = 8000  # RFC 7162, section 4: 8192 with what is around it
_DATE_AND_SIZE_OCTETS: Final = 64
_BINARY_PART: Final = re.compile(rb"content-transfer-encoding:\s*binary", re.IGNORECASE)
_MOST_OVERLAP: Final = 64


def append_messages(
    session: ImapSession,
    mailbox: str,
    messages: Iterable[MessageToAppend],
    tell: Callable[[AppendResult], None],
) -> None:
    """Append ``messages``, in order, to ``mailbox``, which exists.

    ``tell`` is called once for each message as soon as its lot is known, mostly in order,
    but not for those whose body cannot be read. With an error, what was told holds; the
    messages that were not told of may or may not be there. At most a few MiB are held.
    A group that the server refuses is tried again, one message after the other.

    Raises:
        OverQuota: the server takes no more; what was told is there.
        ServerSaidNo: it takes nothing in that mailbox.
        ServerUnreachable: the connection is gone.
        Exception: what opening a body raises; of all messages before it was told. What
            reading one of more than HELD_OCTETS raises: the session is then cut.

    Source: RFC 3501, section 6.3.11; RFC 3502 (MULTIAPPEND: all or nothing); RFC 4315
    (UIDPLUS); RFC 7888 (LITERAL+, LITERAL-); RFC 7889 (APPENDLIMIT); RFC 3516 (BINARY).
    """
    work = _Appending(session, mailbox, append_abilities(session, mailbox), tell)
    try:
        for message in messages:
            work.take(message)
        work.finish()
    except Exception as error:
        work.leave(error)
        raise
    except BaseException:  # a signal, anywhere
        session.wire.cut()
        raise


@dataclass(slots=True, kw_only=True)
class _Command:
    """One APPEND: its messages with the flags that each goes without, its size so far."""

    tag: bytes
    is_trial: bool
    messages: list[tuple[MessageToAppend, tuple[str, ...]]] = field(default_factory=list)
    octets: int = 0
    line_octets: int = 0
    answer: AppendAnswer | None = None


class _Appending:
    """The commands of one call: at most one is being written, others wait for answers."""

    def __init__(
        self,
        session: ImapSession,
        mailbox: str,
        abilities: AppendAbilities,
        tell: Callable[[AppendResult], None],
    ) -> None:
        self._session = session
        self._mailbox = mailbox
        self._abilities = abilities
        self._tell = tell
        self._wire = AppendWire(session.wire)
        self._written: _Command | None = None
        self._waiting: dict[bytes, _Command] = {}
        self._suspects: list[MessageToAppend] = []
        self._ending: TargetError | None = None
        self._is_within_body = False
        self._is_mailbox_there = False

    def take(self, message: MessageToAppend) -> None:
        """Send a message, and hear what the server says meanwhile."""
        with message.body() as body:
            if body is None:
                return
            words = self._abilities.why_not(body.size_bytes, has_nul=body.has_nul)
            if words is None and body.has_nul:
                words = _why_altered(message)
            if words is not None:
                self._tell(Refused(uid=message.uid, words=words))
                return
            self._join(message, body)
        if self._suspects or self._ending is not None:
            self.finish()

    def finish(self) -> None:
        """End the command that is written, hear the answers to all, and try suspects alone."""
        self._drain()
        while self._suspects and self._ending is None:
            self._try_alone(self._suspects.pop(0))
        if self._ending is not None:
            raise self._ending

    def leave(self, error: Exception) -> None:
        """After an error: hear the answers that are still to come, else cut the connection."""
        if self._is_within_body or isinstance(error, ServerUnreachable):
            self._session.wire.cut()
        else:
            with suppress(ServerUnreachable):
                self._drain()

    def _join(self, message: MessageToAppend, body: Body) -> None:
        size = body.size_bytes
        is_alone = size > HELD_OCTETS or size == 0 or body.has_nul  # none of 0: RFC 3502
        if self._written is not None and (is_alone or not self._fits(size, message)):
            self._end()
        if size > HELD_OCTETS:
            self._drain()  # should its file fail, the connection goes, and nothing with it
        self._write(message, body, message.flags)
        if is_alone or self._abilities.most_messages == 1:
            self._end()

    def _fits(self, size: int, message: MessageToAppend) -> bool:
        command = self._written
        line_octets = sum(len(flag) + 1 for flag in message.flags) + _DATE_AND_SIZE_OCTETS
        return command is not None and (
            len(command.messages) < self._abilities.most_messages
            and command.octets + size <= _GROUP_OCTETS
            and command.line_octets + line_octets <= _LINE_OCTETS
        )

    def _write(
        self,
        message: MessageToAppend,
        body: Body,
        flags: tuple[str, ...],
        *,
        is_trial: bool = False,
    ) -> _Command:
        """Put a message into the command that is written, or begin one with it."""
        held = _all_of(message, body) if body.size_bytes <= HELD_OCTETS else None
        sent = tuple(filter(is_sendable_flag, flags))
        item = append_item(sent, message.internaldate)
        command = self._written
        if command is None:
            command = self._written = _Command(tag=self._wire.new_tag(), is_trial=is_trial)
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
        self._is_within_body = True
        size = 0
        while piece := body.read(_PIECE_OCTETS):
            size += len(piece)
            if size > body.size_bytes:
                break
            self._wire.put(piece)
        if size != body.size_bytes:
            raise _differs(message, body)
        self._is_within_body = False

    def _may_go_on(self, command: _Command) -> bool:
        """Wait until the server asks for the literal; False where it refuses instead."""
        while command.answer is None:
            if self._hear():
                return True
        return False

    def _end(self) -> None:
        """End the command that is written, and hear answers until few enough are to come."""
        command, self._written = self._written, None
        if command is None:
            return
        self._waiting[command.tag] = command
        self._wire.put(b"\r\n")
        if self._abilities.most_messages > 1:
            self._wire.flush()
        while len(self._waiting) > self._abilities.commands_ahead:
            self._hear()

    def _drain(self) -> None:
        self._end()
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
            raise self._session.wire.gone("it answers what nobody asked")
        count = len(command.messages)
        command.answer = parse_append_answer(said.status, said.text, count=count)
        self._settle(command, command.answer)
        return False

    def _settle(self, command: _Command, answer: AppendAnswer) -> None:
        match answer.outcome:
            case Outcome.TAKEN:
                uids = answer.uids or (None,) * len(command.messages)
                for (message, without), uid in zip(command.messages, uids, strict=True):
                    self._tell(
                        Appended(
                            uid=message.uid,
                            target_uid=uid,
                            uidvalidity=answer.uidvalidity,
                            guid=answer.guid,
                            refused_flags=without,
                        )
                    )
            case Outcome.MESSAGE_REFUSED:
                if not command.is_trial:
                    self._suspects += [message for message, _ in command.messages]
            case Outcome.MAILBOX_REFUSED:
                self._ending = ServerSaidNo(
                    f"the server takes no mail in {self._mailbox}", why=answer.words
                )
            case Outcome.OVER_QUOTA:
                self._ending = OverQuota(
                    f"the server takes no more mail in {self._mailbox}", why=answer.words
                )

    def _try_alone(self, message: MessageToAppend) -> None:
        """Find out whether it is this message that the server refuses, or what goes with it."""
        answer = self._trial(message, message.flags)
        if answer is not None and answer.is_about_date and message.internaldate is not None:
            message = replace(message, internaldate=None)
            answer = self._trial(message, message.flags)
        plain = tuple(filter(is_system_flag, message.flags))
        if answer is not None and answer.is_about_flags and plain != message.flags:
            answer = self._trial(message, plain)
        if answer is not None:
            self._check_mailbox()
            self._tell(Refused(uid=message.uid, words=answer.words))

    def _trial(self, message: MessageToAppend, flags: tuple[str, ...]) -> AppendAnswer | None:
        """What was said where the message was refused with ``flags``."""
        with message.body() as body:
            if body is None:
                return None
            command = self._write(message, body, flags, is_trial=True)
        self._drain()
        answer = command.answer
        is_refused = answer is not None and answer.outcome is Outcome.MESSAGE_REFUSED
        return answer if is_refused else None

    def _check_mailbox(self) -> None:
        """See, once, that the mailbox is there: not each server says so when it refuses.

        Raises:
            ServerSaidNo: it is not.
        """
        if not self._is_mailbox_there:
            self._session.ask("STATUS", quoted(self._mailbox), "(UIDNEXT)")
            self._is_mailbox_there = True


def _all_of(message: MessageToAppend, body: Body) -> bytes:
    """Every octet of a short message, before the first is sent."""
    held = b""
    while len(held) <= body.size_bytes and (piece := body.read(_PIECE_OCTETS)):
        held += piece
    if len(held) != body.size_bytes:
        raise _differs(message, body)
    return held


def _why_altered(message: MessageToAppend) -> str | None:
    """Why a server with BINARY would not keep the octets of a message with NULs.

    Source: RFC 3516, section 4.4, lets it re-encode binary parts; Cyrus 3.6.1 does.
    """
    tail = b""
    with message.body() as body:
        while body is not None and (piece := body.read(_PIECE_OCTETS)):
            if _BINARY_PART.search(tail + piece):
                return "it has NUL octets in a binary part, which the server would re-encode"
            tail = piece[-_MOST_OVERLAP:]
    return None


def _differs(message: MessageToAppend, body: Body) -> SourceDiffers:
    text = f"message {message.uid} no longer has its {body.size_bytes} octets"
    return SourceDiffers("size-differs", text)
