"""Standard streams of the command: a result that cannot be written ends it, a message does not.

Whatever writes to them, a library too, meets the same: nobody else expects that it fails.
"""

from __future__ import annotations

import io
import os
import select
import sys
from typing import TYPE_CHECKING, Final, TextIO

from respool.cli.failures import OutputLost

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDOUT: Final = 1
STDERR: Final = 2


class ResultStream(io.FileIO):
    """Where results go."""

    def write(self, octets: ReadableBuffer, /) -> int:
        """Write some of ``octets``; how many.

        Raises:
            BrokenPipeError: whoever read it has gone.
            OutputLost: it cannot be written.
        """
        try:
            return _written(self.fileno(), octets)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputLost.by(error) from error


class MessageStream(io.FileIO):
    """Where messages beside a result go. One that cannot be written is let go.

    A restore that was agreed to is not left undone because nobody hears of it, and an error
    keeps its exit status.
    """

    def write(self, octets: ReadableBuffer, /) -> int:
        """Write some of ``octets``, or none; how many need not be written again."""
        try:
            return _written(self.fileno(), octets)
        except OSError:
            return memoryview(octets).nbytes


def open_streams() -> None:
    """Put ours in the place of Python's own, and open those that we were started without.

    Else files of ours would get the numbers of what is closed. What a caller within Python
    has put there stays.
    """
    if sys.__stdout__ is not None and sys.stdout is sys.__stdout__:
        sys.stdout = _like(sys.__stdout__, ResultStream(STDOUT, "w", closefd=False))
    if sys.__stderr__ is not None and sys.stderr is sys.__stderr__:
        sys.stderr = _like(sys.__stderr__, MessageStream(STDERR, "w", closefd=False))
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def let_result_go() -> None:
    """Nothing more is to be said: what was not written would fail again at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT)


def _like(stream: io.TextIOWrapper, raw: io.FileIO) -> TextIO:
    """Text over ``raw``, written in the manner of ``stream``."""
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering or stream.write_through,
    )


def _written(number: int, octets: ReadableBuffer) -> int:
    """How many were written; some at least, if need be later."""
    while True:
        try:
            return os.write(number, octets)
        except BlockingIOError:  # somebody who has the same terminal wants not to wait
            select.select([], [number], [])
