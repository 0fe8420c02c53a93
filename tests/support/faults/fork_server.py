"""A process with respool imported and one thread, which forks one more for each command.

So a command costs no start of Python, and can be killed at any instant of it. Orders come
as lines of JSON on standard input; each is answered by one line.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import respool
from respool.finishing import patience
from tests.support.faults.phases import Order, carry_out
from tests.support.faults.points import Point, Watch

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_MOST_SECONDS = 120.0
_ENDED: dict[int, int] = {}  # process → status, since the last command was awaited
_CHECKOUT = Path(__file__).resolve().parents[3]
_NEEDED_LATE = ("_strptime", "encodings.idna", "httpx", "numpy.ma")
# A core that is a stand-in has done what it was asked for after milliseconds.
_QUICK = patience.Patience(first=0.01, longest=0.1)


class ForkServer:
    """The other end: gives orders, and gets answers."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.faults.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_CHECKOUT,
            env={**os.environ, "PYTHONPATH": f"{_CHECKOUT}{os.pathsep}{_CHECKOUT / 'src'}"},
        )
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait(timeout=_MOST_SECONDS)

    def ask(self, order: Order, cut: Point | None = None) -> Mapping[str, Any]:
        """Have a command carried out, and killed at ``cut``.

        ``ended`` is "killed", or what `carry_out` says; then there are ``counts``.
        ``pid`` was the process of the command.
        """
        words = {**order, "cut": None if cut is None else cut.as_json()}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait(timeout=_MOST_SECONDS)
            raise AssertionError(f"the fork server ended with {status} at {cut} of {order}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _serve() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _load_all()
    vars(patience)["USUAL"] = _QUICK
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        answer = _fork(order)
        sys.stdout.write(json.dumps({**answer, "seconds": time.monotonic() - begun}) + "\n")
        sys.stdout.flush()


def _load_all() -> None:
    """Load what a command loads when it first needs it: else each one had to."""
    for module in pkgutil.walk_packages(respool.__path__, "respool."):
        importlib.import_module(module.name)
    for name in _NEEDED_LATE:
        importlib.import_module(name)


def _fork(order: Order) -> dict[str, Any]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _live(order, writing)
    os.close(writing)
    try:
        octets = _read(reading, pid)
    finally:
        os.close(reading)
    status = _bury(pid)
    answer: dict[str, Any] = json.loads(octets) if octets else {"ended": "killed"}
    if os.WIFSIGNALED(status) and answer["ended"] != "killed":
        answer = {"ended": "broken", "told": f"ended by signal {os.WTERMSIG(status)}"}
    return {**answer, "pid": pid}


def _live(order: Order, writing: int) -> None:
    """The life of one command, to its end."""
    write = os.write

    def tell(answer: Mapping[str, Any]) -> None:
        octets = json.dumps(answer).encode()
        while octets:
            octets = octets[write(writing, octets) :]

    cut = None if order["cut"] is None else Point(**order["cut"])
    watch = Watch(cut, lambda: tell({"ended": "killed"}))
    watch.install()
    answer = carry_out(order)
    tell({**answer, "counts": watch.counts})
    os._exit(0)


def _read(reading: int, pid: int) -> bytes:
    octets = b""
    until = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < until:
        ready, _, _ = select.select([reading], [], [], 0.02)
        if not ready:
            _bury()
            continue
        piece = os.read(reading, 1 << 16)
        if not piece:
            return octets
        octets += piece
    os.kill(pid, signal.SIGKILL)
    return json.dumps({"ended": "broken", "told": "it did not end"}).encode()


def _bury(awaited: int | None = None) -> int:
    """Take processes that have ended off the system's list, those of killed commands, too.

    The command itself is waited for where it is ``awaited``; its status.
    """
    while awaited is not None and awaited not in _ENDED:
        pid, status = os.waitpid(-1, 0)
        _ENDED[pid] = status
    with contextlib.suppress(ChildProcessError):
        while (one := os.waitpid(-1, os.WNOHANG))[0]:
            _ENDED[one[0]] = one[1]
    status = 0 if awaited is None else _ENDED[awaited]
    if awaited is not None:
        _ENDED.clear()
    return status


if __name__ == "__main__":
    _serve()
