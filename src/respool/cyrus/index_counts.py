"""Counts of a ``cyrus.index`` without a value for each record: for folders of millions."""

from __future__ import annotations

from typing import Final

import numpy as np

from respool.cyrus.index import IndexHeader, sift
from respool.cyrus.index_columns import SEEN_BIT, Octets, chunks_of
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.inventory import EXPUNGED, UNLINKED

_HIDDEN: Final = np.uint32(EXPUNGED | UNLINKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexCounts:
    r"""What an index says of all its messages together.

    ``messages``, ``unseen`` and ``size_bytes`` are of those that a mail user sees;
    ``unseen`` is None where the version has no ``\Seen``. ``expunged`` may still have files.
    """

    version: int
    header: IndexHeader
    messages: int
    unseen: int | None
    expunged: int
    size_bytes: int
    findings: tuple[Finding, ...]


def count_index(octets: Octets) -> IndexCounts:
    """The counts of the records that `parse_index` gives, with as few octets as it can.

    Raises:
        TruncatedFile, UnknownIndexVersion, FormatError: as `parse_index`.
    """
    sifted = sift(octets)
    kept, disorder = sifted.in_order()
    messages = unseen = expunged = size_bytes = 0
    for first, _, rows in chunks_of(octets, sifted.layout, len(kept)):
        flags, mask = rows["system_flags"].astype("u4"), kept[first : first + len(rows)]
        visible = mask & ((flags & _HIDDEN) == 0)
        messages += int(np.count_nonzero(visible))
        unseen += int(np.count_nonzero(visible & ((flags & np.uint32(SEEN_BIT)) == 0)))
        expunged += int(np.count_nonzero(mask & ((flags & _HIDDEN) == EXPUNGED)))
        size_bytes += int(rows["size"][visible].sum(dtype="u8"))
    return IndexCounts(
        version=sifted.layout.version,
        header=sifted.header,
        messages=messages,
        unseen=unseen if sifted.layout.has_crcs else None,
        expunged=expunged,
        size_bytes=size_bytes,
        findings=(*sifted.findings, *disorder),
    )
