"""Appending a group of messages to a folder: each once, however often the connection is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Final

from respool.backups.planned_messages import CheckedMessage, PlannedMessages
from respool.errors import BackupError, ServerUnreachable, StepFailed
from respool.model.state import UidSet
from respool.planning.appending import AppendMessages
from respool.planning.placed import as_ranges
from respool.planning.step import PlannedMessage
from respool.runs.actor import Note
from respool.system import imap_listing as listing
from respool.system.append_abilities import can_take_turns
from respool.system.append_values import Appended, AppendResult, MessageToAppend
from respool.system.imap import ImapSession
from respool.system.imap_append import append_messages
from respool.system.imap_server import ImapServer
from respool.system.message_files import Reader, SourceDiffers
from respool.targets.imap.finding_again import found_again
from respool.targets.imap.line_ends import MendedForm, MendedReader, mended_form

_TRIES: Final = 4
_PAUSE_SECONDS: Final = 0.5
_SETTLING_LOOKS: Final = 20
_WORTH_TWO: Final = 150  # messages: of a few commands, one connection sends all soon enough


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """The octets of one message on their way."""

    size_bytes: int
    has_nul: bool
    read: Reader


def observe_folder(server: ImapServer, step: AppendMessages) -> Note:
    """Where new messages of the folder will begin: what is there before is not ours."""
    with server.session() as session:
        found = listing.status(session, step.mailbox)
    return {
        "uidvalidity": found.uidvalidity,
        "uidnext": found.uidnext,
        "messages": found.messages,
    }


def append(
    server: ImapServer,
    step: AppendMessages,
    before: Note,
    *,
    is_begun: bool,
) -> Note:
    """Append what the folder does not have yet of the group; say where each lies there.

    ``is_begun``: it may be that an earlier process was at it, or that the connection was cut.
    A connection that is cut meanwhile is made anew, a few times.

    Raises:
        StepFailed: it is not the same folder any more, or the backup is going away.
        ServerUnreachable: the server is gone; some of the group may be there.
        OverQuota: it takes no more.
    """
    group = _Group(step=step)
    for left in reversed(range(_TRIES)):
        try:
            with server.session() as session:
                if is_begun:
                    _wait_until_settled(session, step.mailbox, server.pause)
                found = _same_folder(session, step, before)
                has_new = found.uidnext > before["uidnext"]
                with _beside(server, session, step) as beside:
                    group.carry_out(session, before, beside, has_new=has_new)
            break
        except ServerUnreachable:
            if not left:
                raise
            is_begun = True
            server.pause(_PAUSE_SECONDS)
    group.source.check_presence()
    return group.note(before)


@contextmanager
def _beside(
    server: ImapServer, session: ImapSession, step: AppendMessages
) -> Iterator[ImapSession | None]:
    """A second session, where the group is large enough and the server can use it."""
    with ExitStack() as stack:
        is_wanted = len(step.messages) >= _WORTH_TWO and can_take_turns(session)
        yield stack.enter_context(server.another()) if is_wanted else None


def _wait_until_settled(
    session: ImapSession, mailbox: str, sleep: Callable[[float], None]
) -> None:
    """A session that was cut may still be at work on the server: wait until nothing comes."""
    uidnext = listing.status(session, mailbox).uidnext
    for _ in range(_SETTLING_LOOKS):
        sleep(_PAUSE_SECONDS)
        former, uidnext = uidnext, listing.status(session, mailbox).uidnext
        if former == uidnext:
            return


def _same_folder(session: ImapSession, step: AppendMessages, before: Note) -> listing.FolderStatus:
    found = listing.status(session, step.mailbox)
    if found.uidvalidity != before["uidvalidity"]:
        raise StepFailed(
            f"{step.mailbox} is another folder now",
            why=f"its UIDVALIDITY was {before['uidvalidity']} and is {found.uidvalidity}",
            can_be_tried_again=False,
        )
    return found


@dataclass(slots=True, kw_only=True)
class _Group:
    """A group under way: what was read of it, and what the server said."""

    step: AppendMessages
    source: PlannedMessages = field(init=False)
    placed: dict[int, int] = field(default_factory=dict)
    guids: dict[str, str] = field(default_factory=dict)
    told: dict[int, str] = field(default_factory=dict)
    mended: dict[str, MendedForm] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    refused_flags: dict[str, list[str]] = field(default_factory=dict)
    doubtful: frozenset[int] = frozenset()
    _not_told: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        step = self.step
        self.source = PlannedMessages(place=step.source, label=step.lane, messages=step.messages)

    def carry_out(
        self, session: ImapSession, before: Note, beside: ImapSession | None, *, has_new: bool
    ) -> None:
        """Append what is not there, as far as the connection holds, or both do.

        ``has_new``: something came to the folder since ``before``.
        """
        self._not_told.clear()
        self.placed, self.doubtful = {}, frozenset()
        if has_new:
            self._look(session, before, is_first=True)
        wanted = (
            each
            for each in self.step.messages
            if each.uid not in self.placed and str(each.uid) not in {**self.refused, **self.lost}
        )
        outgoing = map(self._outgoing, wanted)
        append_messages(session, self.step.mailbox, outgoing, self._told, beside)
        if self._not_told:  # no UIDPLUS: the folder itself has to say
            self._look(session, before, is_first=False)

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
        @contextmanager
        def body() -> Iterator[_Body | None]:
            with self._opened(message) as opened:
                yield opened

        return MessageToAppend(
            uid=message.uid,
            flags=message.flags,
            internaldate=message.internaldate,
            body=body,
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
