"""Sessions of a BlueMind core as its users: their keys are passwords of its IMAP service.

A key is held in memory alone, and its session is ended with whoever asked for it. What a
process that was killed leaves, the core ends itself once it was unused for long enough.

Source: BlueMind's published clients, IAuthentication: ``_su`` and ``logout``.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from respool.bluemind import api_requests
from respool.bluemind.login_answers import login_answer
from respool.errors import FormatError, LoginRefused, TargetError
from respool.system.bluemind_core import BluemindCore


class BluemindSessions:
    """One session for each login, for the length of a block. Any thread may ask."""

    def __init__(self, core: BluemindCore) -> None:
        self._core = core
        self._keys: dict[str, str] = {}
        self._old: list[str] = []
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

    def key_of(self, login: str) -> str:
        """The key of the session of ``login``, which is begun if there is none.

        Raises:
            LoginRefused: the core knows no such user, or lets him in nowhere.
            TargetError: it does not answer, or our own key lacks the role for that.
        """
        with self._lock:
            if login not in self._keys:
                self._keys[login] = self._begun(login)
            return self._keys[login]

    def renewed(self, login: str, refused: str) -> str:
        """The key of another session: the one of ``refused`` has ended.

        Raises:
            as `key_of`.
        """
        with self._lock:
            if self._keys.get(login) == refused:
                self._old.append(self._keys.pop(login))
            if login not in self._keys:
                self._keys[login] = self._begun(login)
            return self._keys[login]

    def end(self) -> None:
        """End all of them. One that cannot be ended ends by itself, unused."""
        with self._lock:
            keys, self._keys, self._old = [*self._old, *self._keys.values()], {}, []
        for key in keys:
            with suppress(TargetError, FormatError):
                self._core.api.ask(api_requests.logout(), key=key)

    def _begun(self, login: str) -> str:
        answer = login_answer(self._core.api.ask(api_requests.session_as(login)))
        if answer.key is None:
            raise LoginRefused(
                f"BlueMind makes no session for {login}",
                why=answer.why,
                hint="is he a user there, and not suspended?",
            )
        return answer.key
