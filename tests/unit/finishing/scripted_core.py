"""A core that says what a test has written down, and a clock that only runs while it is slept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from respool.bluemind.api_requests import ApiRequest
from respool.bluemind.families import Family
from respool.errors import BluemindFault
from respool.finishing.asking import Asking
from respool.finishing.patience import Patience

Answer = Any  # JSON, an error to raise, or a function of the request


def fault(code: str = "UNKNOWN", message: str = "", status: int = 500) -> BluemindFault:
    return BluemindFault("it cannot", why=message, status=status, fault=code)


def status(state: str, progress: float = 0.0, result: str | None = None) -> dict[str, Any]:
    return {"state": state, "steps": 1.0, "progress": progress, "result": result}


@dataclass(slots=True, kw_only=True)
class ScriptedCore:
    """``answers`` by ``METHOD /path``: one after the other, the last of them for ever."""

    answers: dict[str, list[Answer]]
    family: Family = Family.BM4
    asked: list[str] = field(default_factory=list)
    now: float = 0.0

    @property
    def api(self) -> ScriptedCore:
        return self

    def ask(self, request: ApiRequest) -> Any:  # noqa: ANN401 - JSON
        called = f"{request.method} {request.path}"
        self.asked.append(called)
        answers = self.answers[called]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if isinstance(answer, Callable) else answer  # type: ignore[arg-type]

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def count(self, called: str) -> int:
        return self.asked.count(called)

    @property
    def asking(self) -> Asking:
        patience = Patience(clock=lambda: self.now, sleep=self.sleep)
        return Asking(core=lambda: self, patience=patience)  # type: ignore[arg-type, return-value]
