"""``cyrus.expunge`` of 2.3: records of messages that were deleted and whose files are kept.

Header and records are laid out as in ``cyrus.index`` of the same version, in the order in
which messages were expunged. Nothing but the count of the header means anything there.

Source: imap/mailbox.c @2.3.16, ``mailbox_expunge`` and ``process_records``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from respool.cyrus.index import sift
from respool.cyrus.index_columns import Octets, to_columns
from respool.cyrus.spool_paths import EXPUNGE_FILE
from respool.model.dataclasses import dataclass
from respool.model.findings import Finding, Severity
from respool.model.inventory import EXPUNGED, Rows
from respool.model.messages import UID_LIMIT

_CUT: Final = frozenset({"index-cut", "index-count-too-high"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expunged:
    """What a ``cyrus.expunge`` holds: RECORD rows by UID, each with EXPUNGED set."""

    version: int
    records: Rows
    findings: tuple[Finding, ...]


def parse_expunge(octets: Octets) -> Expunged:
    """The value of a whole ``cyrus.expunge``; of two records of one UID, the later.

    Records that no server writes are left out; one finding counts them.

    Raises:
        TruncatedFile, UnknownIndexVersion, FormatError: as `parse_index`.
    """
    sifted = sift(octets)
    kept = sifted.sound & (sifted.uids > 0) & (sifted.uids < UID_LIMIT)
    rows = to_columns(octets, sifted.layout, kept)
    _, last = np.unique(rows["uid"][::-1], return_index=True)
    rows = rows[len(rows) - 1 - last]
    rows["system_flags"] |= np.uint32(EXPUNGED)
    return Expunged(
        version=sifted.layout.version,
        records=rows,
        findings=tuple(_damage(len(kept) - int(np.count_nonzero(kept)), sifted.findings)),
    )


def _damage(lost: int, findings: tuple[Finding, ...]) -> Iterator[Finding]:
    if lost:
        yield _damaged(f"{lost:,} of its records hold what no server writes", lost)
    if any(each.code in _CUT for each in findings):
        yield _damaged("it has fewer records than it says", 1)


def _damaged(text: str, count: int) -> Finding:
    return Finding(
        severity=Severity.LOSS,
        code="expunge-record-damaged",
        subject=EXPUNGE_FILE,
        text=text,
        count=count,
    )
