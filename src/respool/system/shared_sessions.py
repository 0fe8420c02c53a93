"""Sessions of one login that all threads share: as many as are needed at once, and no more.

A server takes so many sessions, and each costs it a process and a login.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from respool.errors import ServerSaidNo
from respool.system.imap import ImapSession, is_alive

_IDLE_SECONDS: Final = 10.0


class SharedSessions:
    """Each is one thread's at a time; ``enter`` logs in where none is free."""

    def __init__(self, enter: Callable[[], ImapSession]) -> None:
        self._enter = enter
        self._free: list[tuple[ImapSession, float]] = []  # and since when
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[ImapSession]:
        """One of them, for what one thread asks in a row.

        One that was idle for long, while mail was copied say, is replaced if the server ended
        it meanwhile. A block that raises anything but the server's own refusal ends it: nobody
        knows what it was about to answer.

        Raises:
            ServerUnreachable, LoginRefused: there is none, and none can be had.
        """
        session = self._taken() or self._enter()
        try:
            yield session
        except ServerSaidNo:
            self._give_back(session)
            raise
        except BaseException:
            session.close()
            raise
        self._give_back(session)

    def close(self) -> None:
        """Log out all that are free."""
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

    def _give_back(self, session: ImapSession) -> None:
        with self._lock:
            self._free.append((session, time.monotonic()))
