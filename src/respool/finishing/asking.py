"""Asks a core that may be away for a time: waits, asks again, and says when it gives up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, Final

from respool.bluemind.api_requests import ApiRequest
from respool.errors import BluemindFault, BluemindRefused, BluemindUnreachable, StepFailed
from respool.finishing.patience import Patience
from respool.model.dataclasses import dataclass
from respool.system.bluemind_core import BluemindCore

_SERVER_SIDE: Final = 500
_RUNNING: Final = "already running"
# What the core means: asked again it says the same. Others it says of itself when it is unwell.
_MEANT: Final = frozenset(
    {"ALREADY_EXISTS", "FORBIDDEN", "INVALID_PARAMETER", "NOT_FOUND", "PERMISSION_DENIED"}
)


@dataclass(slots=True, kw_only=True)
class Silence:
    """That a core was away though it was waited for: nobody else waits that long for it.

    For some time, up to ``until``, it is not even tried again. ``error`` None: it was not away.
    """

    error: BluemindUnreachable | None = None
    until: float = 0.0


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One core, opened when it is first needed; ``core`` opens it, or gives it again.

    ``forget`` has it opened anew: one that comes back may be of another version. ``silence`` is
    of all who ask that core.
    """

    core: Callable[[], BluemindCore]
    patience: Patience
    silence: Silence = field(default_factory=Silence)
    forget: Callable[[], None] = _nothing

    def ask(self, request: ApiRequest) -> Any:  # noqa: ANN401 - JSON
        """What the core answers. All that is asked here may be asked twice.

        Raises:
            StepFailed: it stayed away, is unwell, or refuses us; the restored mail stays.
            BluemindFault: it says that it cannot, and means it.
        """
        until = self._until()
        waits, unwell = self.patience.waits(), 0
        while True:
            try:
                answer = self.core().api.ask(request)
                self.silence.error = None
                return answer
            except BluemindRefused as error:
                raise _refused(error) from error
            except BluemindUnreachable as error:
                self.forget()
                if (now := self.patience.clock()) >= until:
                    self.silence.error, self.silence.until = error, now + self.patience.untried
                    raise _away(error) from error
            except BluemindFault as error:
                unwell += 1
                if _is_meant(error):
                    raise
                if unwell >= self.patience.tries:
                    raise _unwell(error) from error
            next(waits)

    def _until(self) -> float:
        """How long it is waited for; of one that was away before one try is enough.

        Raises:
            StepFailed: it was away just now.
        """
        now, error = self.patience.clock(), self.silence.error
        if error is None:
            return now + self.patience.away
        if now < self.silence.until:
            raise _away(error)
        return now


def is_unknown(error: BluemindFault) -> bool:
    """Whether the core knows no such thing, or not any more."""
    return error.is_not_found


def is_running(error: BluemindFault) -> bool:
    """Whether a task of the same id is under way. Source: TasksManager.java."""
    return _RUNNING in (error.why or "")


def _is_meant(error: BluemindFault) -> bool:
    is_ours = error.status is None or error.status < _SERVER_SIDE
    return is_ours or error.fault in _MEANT or is_running(error)


def _refused(error: BluemindRefused) -> StepFailed:
    return StepFailed(
        error.what,
        why=error.why,
        hint="the mail is restored and stays; the key's account needs the role that is named here"
        " (manageUser, manageMailshare and manageMailbox are enough), or"
        " RESPOOL_BLUEMIND_KEY_FILE another key",
    )


def _away(error: BluemindUnreachable) -> StepFailed:
    return StepFailed(
        error.what,
        why=f"{error.why}; it was waited for",
        hint="the mail is restored and stays; once BlueMind's core (bm-core) answers again",
    )


def _unwell(error: BluemindFault) -> StepFailed:
    return StepFailed(
        error.what,
        why=error.why,
        hint="the mail is restored and stays; /var/log/bm/core.log says why the core cannot",
    )
