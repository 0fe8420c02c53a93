"""Which records of an append-only database count, once all that was written is known.

A later record of a key replaces the one before. Held in about 50 octets a record, whatever
is in the keys, so that no file can make it large.
"""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.errors import FormatError

RECORD_LIMIT: Final = 1_000_000
_LOOKED_AT: Final = 64  # records that a deletion may mean, of a file that is made to mislead
_NO_DELETION: Final = 0


class RecordLog:
    """Records and deletions in the order in which they were written."""

    def __init__(self) -> None:
        self._offsets: array[int] = array("Q")
        self._keys: array[int] = array("q")  # a hash of each key, 64 bits wide
        self._nexts: array[int] = array("Q")
        self._before: array[int] = array("Q")  # how many records stood before each deletion
        self._deletions: array[int] = array("Q")  # where it stands
        self._targets: array[int] = array("Q")

    def add(self, offset: int, key: bytes, next_offset: int = 0) -> None:
        """A record. ``next_offset`` is where it points, by its newest pointer.

        Raises:
            FormatError: more records than any such file should have.
        """
        self._check_room()
        self._offsets.append(offset)
        self._keys.append(hash(key))
        self._nexts.append(next_offset)

    def delete_at(self, offset: int) -> None:
        """The record at an offset is deleted; errors as `add`."""
        self._delete(_NO_DELETION, offset)

    def delete_before(self, own_offset: int, offset: int) -> None:
        """The record that stood before the one at ``offset`` is deleted; errors as `add`.

        ``offset`` is 0 where it was the last. ``own_offset`` is where the deletion stands.
        A deleted record is never written to again: it still points to what followed it
        then, or to an earlier deletion that led there.
        """
        self._delete(own_offset, offset)

    def surviving(self) -> array[int]:
        """Offsets of the records that count, in the order of writing."""
        offsets = np.frombuffer(self._offsets, dtype="u8")
        replaced_at = _replaced_at(np.frombuffer(self._keys, dtype="i8"))
        alive = np.ones(len(offsets), dtype=np.bool_)
        pointing = _Index(np.frombuffer(self._nexts, dtype="u8"))
        standing = _Index(offsets)
        led_there: dict[int, int] = {}  # the newest deletion that leads to an offset
        for before, own, target in zip(self._before, self._deletions, self._targets, strict=True):
            if own == _NO_DELETION:
                candidates = standing.newest_of(target, before)
            else:
                by_deletion = pointing.newest_of(led_there.get(target), before)
                candidates = by_deletion + pointing.newest_of(target, before)
                led_there[target] = own
            for index in candidates:
                if alive[index] and replaced_at[index] >= before:
                    alive[index] = False
                    break
        return array("Q", offsets[alive & (replaced_at == len(offsets))].tobytes())

    def _delete(self, own_offset: int, target: int) -> None:
        self._check_room()
        self._before.append(len(self._offsets))
        self._deletions.append(own_offset)
        self._targets.append(target)

    def _check_room(self) -> None:
        if len(self._offsets) + len(self._deletions) >= RECORD_LIMIT:
            raise FormatError(f"a database with more than {RECORD_LIMIT} records in its log")


class _Index:
    """Which indexes of an array have a value."""

    def __init__(self, values: NDArray[np.uint64]) -> None:
        self._order = np.argsort(values, kind="stable")
        self._sorted = values[self._order]

    def newest_of(self, value: int | None, before: int) -> list[int]:
        """The last few indexes below ``before`` with ``value``, last first; of None none."""
        if value is None:
            return []
        wanted = np.uint64(value)
        start = np.searchsorted(self._sorted, wanted, side="left")
        end = np.searchsorted(self._sorted, wanted, side="right")
        same = self._order[start:end]
        same = same[: np.searchsorted(same, before)]
        newest: list[int] = same[-_LOOKED_AT:][::-1].tolist()
        return newest


def _replaced_at(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each record, the index of the next one with its key; their number where none is."""
    count = len(keys)
    order = np.argsort(keys, kind="stable")
    replaced_at = np.full(count, count, dtype=np.int64)
    is_same = keys[order[1:]] == keys[order[:-1]]
    replaced_at[order[:-1][is_same]] = order[1:][is_same]
    return replaced_at
