"""The beginning of ``cyrus.cache``: whose records they are, told without reading any."""

from __future__ import annotations

import mmap
from typing import Final

from respool.errors import TruncatedFile

_GENERATION_SIZE: Final = 4


def cache_generation(octets: bytes | bytearray | memoryview | mmap.mmap) -> int:
    """The generation that must equal that of the index for any record to be meant.

    Raises:
        TruncatedFile: fewer than four octets.
    """
    head = bytes(octets[:_GENERATION_SIZE])
    if len(head) < _GENERATION_SIZE:
        raise TruncatedFile("cyrus.cache is empty", expected="4 octets", found=str(len(head)))
    return int.from_bytes(head, "big")
