"""An IMAP server as a restore reaches it: sessions of one user, and of others through him."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import field
from functools import partial
from typing import TypeVar

from respool.errors import (
    LoginRefused,
    NoMoreProcesses,
    ServerSaidNo,
    ServerUnreachable,
    TargetError,
)
from respool.model.dataclasses import dataclass
from respool.system.imap import ImapSession, is_alive
from respool.system.imap_connection import TakesOneAtATime
from respool.system.starting import Threads

ValueT = TypeVar("ValueT")

_IDLE_SECONDS = 10.0
_PAUSE_SECONDS = 0.5
_TRIES = 3
_MOST_OTHERS = 3


@dataclass(slots=True)
class _Idle:
    """Sessions that nobody uses, with the time since when.

    ``is_last``: the server gave no more of them beside those that were used. ``others`` are
    how many are used beside others, ``waiting`` how many wait for one of these to end.
    ``is_one_by_one``: the server made one wait for another.
    """

    sessions: list[tuple[ImapSession, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_last: bool = False
    others: int = 0
    waiting: int = 0
    is_one_by_one: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapServer:
    """One account on one server, from any number of threads.

    ``where`` is its address with the account, without a secret. ``login`` logs in, for
    ``user``, whose mail it is: another where he is an administrator. ``enter`` makes a new
    session of a user, by that login. ``pause`` waits for so many seconds.
    """

    where: str
    login: str
    user: str
    enter: Callable[[str], ImapSession]
    pause: Callable[[float], None] = time.sleep
    _idle: _Idle = field(default_factory=_Idle, repr=False)

    @property
    def is_proxied(self) -> bool:
        """Whether an administrator logs in for the user, and can for others."""
        return self.login != self.user

    @contextmanager
    def session(self) -> Iterator[ImapSession]:
        """A session of the user; the next one may get it again, with no folder open.

        Where the server gives no more, one that is used beside others is waited for.

        Raises:
            ServerUnreachable, LoginRefused: there is none to be had.
        """
        with self._using(self._waited_for()) as session:
            yield session

    @contextmanager
    def _using(self, session: ImapSession) -> Iterator[ImapSession]:
        try:
            yield session
        except ServerSaidNo:
            self._put_back(session)
            raise
        except BaseException as error:
            session.close()
            if isinstance(error, ServerUnreachable):
                self.close()  # the others are of the same server, and gone like this one
            raise
        self._put_back(session)

    @contextmanager
    def another(self) -> Iterator[ImapSession | None]:
        """As `session`, beside one that is used; None where the server gives no more, or few do.

        There are only so many at a time, whoever has them, and none any more once a block that
        used one ended by `TakesOneAtATime`.
        """
        with self._idle.lock:
            is_free = self._idle.others < _MOST_OTHERS and not self._idle.waiting
            is_free = is_free and not self._idle.is_one_by_one
            is_to_be_had = is_free and bool(self._idle.sessions or not self._idle.is_last)
            self._idle.others += is_to_be_had
        try:
            with ExitStack() as stack:
                found = None
                if is_to_be_had:
                    try:
                        found = stack.enter_context(self._using(self._taken()))
                    except TargetError:
                        self._idle.is_last = True
                try:
                    yield found
                except TakesOneAtATime:
                    self._idle.is_one_by_one = True
                    raise
        finally:
            with self._idle.lock:
                self._idle.others -= is_to_be_had

    @contextmanager
    def others(self, wanted: int) -> Iterator[list[ImapSession]]:
        """Up to ``wanted`` of `another`, logged in side by side: a server takes its time."""
        with ExitStack() as stack:
            found: list[ImapSession | None] = []
            entering = [partial(stack.enter_context, self.another()) for _ in range(wanted)]
            if entering:
                with suppress(NoMoreProcesses), Threads(wanted) as pool:
                    begun = [pool.submit(enter) for enter in entering]
                    found = [each.result() for each in begun]
            yield [session for session in found if session is not None]

    @contextmanager
    def as_user(self, userid: str) -> Iterator[ImapSession]:
        """A session of ``userid``, through the administrator who logs in.

        Raises:
            LoginRefused: who logs in is none, or the server lets nobody in under that name.
        """
        if not self.is_proxied and userid != self.user:
            raise LoginRefused(
                f"nobody can log in as {userid}", why=f"{self.login} logs in for himself alone"
            )
        session = self.enter(userid)
        try:
            yield session
        finally:
            session.close()

    def persistently(self, do: Callable[[], ValueT]) -> ValueT:
        """What ``do`` gives, called anew where the connection was cut: it is as if once.

        Raises:
            ServerUnreachable: cut again and again, or nothing answers any more.
        """
        for _ in range(_TRIES - 1):
            try:
                return do()
            except ServerUnreachable:
                self.pause(_PAUSE_SECONDS)
        return do()

    def close(self) -> None:
        """Log every session out that nobody uses."""
        with self._idle.lock:
            found, self._idle.sessions = self._idle.sessions, []
        for session, _ in found:
            session.close()

    def _waited_for(self) -> ImapSession:
        """As `_taken`: nobody goes without, for others that only make somebody faster."""
        while True:
            are_others = self._idle.others > 0
            try:
                return self._taken()
            except (LoginRefused, ServerUnreachable):
                if not (are_others or self._idle.others):
                    raise
                self._idle.is_last = True
            with self._counted_as_waiting():
                self.pause(_PAUSE_SECONDS)

    @contextmanager
    def _counted_as_waiting(self) -> Iterator[None]:
        with self._idle.lock:
            self._idle.waiting += 1
        try:
            yield
        finally:
            with self._idle.lock:
                self._idle.waiting -= 1

    def _taken(self) -> ImapSession:
        while True:
            with self._idle.lock:
                if not self._idle.sessions:
                    break
                session, since = self._idle.sessions.pop()
            if time.monotonic() - since < _IDLE_SECONDS or is_alive(session):
                return session
            session.close()
        return self.enter(self.user)

    def _put_back(self, session: ImapSession) -> None:
        """An open folder is left: a server may break with who has one open that is renamed."""
        with suppress(TargetError):
            if session.leave_folder():
                with self._idle.lock:
                    self._idle.sessions.append((session, time.monotonic()))
                return
        session.close()
