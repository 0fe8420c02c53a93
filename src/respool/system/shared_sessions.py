"""Sessions of one login that all threads share: as many as are needed at once.

A server takes so many sessions, and each costs it a process and a login.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

from respool.errors import ServerSaidNo, ServerUnreachable
from respool.system.imap import ImapSession, has_left_folder, is_alive

_IDLE_SECONDS: Final = 10.0

_Free: TypeAlias = list[tuple[ImapSession, float]]  # and since when


class SharedSessions:
    """Each is one thread's at a time; ``enter`` logs in where none is free."""

    def __init__(self, enter: Callable[[], ImapSession]) -> None:
        self._enter = enter
        self._free: _Free = []
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[ImapSession]:
        """One of them, without an open folder, for what one thread asks in a row.

        One that was idle for long, while mail was copied say, is replaced if the server ended
        it meanwhile. A block that raises anything but the server's own refusal ends it: nobody
        knows what it was about to answer.

        Raises:
            ServerUnreachable, LoginRefused: there is none, and none can be had.
        """
        free = self._free
        session = self._taken() or self._enter()
        try:
            yield session
        except ServerSaidNo:
            self._give_back(session, free)
            raise
        except BaseException as error:
            if isinstance(error, ServerUnreachable):
                self._doubt_all()
            session.close()
            raise
        self._give_back(session, free)

    def close(self) -> None:
        """Log out all that are free, and those that are lent once they are given back."""
        with self._lock:
            free, self._free = self._free, []
        for session, _ in free:
            session.close()

    def _taken(self) -> ImapSession | None:
        while True:
            with self._lock:
                if not self._free:
                    return None
                session, since = self._free.pop()
            if time.monotonic() - since <= _IDLE_SECONDS or is_alive(session):
                return session
            session.close()

    def _give_back(self, session: ImapSession, free: _Free) -> None:
        """Into ``free``, where it came from; nobody takes from that once all were closed."""
        if has_left_folder(session):
            with self._lock:
                if self._free is free:
                    free.append((session, time.monotonic()))
                    return
        session.close()

    def _doubt_all(self) -> None:
        """A server that is gone has ended the others, too: each is asked before it is lent."""
        with self._lock:
            self._free[:] = [(session, -math.inf) for session, _ in self._free]
