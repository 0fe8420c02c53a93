"""Very many names, of which only is asked whether one is among them: 8 octets for each."""

from __future__ import annotations

import hashlib
from array import array

import numpy as np
from numpy.typing import NDArray


class KnownNames:
    """Names by their hashes of 64 bits; all are added before the first is asked for."""

    def __init__(self) -> None:
        self._hashes = array("Q")
        self._sorted: NDArray[np.uint64] | None = None

    def add(self, name: str) -> None:
        """One more."""
        self._hashes.append(_hash(name))

    def __contains__(self, name: str) -> bool:
        """Whether it was added; of so many names as an export has, no two have one hash."""
        if self._sorted is None:
            self._sorted = np.sort(np.frombuffer(self._hashes, dtype=np.uint64))
        wanted = np.uint64(_hash(name))
        at = int(np.searchsorted(self._sorted, wanted))
        return at < len(self._sorted) and bool(self._sorted[at] == wanted)


def _hash(name: str) -> int:
    octets = name.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(octets, digest_size=8).digest())
