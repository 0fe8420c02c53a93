"""What any process of this machine shows of a secret while something runs: words, variables."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_EVERY_SECONDS = 0.02
_OURS = "python"  # who was given the variables by the test itself


@contextmanager
def watched_processes(secrets: Callable[[], list[bytes]]) -> Iterator[set[str]]:
    """Looks all the time; the set fills with what showed one of ``secrets``.

    Words of every process are looked at, and variables of those that are not Python: the
    command itself may be told a key by a variable, nobody else.
    """
    shown: set[str] = set()
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_EVERY_SECONDS):
            known = secrets()
            for process in Path("/proc").glob("[0-9]*"):
                shown.update(_shown(process, known))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield shown
    finally:
        is_over.set()
        watcher.join()


def _shown(process: Path, secrets: list[bytes]) -> Iterator[str]:
    with suppress(OSError):
        words = (process / "cmdline").read_bytes()
        if any(secret in words for secret in secrets):
            yield f"words of {words[:40]!r}"
        program = (process / "exe").readlink().name
        if not program.startswith(_OURS):
            variables = (process / "environ").read_bytes()
            if any(secret in variables for secret in secrets):
                yield f"variables of {program}"
