"""A real browser without a window, told what to do through a pipe; it asks no network itself.

Source: Chrome DevTools Protocol, "Target", "Runtime", "Network", "Page"; Chromium's switch
``--remote-debugging-pipe`` (messages end with a NUL, on descriptors 3 and 4).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from time import monotonic
from typing import Any

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # tests run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--no-first-run",
    "--lang=en-GB",
    "--window-size=1200,800",
    "--remote-debugging-pipe",
)
_SECONDS = 30.0


class PageFailed(AssertionError):
    """The page's script raised, or the browser did not answer in time."""


def browser_program() -> str | None:
    """A browser that can be driven, if there is one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Browser:
    """One page of a running browser."""

    def __init__(self, to: int, of: int) -> None:
        self._to, self._of = to, of
        self._number = 0
        self._rest = b""
        self._session: str | None = None
        self.requests: list[str] = []
        self.errors: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def open(self, page: Path) -> None:
        """Load a file, as a person opens it."""
        self.call("Page.navigate", url=page.as_uri())
        self.until("document.readyState === 'complete'")

    def value(self, script: str) -> Any:  # noqa: ANN401 - JSON of any kind
        """What an expression gives in the page, a promise's value once it has one."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise PageFailed(json.dumps(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until an expression is true."""
        end = monotonic() + _SECONDS
        while not self.value(f"new Promise(r => setTimeout(() => r(!!({script})), 20))"):
            if monotonic() > end:
                raise PageFailed(f"never true: {script}")

    def call(self, method: str, **values: Any) -> Any:  # noqa: ANN401 - as above
        """One command and its answer; what the page asked of the network is noted meanwhile."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": values}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise PageFailed(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        values = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(values)[:500])
        elif event.get("method") == "Log.entryAdded" and values["entry"]["level"] == "error":
            self.errors.append(values["entry"]["text"])

    def _next(self) -> dict[str, Any]:
        end = monotonic() + _SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select([self._of], [], [], max(0.0, end - monotonic()))
            piece = os.read(self._of, 1 << 16) if ready else b""
            if not piece:
                raise PageFailed("the browser does not answer")
            self._rest += piece
        octets, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(octets)
        return found


@contextmanager
def started_browser(program: str, profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, ended with all its processes."""
    read_commands, commands = os.pipe()
    answers, write_answers = os.pipe()

    def give_descriptors() -> None:
        first, second = os.dup(read_commands), os.dup(write_answers)
        os.dup2(first, 3)
        os.dup2(second, 4)

    process = subprocess.Popen(
        [program, *_SWITCHES, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=give_descriptors,  # noqa: PLW1509 - no thread runs in it
        close_fds=False,
        start_new_session=True,
        env=os.environ | {"TZ": "Europe/Paris"},
    )
    os.close(read_commands)
    os.close(write_answers)
    try:
        yield Browser(commands, answers)
    finally:
        os.close(commands)
        os.close(answers)
        process.kill()
        process.wait(10)
