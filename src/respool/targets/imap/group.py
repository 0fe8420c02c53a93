"""A group of messages on its way to a folder: what is sent, and what the server said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import field
from functools import partial

from respool.backups.planned_messages import CheckedMessage, PlannedMessages
from respool.errors import BackupError
from respool.model.dataclasses import dataclass
from respool.model.state import UidSet
from respool.planning.appending import AppendMessages
from respool.planning.placed import as_ranges
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system.append_values import Appended, AppendResult, MessageToAppend
from respool.system.imap import ImapSession
from respool.system.imap_append import append_messages
from respool.system.message_files import Reader, SourceDiffers
from respool.targets.imap.finding_again import found_again
from respool.targets.imap.line_ends import MendedForm, MendedReader, mended_form


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """The octets of one message on their way."""

    size_bytes: int
    has_nul: bool
    read: Reader


@dataclass(slots=True, kw_only=True)
class Group:
    """A group under way: what was read of it, and what the server said.

    ``alone`` is the UID of the message that is under way by itself, or was when the connection
    ended; None where several are, or none.
    """

    step: AppendMessages
    source: PlannedMessages = field(init=False)
    placed: dict[int, int] = field(default_factory=dict)
    guids: dict[str, str] = field(default_factory=dict)
    told: dict[int, str] = field(default_factory=dict)
    mended: dict[str, MendedForm] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    refused_flags: dict[str, list[str]] = field(default_factory=dict)
    doubtful: frozenset[int] = frozenset()
    alone: int | None = None
    _not_told: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        step = self.step
        self.source = PlannedMessages(place=step.source, label=step.lane, messages=step.messages)

    def find(self, session: ImapSession, before: Note, *, has_new: bool) -> None:
        """Learn what the folder has of it; ``has_new``: something came there since ``before``."""
        self._not_told.clear()
        self.placed, self.doubtful = {}, frozenset()
        if has_new:
            self._look(session, before, is_first=True)

    @property
    def left(self) -> int:
        """How many messages are still to be sent."""
        return sum(1 for _ in self._wanted())

    def send(self, session: ImapSession, beside: Sequence[ImapSession]) -> None:
        """Append what is not there, as far as the connection holds, or all of several do."""
        outgoing = list(map(self._outgoing, self._wanted()))
        append_messages(session, self.step.mailbox, outgoing, self._told, beside)

    def send_one_by_one(self, session: ImapSession) -> None:
        """The same, each message once the one before is there: it is known which ends it."""
        for message in self._wanted():
            self.alone = message.uid
            append_messages(session, self.step.mailbox, [self._outgoing(message)], self._told)
        self.alone = None

    def learn_places(self, session: ImapSession, before: Note) -> None:
        """Where those lie that the server did not tell of: without UIDPLUS the folder has to."""
        if self._not_told:
            self._look(session, before, is_first=False)

    def give_up(self, uid: int, why: str) -> None:
        """Send a message no more."""
        self.refused[str(uid)] = f"message-refused: {why}"

    def _wanted(self) -> Iterator[PlannedMessage]:
        for each in self.step.messages:
            if each.uid not in self.placed and str(each.uid) not in {**self.refused, **self.lost}:
                yield each

    @property
    def lost(self) -> dict[str, str]:
        """What the backup could not give."""
        return self.source.lost

    def note(self, before: Note) -> Note:
        """The receipt of the step."""
        lost = {**self.lost, **self.refused}
        return {
            "copied": len(self.step.messages) - len(lost),
            "lost": lost,
            "guids": self.guids,
            "placed": as_ranges(self.placed),
            "uidvalidity": before["uidvalidity"],
            "mended": {
                uid: {"guid": each.guid, "size_bytes": each.size_bytes}
                for uid, each in self.mended.items()
                if uid not in lost
            },
            "refused_flags": self.refused_flags,
            "doubtful": str(UidSet.of(self.doubtful)),
            "told": len(self.told),
            "told_otherwise": dict(self._told_otherwise()),
        }

    def _told_otherwise(self) -> Iterator[tuple[str, str]]:
        """What the server says that it took, where that is not what was sent."""
        for message in self.step.messages:
            key, told = str(message.uid), self.told.get(message.uid)
            form = self.mended.get(key)
            sent = message.guid or self.guids.get(key) if form is None else form.guid
            if told is not None and told != sent:
                yield key, told

    def _look(self, session: ImapSession, before: Note, *, is_first: bool) -> None:
        """Where each is that the folder has; of those that were mended, what they became.

        Of what was there before we sent anything (``is_first``) some may be somebody else's.
        """
        found = found_again(session, self.step, before, self.source)
        for message in self.step.messages:
            if message.uid in found.placed:
                self._learn(message)
        self.placed = dict(found.placed)
        if is_first:
            self.doubtful = found.doubtful

    def _learn(self, message: PlannedMessage) -> None:
        """What is told of a message that need not be sent any more."""
        try:
            if self.step.is_mending:
                self._mended_form(message)
            if message.guid is None:
                with self.source.checked(message) as checked:
                    self.guids[str(message.uid)] = checked.guid
        except (BackupError, SourceDiffers) as error:
            self.source.lose(message, error)

    def _outgoing(self, message: PlannedMessage) -> MessageToAppend:
        return MessageToAppend(
            uid=message.uid,
            flags=message.flags,
            internaldate=message.internaldate,
            body=partial(self._opened, message),
        )

    @contextmanager
    def _opened(self, message: PlannedMessage) -> Iterator[_Body | None]:
        """What is sent of a message; None where the backup cannot give it, which is noted."""
        with ExitStack() as stack:
            try:
                checked = stack.enter_context(self.source.checked(message))
                form = self._mended_form(message) if self.step.is_mending else None
            except (BackupError, SourceDiffers) as error:
                self.source.lose(message, error)
                yield None
                return
            if message.guid is None:
                self.guids[str(message.uid)] = checked.guid
            yield _body(checked, form)

    def _mended_form(self, message: PlannedMessage) -> MendedForm | None:
        """What it will be, if any of its line ends is to be mended."""
        key = str(message.uid)
        if key in self.mended:
            return self.mended[key]
        with self.source.reading(message) as read:
            form = mended_form(read)
        if form.size_bytes == message.size_bytes:
            return None
        self.mended[key] = form
        return form

    def _told(self, result: AppendResult) -> None:
        if not isinstance(result, Appended):
            self.refused[str(result.uid)] = f"message-refused: {result.words}"
            return
        if result.refused_flags:
            self.refused_flags[str(result.uid)] = list(result.refused_flags)
        if result.guid is not None:
            self.told[result.uid] = result.guid
        if result.target_uid is None:
            self._not_told.add(result.uid)
        else:
            self.placed[result.uid] = result.target_uid


def _body(checked: CheckedMessage, form: MendedForm | None) -> _Body:
    size_bytes, read = checked.size_bytes, checked.read
    if form is not None:
        size_bytes, read = form.size_bytes, MendedReader(read)
    return _Body(size_bytes=size_bytes, has_nul=checked.has_nul, read=read)
