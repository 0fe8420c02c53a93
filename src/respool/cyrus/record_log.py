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

RECORD_LIMIT: Final = 500_000
_LOOKED_AT: Final = 64  # records that a deletion may mean, of a file that is made to mislead


class RecordLog:
    """Records and deletions in the order in which they were written.

    A deletion does not say the key. What it says is the ``mark`` of a record: in a skiplist
    where it stands, in a twoskip file where it points, by its newest pointer. A record that
    is deleted is not written to again, so its mark stays what it was.
    """

    def __init__(self) -> None:
        self._offsets: array[int] = array("Q")
        self._keys: array[int] = array("q")  # a hash of each key, 64 bits wide
        self._marks: array[int] = array("Q")
        self._before: array[int] = array("Q")  # how many records stood before each deletion
        self._meant: array[int] = array("Q")
        self._own: array[int] = array("Q")

    def add(self, offset: int, key: bytes, mark: int) -> None:
        """A record.

        Raises:
            FormatError: more records than any such file should have.
        """
        self._check_room()
        self._offsets.append(offset)
        self._keys.append(hash(key))
        self._marks.append(mark)

    def delete(self, mark: int, own: int = 0) -> None:
        """The newest record with a mark is deleted; errors as `add`.

        In a chain the record before then points to the deletion, which stands at ``own``
        and leads on to ``mark``: from now on that counts as the same mark.
        """
        self._check_room()
        self._before.append(len(self._offsets))
        self._meant.append(mark)
        self._own.append(own)

    def surviving(self) -> array[int]:
        """Offsets of the records that count, in the order of writing."""
        offsets = np.frombuffer(self._offsets, dtype="u8")
        replaced_at = _replaced_at(np.frombuffer(self._keys, dtype="i8"))
        alive = np.ones(len(offsets), dtype=np.bool_)
        marked = _Index(np.frombuffer(self._marks, dtype="u8"))
        leading: dict[int, int] = {}  # the newest deletion that leads to a mark
        for before, mark, own in zip(self._before, self._meant, self._own, strict=True):
            candidates = marked.newest_of(mark, before)
            if own:
                candidates = marked.newest_of(leading.get(mark), before) + candidates
                leading[mark] = own
            for index in candidates:
                if alive[index] and replaced_at[index] >= before:
                    alive[index] = False
                    break
        return array("Q", offsets[alive & (replaced_at == len(offsets))].tobytes())

    def _check_room(self) -> None:
        if len(self._offsets) + len(self._before) >= RECORD_LIMIT:
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
