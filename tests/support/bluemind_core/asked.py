"""What the stand-in core was asked, in order. No key and no password is kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tests.support.bluemind_core.json_values import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request: ``path`` decoded, below ``/api``; ``route`` its template, "" for none.

    ``by`` says what kind of key was shown. ``body`` None: it had none.
    """

    method: str
    path: str
    route: str
    by: str
    query: dict[str, str] = field(default_factory=dict)
    body: Json = None

    @property
    def call(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


class Requests:
    """All requests since the start, or since ``clear``."""

    def __init__(self) -> None:
        self._all: list[Asked] = []
        self._lock = threading.Lock()

    def add(self, asked: Asked) -> None:
        """One more."""
        with self._lock:
            self._all.append(asked)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._all.clear()

    def all(self) -> tuple[Asked, ...]:
        """All of them, in order."""
        with self._lock:
            return tuple(self._all)

    def calls(self) -> list[str]:
        """Method and path of all of them."""
        return [each.call for each in self.all()]

    def changes(self) -> list[Asked]:
        """Those that are no GET."""
        return [each for each in self.all() if each.method != "GET"]
