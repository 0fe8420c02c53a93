"""Appending many messages to one mailbox of any server, as fast as it can take them.

The octets go as they are: nothing of a message is altered to make it acceptable.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from contextlib import suppress
from dataclasses import replace
from typing import Final

from respool.errors import OverQuota, ServerSaidNo, ServerUnreachable, TargetError
from respool.system.append_abilities import AppendAbilities, append_abilities, even_share
from respool.system.append_answers import AppendAnswer, Outcome
from respool.system.append_commands import PIECE_OCTETS, AppendCommand, AppendCommands
from respool.system.append_item import is_system_flag
from respool.system.append_values import Appended, AppendResult, MessageToAppend, Refused
from respool.system.imap import ImapSession, quoted

_BINARY_PART: Final = re.compile(rb"content-transfer-encoding:\s*binary", re.IGNORECASE)
_MOST_OVERLAP: Final = 64
_MOST_KEYWORD_OCTETS: Final = 50  # Dovecot, src/lib-storage/mail-storage-settings.c


def append_messages(
    session: ImapSession,
    mailbox: str,
    messages: Iterable[MessageToAppend],
    tell: Callable[[AppendResult], None],
    beside: Sequence[ImapSession] = (),
) -> None:
    """Append ``messages``, in order, to ``mailbox``, which exists.

    ``beside`` are further sessions of the same user: commands go by turns over all of them,
    where the server takes many messages in one, and literals without being asked. Where
    it is known how many ``messages`` there are, as many commands go over each.

    ``tell`` is called once for each message as soon as its lot is known, mostly in order,
    but not for those whose body cannot be read. With an error, what was told holds; the
    messages that were not told of may or may not be there. At most a few MiB are held.
    A group that the server refuses is tried again, one message after the other.

    Raises:
        OverQuota: the server takes no more; what was told is there.
        ServerSaidNo: it takes nothing in that mailbox.
        ServerUnreachable: the connection is gone, or was cut because a long body could
            not be read to its end.
        Exception: what opening a body raises; the answers to all before it were heard.

    Source: RFC 3501, section 6.3.11; RFC 3502 (MULTIAPPEND: all or nothing); RFC 4315
    (UIDPLUS); RFC 7888 (LITERAL+, LITERAL-); RFC 7889 (APPENDLIMIT); RFC 3516 (BINARY).
    """
    abilities = append_abilities(session, mailbox)
    sessions = (session, *(beside if abilities.takes_turns else ()))
    if isinstance(messages, Sized):
        share = even_share(len(messages), len(sessions), abilities.most_messages)
        abilities = replace(abilities, most_messages=share)
    work = _Appending(sessions, mailbox, abilities, tell)
    try:
        for message in messages:
            work.take(message)
        work.finish()
    except Exception as error:
        work.leave(error)
        raise
    except BaseException:  # a signal, anywhere
        work.cut()
        raise


class _Appending:
    """What is done about each answer of the server, in one call."""

    def __init__(
        self,
        sessions: tuple[ImapSession, ...],
        mailbox: str,
        abilities: AppendAbilities,
        tell: Callable[[AppendResult], None],
    ) -> None:
        self._session = sessions[0]
        self._mailbox = mailbox
        self._abilities = abilities
        self._tell = tell
        self._commands = AppendCommands(
            [each.wire for each in sessions], mailbox, abilities, self._settle
        )
        self._suspects: list[MessageToAppend] = []
        self._ending: TargetError | None = None
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
            self._commands.join(message, body)
        if self._suspects or self._ending is not None:
            self.finish()

    def finish(self) -> None:
        """End the command that is written, hear the answers to all, and try suspects alone."""
        self._commands.drain()
        while self._suspects and self._ending is None:
            self._try_alone(self._suspects.pop(0))
        if self._ending is not None:
            raise self._ending

    def leave(self, error: Exception) -> None:
        """After an error: hear the answers that are still to come, else cut the connection."""
        if isinstance(error, ServerUnreachable):
            self.cut()
        else:
            with suppress(ServerUnreachable):
                self._commands.drain()

    def cut(self) -> None:
        """End every connection at once: what was not ended of a command has no effect."""
        self._commands.cut()

    def _settle(self, command: AppendCommand, answer: AppendAnswer) -> None:
        match answer.outcome:
            case Outcome.TAKEN:
                self._tell_of(command, answer)
            case Outcome.MESSAGE_REFUSED:
                if not command.is_trial:
                    self._suspects += [message for message, _ in command.messages]
            case Outcome.MAILBOX_REFUSED:
                self._ending = ServerSaidNo(
                    f"the server takes no mail in {self._mailbox}", why=answer.words
                )
            case Outcome.OVER_QUOTA:
                self._ending = OverQuota(
                    f"the server takes no more mail in {self._mailbox}",
                    why=answer.words,
                    hint="make room in the account, or raise its quota",
                )

    def _tell_of(self, command: AppendCommand, answer: AppendAnswer) -> None:
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

    def _try_alone(self, message: MessageToAppend) -> None:
        """Find out whether it is this message that the server refuses, or what goes with it."""
        answer = self._trial(message, message.flags)
        if answer is not None and answer.is_about_date and message.internaldate is not None:
            message = replace(message, internaldate=None)
            answer = self._trial(message, message.flags)
        for fewer in _fewer_flags(message.flags):
            if answer is not None and answer.is_about_flags:
                answer = self._trial(message, fewer)
        if answer is not None:
            self._check_mailbox()
            self._tell(Refused(uid=message.uid, words=answer.words))

    def _trial(self, message: MessageToAppend, flags: tuple[str, ...]) -> AppendAnswer | None:
        """What was said where the message was refused with ``flags``."""
        with message.body() as body:
            if body is None:
                return None
            command = self._commands.write(message, body, flags, is_trial=True)
        self._commands.drain()
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


def _fewer_flags(flags: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """``flags`` without long keywords, then without any; only what is new each time."""
    short = tuple(each for each in flags if len(each) <= _MOST_KEYWORD_OCTETS)
    plain = tuple(filter(is_system_flag, short))
    if short != flags:
        yield short
    if plain != short:
        yield plain


def _why_altered(message: MessageToAppend) -> str | None:
    """Why a server with BINARY would not keep the octets of a message with NULs.

    Source: RFC 3516, section 4.4, lets it re-encode binary parts; Cyrus 3.6.1 does.
    """
    tail = b""
    with message.body() as body:
        while body is not None and (piece := body.read(PIECE_OCTETS)):
            if _BINARY_PART.search(tail + piece):
                return "it has NUL octets in a binary part, which the server would re-encode"
            tail = piece[-_MOST_OVERLAP:]
    return None
