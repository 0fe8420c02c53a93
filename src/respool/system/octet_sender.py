"""Sending on one connection beside others: a thread waits for it, and nobody else."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Final, Self

_MOST_PIECES: Final = 16  # that wait; who gives more waits himself


class OctetSender:
    """Sends pieces in their order, in a thread of its own, by ``send``.

    What was given is sent once `wait` returned; until then nobody else may use the connection.
    After an error nothing more is sent.
    """

    def __init__(self, send: Callable[[bytes | bytearray], None]) -> None:
        self._send = send
        self._pieces: queue.Queue[bytes | bytearray | None] = queue.Queue(_MOST_PIECES)
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    @classmethod
    def started(cls, send: Callable[[bytes | bytearray], None]) -> Self | None:
        """One that works; None where the system has no more threads for us."""
        sender = cls(send)
        try:
            sender._thread.start()
        except RuntimeError:
            return None
        return sender

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to be sent."""
        return not self._pieces.unfinished_tasks

    def give(self, piece: bytes | bytearray) -> None:
        """Have ``piece`` sent after what was given before; it may not be changed any more.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        self._check()
        self._pieces.put(piece)

    def wait(self) -> None:
        """Wait until all that was given is sent.

        Raises:
            ServerUnreachable: the connection is gone.
        """
        self._pieces.join()
        self._check()

    def end(self) -> None:
        """End the thread, once what was given is sent, or failed. Twice is the same as once."""
        if self._thread.is_alive():
            self._pieces.put(None)
            self._thread.join()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while True:
            piece = self._pieces.get()
            try:
                if piece is None:
                    return
                if self._error is None:
                    self._send(piece)
            except Exception as error:  # noqa: BLE001 - for who waits
                self._error = error
            finally:
                self._pieces.task_done()
