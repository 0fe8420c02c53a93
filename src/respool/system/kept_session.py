"""A user's session that is kept for the next thing to be done as him.

Entering costs the server a process, a login and a look into its databases: as much as what is
done then. Steps that follow each other for one user enter once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from respool.system.imap import ImapSession, has_left_folder, is_alive


class KeptSession:
    """One session at most is kept: that of whoever was in last."""

    def __init__(self, enter: Callable[[str], ImapSession]) -> None:
        self._enter = enter
        self._kept: tuple[str, ImapSession] | None = None
        self._lock = threading.Lock()

    @contextmanager
    def of(self, userid: str) -> Iterator[ImapSession]:
        """A session as ``userid`` for the length of a block, without an open folder.

        It is the kept one where that is his, is not in use, and still answers. A block that
        raises ends it: nobody knows what the server was about to answer. What a block has done
        stays done, whatever becomes of the session then.

        Raises:
            LoginRefused: the server lets nobody in under that name.
        """
        session = self._taken(userid) or self._enter(userid)
        try:
            yield session
            is_to_keep = has_left_folder(session)
        except BaseException:
            session.close()
            raise
        if is_to_keep:
            self._keep((userid, session))
        else:
            session.close()

    def close(self) -> None:
        """Log out who is kept, if anybody is."""
        self._keep(None)

    def _taken(self, userid: str) -> ImapSession | None:
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is None:
            return None
        whose, session = kept
        if whose == userid and is_alive(session):
            return session
        session.close()
        return None

    def _keep(self, kept: tuple[str, ImapSession] | None) -> None:
        with self._lock:
            former, self._kept = self._kept, kept
        if former is not None:
            former[1].close()
