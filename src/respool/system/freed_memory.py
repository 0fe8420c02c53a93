"""Memory that was freed, given back to the system: so what is read next does not come on top."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back_freed() -> None:
    """Let the allocator keep nothing that is free; nothing where it offers no such thing.

    glibc keeps freed arrays of up to 32 MiB for later ones, between others that are in use
    (mallopt(3), M_MMAP_THRESHOLD: it grows with what is freed).
    """
    with suppress(AttributeError):  # musl has none
        ctypes.CDLL(None).malloc_trim(0)
