"""Sessions of a BlueMind core as its users: their keys are passwords of its IMAP service.

A key is held in memory alone, and its session is ended with whoever asked for it. Who was
killed ends none, and nobody after him knows its key: the core ends it once it was unused for
``core.sessions.idle-timeout`` (20 minutes up to 4.9), and keeps it when it restarts.

Source: BlueMind's published clients, IAuthentication: ``_su`` and ``logout``;
SessionsBackingStore.java (``expireAfterAccess``, and where sessions are kept), CoreConfig.java.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import field
from types import TracebackType
from typing import Final, Self

from respool.bluemind import api_requests
from respool.bluemind.login_answers import login_answer
from respool.errors import BluemindRefused, FormatError, LoginRefused, TargetError
from respool.model.dataclasses import dataclass
from respool.system.bluemind_core import BluemindCore

_ADMIN0: Final = (
    "admin0 alone makes sessions of users: RESPOOL_BLUEMIND_KEY_FILE names the file with his key"
    " (/etc/bm/bm-core.tok there), or RESPOOL_TO_PASSWORD_FILE one with the user's password"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSession:
    """A session: its key, which no text of this object shows, and who it lets in."""

    key: str = field(repr=False)
    login: str


class BluemindSessions:
    """One session for each login, for the length of a block. Any thread may ask."""

    def __init__(self, core: BluemindCore) -> None:
        self._core = core
        self._begun: dict[str, UserSession] = {}
        self._old: list[UserSession] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def session_of(self, login: str) -> UserSession:
        """The session of ``login``, which is begun if there is none.

        Raises:
            LoginRefused: the core knows no such user, or lets him in nowhere.
            TargetError: it does not answer, or our own key lacks the role for that.
        """
        with self._lock:
            if login not in self._begun:
                self._begun[login] = self._new(login)
            return self._begun[login]

    def renewed(self, login: str, refused: UserSession) -> UserSession:
        """Another session of ``login``: ``refused`` has ended.

        Raises:
            as `session_of`.
        """
        with self._lock:
            if self._begun.get(login) == refused:
                self._old.append(self._begun.pop(login))
            if login not in self._begun:
                self._begun[login] = self._new(login)
            return self._begun[login]

    def end(self) -> None:
        """End all of them. One that cannot be ended ends by itself, unused."""
        with self._lock:
            every = [*self._old, *self._begun.values()]
            self._begun, self._old = {}, []
        for each in every:
            with suppress(TargetError, FormatError):
                self._core.api.ask(api_requests.logout(), key=each.key)

    def _new(self, login: str) -> UserSession:
        try:
            answer = login_answer(self._core.api.ask(api_requests.session_as(login)))
        except BluemindRefused as error:
            raise BluemindRefused(error.what, why=error.why, hint=_ADMIN0) from error
        if answer.key is None:
            raise LoginRefused(
                f"BlueMind makes no session for {login}",
                why=answer.why,
                hint="is he a user there, and not suspended?",
            )
        return UserSession(key=answer.key, login=answer.login or login)
