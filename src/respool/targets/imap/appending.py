"""Appending a group of messages to a folder: each once, however often the connection is cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from respool.errors import ServerUnreachable, StepFailed
from respool.model.dataclasses import dataclass
from respool.planning.appending import AppendMessages
from respool.runs.actor import Note
from respool.system import imap_listing as listing
from respool.system.append_abilities import can_take_turns
from respool.system.imap import ImapSession
from respool.system.imap_server import ImapServer
from respool.targets.imap.group import Group

_TRIES: Final = 4  # connections that end while several messages are under way, or none
_TRIES_AS_EVER: Final = 2  # of them; from then on it is seen which message is under way
_TRIES_ALONE: Final = 3  # that end while it is the same one
_MOST_GIVEN_UP: Final = 5  # in a row, with none taken between: then it is the server
_PAUSE_SECONDS: Final = 0.5
_SETTLING_LOOKS: Final = 20
_WORTH_ANOTHER: Final = 75  # messages: of a few commands, few connections send all soon enough
_MOST_BESIDE: Final = 3  # more are hardly faster: the commands of all end one after the other


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
    A connection that is cut meanwhile is made anew, a few times. A message that ends it each
    time, though others are taken, is left out as refused.

    Raises:
        StepFailed: it is not the same folder any more, or the backup is going away.
        ServerUnreachable: the server is gone; some of the group may be there.
        OverQuota: it takes no more.
    """
    group = Group(step=step)
    patience = _Patience(group)
    while True:
        try:
            with server.session() as session:
                if is_begun:
                    _wait_until_settled(session, step.mailbox, server.pause)
                found = _same_folder(session, step, before)
                group.find(session, before, has_new=found.uidnext > before["uidnext"])
                _send(server, session, group, is_careful=patience.is_careful)
                group.learn_places(session, before)
            break
        except ServerUnreachable as error:
            patience.bear(error)
            is_begun = True
            server.pause(_PAUSE_SECONDS)
    patience.check()
    group.source.check_presence()
    return group.note(before)


@dataclass(slots=True)
class _Patience:
    """How often connections have ended, and at which message."""

    group: Group
    left: int = _TRIES
    suspect: int | None = None
    times: int = 0
    given_up: int = 0  # in a row
    placed: int = 0  # when the last one was given up
    last: ServerUnreachable | None = None

    @property
    def is_careful(self) -> bool:
        """Whether messages are sent one by one."""
        return self.left <= _TRIES - _TRIES_AS_EVER

    def bear(self, error: ServerUnreachable) -> None:
        """Bear one more end of a connection, and give a message up that is seen to end them.

        Raises:
            ServerUnreachable: that one, if it was the last to be borne.
        """
        alone, self.group.alone = self.group.alone, None  # what ends next has another cause
        if alone is None:
            self.left -= 1
            if not self.left:
                raise error
            return
        self.times = self.times + 1 if alone == self.suspect else 1
        self.suspect, self.last = alone, error
        if self.times == _TRIES_ALONE:
            self._give_up(alone)

    def _give_up(self, uid: int) -> None:
        has_taken = len(self.group.placed) > self.placed
        self.given_up = 1 if has_taken else self.given_up + 1
        self.placed = len(self.group.placed)
        self.check(is_end=False)
        self.group.give_up(
            uid, f"the server ended the connection each of {_TRIES_ALONE} times that it was sent"
        )

    def check(self, *, is_end: bool = True) -> None:
        """See that a server which ended connections takes any message at all.

        Raises:
            ServerUnreachable: it does not, as far as is known.
        """
        is_over = not self.group.placed if is_end else self.given_up > _MOST_GIVEN_UP
        if self.given_up and is_over and self.last is not None:
            raise self.last


def _send(server: ImapServer, session: ImapSession, group: Group, *, is_careful: bool) -> None:
    if is_careful:
        group.send_one_by_one(session)
        return
    with server.others(_wanted_beside(session, group.left)) as beside:
        group.send(session, beside)


def _wanted_beside(session: ImapSession, left: int) -> int:
    """How many further sessions: where enough is left to send and the server can use them.

    Of a group that is gone on with it may be a few messages: none is worth a login.
    """
    if not can_take_turns(session):
        return 0
    return max(0, min(left // _WORTH_ANOTHER - 1, _MOST_BESIDE))


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
