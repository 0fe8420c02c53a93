"""Records of a ``cyrus.index`` by their UIDs, some at a time: never all of a million at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.index import IndexHeader, sift
from respool.cyrus.index_columns import Octets, rows_at
from respool.cyrus.index_layouts import IndexLayout
from respool.model.dataclasses import dataclass
from respool.model.inventory import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexLookup:
    """An index that was looked through once. ``octets`` are read again for each question.

    ``numbers`` are those of its records that can be believed, None where all of them can;
    ``uids`` are their UIDs, which ascend.
    """

    header: IndexHeader
    layout: IndexLayout
    octets: Octets
    numbers: NDArray[np.uint32] | None
    uids: NDArray[np.uint32]

    @classmethod
    def of(cls, octets: Octets) -> IndexLookup:
        """The index in ``octets``.

        Raises:
            TruncatedFile, UnknownIndexVersion, FormatError: as `parse_index`.
        """
        sifted = sift(octets)
        kept, _ = sifted.in_order()
        is_whole = bool(kept.all())
        return cls(
            header=sifted.header,
            layout=sifted.layout,
            octets=octets,
            numbers=None if is_whole else np.flatnonzero(kept).astype(np.uint32),
            uids=sifted.uids if is_whole else sifted.uids[kept],
        )

    def records(self, uids: NDArray[np.uint32]) -> Rows:
        """RECORD rows of those of ``uids`` that it has; both ascend."""
        at = np.searchsorted(self.uids, uids)
        is_there = at < len(self.uids)
        at = at[is_there]
        at = at[self.uids[at] == uids[is_there]].astype(np.uint32)
        numbers = at if self.numbers is None else self.numbers[at]
        return rows_at(self.octets, self.layout, numbers)
