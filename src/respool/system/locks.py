"""A lock that dies with the process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from respool.errors import Locked


def try_to_hold(file: Path) -> int | None:
    """A descriptor that holds ``file`` for ourselves until closed; None where another has it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def is_held(file: Path) -> bool:
    """Whether a process holds ``file`` now; nothing is made of a file that is not there."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def waiting_for(directory: Path) -> Iterator[None]:
    """Hold ``directory`` for ourselves, after whoever has it now; no file is left of it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def record_locked(file: Path) -> Iterator[int]:
    """A descriptor of ``file``, locked as the mail server locks its own files (fcntl).

    Waits for whoever has it. No other descriptor of the file may be closed by this
    process meanwhile: that would let the lock go.

    Raises:
        OSError: as the system says.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(file: Path, *, what: str) -> Iterator[None]:
    """Hold ``file`` for ourselves; it keeps our process number for others to read.

    Raises:
        Locked: another process holds it, named by its number.
    """
    descriptor = try_to_hold(file)
    if descriptor is None:
        holder = file.read_text(encoding="ascii", errors="replace").strip()
        raise Locked(
            f"another run works on {what}",
            why=f"process {holder or 'unknown'} holds {file}",
            hint="wait until it has ended",
        )
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)
