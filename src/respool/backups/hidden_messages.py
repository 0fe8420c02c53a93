"""What nobody sees of a live mailbox though its files are kept: expunged, or below DELETED."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.source import SourceMailbox, look_up_index, read_mailbox, tree_at
from respool.cyrus.mailbox import FIRST_WITH_EXPUNGED, message_file
from respool.errors import BackupError
from respool.model.dataclasses import dataclass
from respool.model.inventory import (
    ARCHIVED,
    EXPUNGED,
    IN_ARCHIVE,
    IN_DATA,
    UNLINKED,
    Rows,
    StoredMailbox,
)
from respool.system.read_only import EntryKind

_AT_ONCE: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HiddenMessages:
    """A live mailbox, without its records, and the UIDs of those that nobody sees, ascending."""

    source: SourceMailbox
    mailbox: StoredMailbox
    uids: NDArray[np.uint32]

    @classmethod
    def of(cls, source: SourceMailbox, read: StoredMailbox) -> HiddenMessages:
        """Of a mailbox that was read, its files not looked at."""
        flags = read.records["system_flags"]
        hidden = (flags & np.uint32(UNLINKED)) == 0
        if not source.name.is_deleted:
            hidden &= (flags & np.uint32(EXPUNGED)) != 0
        uids = read.records["uid"][hidden]
        return cls(
            source=source, mailbox=replace(read, records=read.records[:0].copy()), uids=uids
        )

    def pieces(self, wanted: NDArray[np.uint32]) -> Iterator[StoredMailbox]:
        """The mailbox with those that are ``wanted`` (UIDs, ascending), some at a time.

        Their files alone are looked at. The index is as it is now: what a record has become
        since it was read it tells itself.

        Raises:
            BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
        """
        uids = np.intersect1d(self.uids, wanted, assume_unique=True)
        if not len(uids):
            return
        if (self.mailbox.index_version or 0) < FIRST_WITH_EXPUNGED:  # they are in a file beside
            yield read_mailbox(self.source)
            return
        index = look_up_index(self.source)
        if index is None:
            return
        for start in range(0, len(uids), _AT_ONCE):
            records = index.records(uids[start : start + _AT_ONCE])
            for row in records:
                self._place(row)
            yield replace(self.mailbox, records=records)

    def _place(self, row: Rows) -> None:
        """Write into a record what its file says: in the place that its flag names, or else."""
        is_archived = bool(int(row["system_flags"]) & ARCHIVED)
        for place in (IN_ARCHIVE, IN_DATA) if is_archived else (IN_DATA, IN_ARCHIVE):
            file = message_file(self.source.place, int(row["uid"]), place)
            try:
                entry = None if file is None else tree_at(self.source.spool).stat(file)
            except BackupError:
                entry = None
            if entry is not None and entry.kind is EntryKind.FILE:
                row["place"], row["file_size"] = place, entry.size_bytes
                return
