"""The instants at which a command can be killed, and the wiring that kills it there.

It wraps, in a process that is made for one command alone, whatever changes something
outside of it: the journal's own records, and Python's functions for system calls. An
instant is just before or just after one of these, by its place among those of its name.
"""

from __future__ import annotations

import builtins
import ctypes
import fcntl
import io
import os
import signal
import socket
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from respool.runs.database import Database
from respool.runs.journal import Change, Journal, RunJournal
from respool.system import durable
from respool.system.bluemind_api import BluemindApi

Moment = Literal["before", "after"]
MOMENTS: Final[tuple[Moment, ...]] = ("before", "after")
JOURNAL: Final = "journal record"
BLUEMIND: Final = "call of BlueMind"
Counts = Mapping[str, Mapping[str, int]]  # group → name → how often
Wanted = Callable[..., bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One instant: ``moment`` of the ``ordinal``-th call (from 1) of ``name``."""

    group: str
    name: str
    ordinal: int
    moment: Moment

    def __str__(self) -> str:
        return f"{self.moment} {self.group} {self.name} #{self.ordinal}"

    def as_json(self) -> dict[str, Any]:
        """As it is sent to the process that is to be killed."""
        return asdict(self)


def _always(*_: Any, **__: Any) -> bool:  # noqa: ANN401 - stands before anything
    return True


def _is_opened_to_write(_path: Any, flags: int = 0, *_: Any, **__: Any) -> bool:  # noqa: ANN401
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _is_stream_to_write(file: Any, mode: str = "r", *_: Any, **__: Any) -> bool:  # noqa: ANN401
    return not isinstance(file, int) and bool(set(mode) & set("wax+"))


# Group → whose attribute, its name, and which of its calls count.
CALLS: Final[Mapping[str, tuple[tuple[Any, str, Wanted], ...]]] = {
    "open or create": (
        (os, "open", _is_opened_to_write),
        (io, "open", _is_stream_to_write),
        (builtins, "open", _is_stream_to_write),
    ),
    "write or copy": (
        (os, "write", _always),
        (os, "pwrite", _always),
        (os, "copy_file_range", _always),
        (os, "sendfile", _always),
        (fcntl, "ioctl", _always),
    ),
    "flush": ((os, "fsync", _always), (os, "fdatasync", _always)),
    "rename or link": ((os, "rename", _always), (os, "replace", _always), (os, "link", _always)),
    "remove": ((os, "unlink", _always), (os, "remove", _always), (os, "rmdir", _always)),
    "make a directory": ((os, "mkdir", _always),),
    "owner, mode, time, size": tuple(
        (os, name, _always)
        for name in ("chmod", "fchmod", "chown", "fchown", "utime", "truncate", "ftruncate")
    ),
    "lock": ((fcntl, "flock", _always), (fcntl, "lockf", _always)),
    "IMAP command": ((socket.socket, "sendall", _always), (socket.socket, "connect", _always)),
    BLUEMIND: ((BluemindApi, "ask", _always),),
    "program": (
        (subprocess.Popen, "__init__", _always),
        (subprocess.Popen, "communicate", _always),
    ),
    "SQLite": (
        (Database, "write", _always),
        (sqlite3, "connect", _always),
        (Journal, "begin", _always),
    ),
}


class Watch:
    """Counts the instants of this very process, and kills it at one of them."""

    def __init__(self, cut: Point | None, last_words: Callable[[], None]) -> None:
        """Wrap nothing yet; ``last_words`` is called right before the end."""
        self._cut = cut
        self._last_words = last_words
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[str]] = {}

    @property
    def counts(self) -> Counts:
        """How often each name was called so far."""
        return {group: dict(names) for group, names in self._counts.items()}

    def install(self) -> None:
        """Wrap all of `CALLS`, the flush of a file system, and the records of the journal."""
        for group, calls in CALLS.items():
            for owner, name, is_wanted in calls:
                real = getattr(owner, name)
                label = f"{getattr(owner, '__name__', owner)}.{name}"
                setattr(owner, name, self._around(real, group, label, is_wanted))
        sync: Any = ctypes.CDLL(None, use_errno=True).syncfs
        vars(durable._LIBC)["syncfs"] = self._around(sync, "flush", "syncfs", _always)
        self._install_journal()

    def _install_journal(self) -> None:
        note, mark = RunJournal._note, RunJournal.mark

        def noted(journal: RunJournal, changes: Sequence[Change]) -> None:
            # Of several by the first: which others wait for its flush is a matter of chance.
            label = f"step {changes[0].number} {changes[0].state}" if changes else "no step"
            self._around(note, JOURNAL, label, _always)(journal, changes)

        def marked(journal: RunJournal, state: str, **more: Any) -> None:  # noqa: ANN401
            self._around(mark, JOURNAL, f"run {state}", _always)(journal, state, **more)

        vars_of: Any = RunJournal
        vars_of._note, vars_of.mark = noted, marked

    def _around(
        self, real: Callable[..., Any], group: str, name: str, is_wanted: Wanted
    ) -> Callable[..., Any]:
        def call(*words: Any, **more: Any) -> Any:  # noqa: ANN401 - stands for anything
            if not is_wanted(*words, **more):
                return real(*words, **more)
            with self._lock:
                names = self._counts.setdefault(group, Counter())
                names[name] += 1
                ordinal = names[name]
            self._pass(group, name, ordinal, "before")
            try:
                return real(*words, **more)
            finally:
                self._pass(group, name, ordinal, "after")

        return call

    def _pass(self, group: str, name: str, ordinal: int, moment: Moment) -> None:
        here = Point(group=group, name=name, ordinal=ordinal, moment=moment)
        if here == self._cut:
            self._last_words()
            os.kill(os.getpid(), signal.SIGKILL)


def points_of(counts: Counts, groups: Iterable[str] | None = None) -> list[Point]:
    """Every instant of a command that counted so much, of these groups or of all."""
    wanted = None if groups is None else set(groups)
    return [
        Point(group=group, name=name, ordinal=ordinal, moment=moment)
        for group, names in sorted(counts.items())
        if wanted is None or group in wanted
        for name, often in sorted(names.items())
        for ordinal in range(1, often + 1)
        for moment in MOMENTS
    ]
