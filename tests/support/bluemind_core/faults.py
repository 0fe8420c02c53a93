"""Faults that a test lets happen to requests of the stand-in core."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from tests.support.bluemind_core.asked import Asked
from tests.support.bluemind_core.json_values import Json

HUGE_OCTETS: Final = 256 << 20


class FaultKind(StrEnum):
    """What happens."""

    ANSWER = "another answer"
    HANG = "no answer"
    CUT = "connection closed in the middle of the answer"
    GARBLE = "no JSON"
    SWELL = "an answer without an end"
    RESTART = "the core restarts"
    CALL = "something of the test's"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. ``is_after``: what was asked for is done all the same."""

    kind: FaultKind
    is_after: bool = False
    status: int = 500
    body: Json = None
    seconds: float = 0.0
    octets: int = 0
    call: Callable[[Asked], None] | None = None

    @classmethod
    def answering(cls, status: int, body: Json = None, *, is_after: bool = False) -> Self:
        """This status; the body of a ServerFault unless told otherwise."""
        return cls(kind=FaultKind.ANSWER, status=status, body=body, is_after=is_after)

    @classmethod
    def hanging(cls, seconds: float = 30.0, *, is_after: bool = False) -> Self:
        """No answer for so long (or until the core ends), then the connection is closed."""
        return cls(kind=FaultKind.HANG, seconds=seconds, is_after=is_after)

    @classmethod
    def cutting(cls, *, is_after: bool = True) -> Self:
        """A head, half a body, and the end of the connection."""
        return cls(kind=FaultKind.CUT, is_after=is_after)

    @classmethod
    def garbling(cls, *, is_after: bool = True) -> Self:
        """200, and a body that is no JSON."""
        return cls(kind=FaultKind.GARBLE, is_after=is_after)

    @classmethod
    def swelling(cls, octets: int = HUGE_OCTETS, *, is_after: bool = True) -> Self:
        """200, and a body of so many octets, or as many as the client takes."""
        return cls(kind=FaultKind.SWELL, octets=octets, is_after=is_after)

    @classmethod
    def restarting(cls, seconds: float = 0.3, *, is_after: bool = False) -> Self:
        """The core goes away for so long: no answer, tasks lost, connections refused."""
        return cls(kind=FaultKind.RESTART, seconds=seconds, is_after=is_after)

    @classmethod
    def calling(cls, call: Callable[[Asked], None], *, is_after: bool = False) -> Self:
        """Something of the test's (SIGKILL to the client, say); then the answer is as ever."""
        return cls(kind=FaultKind.CALL, call=call, is_after=is_after)


@dataclass(slots=True, kw_only=True)
class _Waiting:
    fault: Fault
    method: str | None
    route: str | None
    left: int
    times: int | None

    def takes(self, asked: Asked) -> bool:
        if self.method not in {None, asked.method}:
            return False
        if self.route is not None and self.route not in {asked.route, asked.path}:
            return False
        self.left -= 1
        return self.left <= 0 and (self.times is None or -self.left < self.times)


class Faults:
    """Faults that wait for their request."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._lock = threading.Lock()

    def add(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        route: str | None = None,
        nth: int = 1,
        times: int | None = 1,
    ) -> None:
        """Let ``fault`` happen to the nth request from now on, and to those after it.

        Only those of ``method`` and ``route`` count: a template as in the table of routes, or
        a path. ``times`` None: to all of them for ever.
        """
        waiting = _Waiting(fault=fault, method=method, route=route, left=nth, times=times)
        with self._lock:
            self._waiting.append(waiting)

    def clear(self) -> None:
        """Let nothing happen any more."""
        with self._lock:
            self._waiting.clear()

    def of(self, asked: Asked) -> Fault | None:
        """What happens to this request."""
        with self._lock:
            found = [each.fault for each in list(self._waiting) if each.takes(asked)]
        return found[0] if found else None
