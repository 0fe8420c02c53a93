"""One folder of one generation, read for the catalogue: pure of what the catalogue has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.caches import Described, caches_of, fields_of_file
from respool.backups.mailboxes import read_with_seen
from respool.backups.source import SourceMailbox, tree_at
from respool.catalogue.folder_rows import (
    MOST_OCTETS,
    UNREADABLE,
    State,
    counts_of,
    fill_orphans,
    fill_records,
    orphan_state,
    states_of,
)
from respool.catalogue.folders import FolderCounts, IndexFile
from respool.catalogue.messages import GUID_SIZE, Fields, NewMessage
from respool.catalogue.stands import STOOD, Stood
from respool.cyrus.message_headers import keeps_first_field
from respool.cyrus.spool_paths import INDEX_FILE
from respool.errors import BackupError
from respool.model.accounts import Account
from respool.model.dataclasses import dataclass
from respool.model.inventory import (
    NOWHERE,
    SEARCHED,
    StoredMailbox,
)

_FIRST_WITH_SEEN: Final = 12  # an older index says nothing of \Seen: it is read each time


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFolder:
    """A folder as read. ``stood`` are its messages by UID; their ``state`` counts ``states``.

    ``at`` has for each its row in the records of ``mailbox``, or -1 - its row in the orphans.
    """

    source: SourceMailbox
    mailbox: StoredMailbox
    stood: Stood
    at: NDArray[np.int64]
    states: tuple[State, ...]
    counts: FolderCounts

    @property
    def unreadable(self) -> str | None:
        """What could not be read, and perhaps can be another time."""
        found = (each.text for each in self.mailbox.findings if each.code == UNREADABLE)
        return next(found, None)

    def described(self, wanted: NDArray[np.intp]) -> Iterator[NewMessage]:
        """What the messages ``wanted``, rows of ``stood``, are: of the cache, else of the file."""
        at = self.at[wanted]
        records = self.mailbox.records[at[at >= 0]]
        with caches_of(self.source, self.mailbox.generation) as caches:
            cached = caches.described(records)
            for stood, row in zip(self.stood[wanted], at.tolist(), strict=True):
                found = next(cached) if row >= 0 else None
                yield self._message(stood, row, found)

    def _message(self, stood: np.void, row: int, found: Described | None) -> NewMessage:
        line = self.mailbox.records[row] if row >= 0 else self.mailbox.orphans[-1 - row]
        fields: Fields | None = None if found is None else found.envelope
        if fields is None:
            version = int(line["cache_version"]) if row >= 0 else 0
            fields = fields_of_file(
                self.source,
                int(line["uid"]),
                int(line["place"]),
                is_first_kept=keeps_first_field(self.mailbox.index_version, version),
            )
        return NewMessage(
            guid=guid_octets(stood["guid"]),
            date=int(stood["date"]),
            octets=min(int(line["size"]), MOST_OCTETS),
            fields=fields,
            has_attachment=None if found is None else found.has_attachment,
            is_unread=fields is None and int(line["place"]) != NOWHERE,
        )


def guid_octets(column: bytes) -> bytes:
    """A GUID of the column ``guid``, which has lost the zeros at its end."""
    return bytes(column).ljust(GUID_SIZE, b"\0")


def index_file(source: SourceMailbox) -> IndexFile:
    """The folder's index as it lies there; nothing of it is read."""
    tree = tree_at(source.spool)
    for directory in (source.place.meta, source.place.data):
        if directory is None:
            continue
        try:
            entry = tree.stat(directory / INDEX_FILE)
        except BackupError:
            continue
        if entry is not None:
            return IndexFile(
                inode=_signed(entry.inode),
                octets=entry.size_bytes,
                mtime=_signed(entry.mtime_ns),
            )
    return IndexFile(inode=0, octets=0, mtime=0)


def _signed(number: int) -> int:
    """The same 64 bits as SQLite can have them: file systems know inodes of 2 ** 63 and more."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def read_folder(source: SourceMailbox, account: Account) -> ReadFolder:
    """All of a folder but what its messages are.

    Raises:
        BackupFileMissing, BackupUnreadable: the spool itself cannot be opened.
    """
    mailbox = read_with_seen(source, account, SEARCHED)
    visible = mailbox.visible()
    is_taken = visible | mailbox.recoverable()
    taken = np.flatnonzero(is_taken)
    at = np.concatenate([taken, -1 - np.arange(len(mailbox.orphans))])
    stood: Stood = np.zeros(len(at), dtype=STOOD)
    numbers, states = states_of(mailbox, taken)
    fill_records(stood[: len(taken)], source, mailbox.records[is_taken], numbers)
    if len(mailbox.orphans):
        states += tuple(orphan_state(is_archived=each) for each in (False, True))
        fill_orphans(stood[len(taken) :], source, mailbox.orphans, len(states) - 2)
        order = np.argsort(stood["uid"], kind="stable")
        stood, at = stood[order], at[order]
    return ReadFolder(
        source=source,
        mailbox=mailbox,
        stood=stood,
        at=at,
        states=states,
        counts=counts_of(mailbox, account, visible, is_taken),
    )


def may_be_same(mailbox: StoredMailbox) -> bool:
    """Whether the index alone tells that nothing has changed."""
    return mailbox.index_version is not None and mailbox.index_version >= _FIRST_WITH_SEEN
