"""One folder of one generation, read for the catalogue: pure of what the catalogue has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.caches import Described, caches_of, fields_of_file
from respool.backups.mailboxes import read_with_seen
from respool.backups.source import SourceMailbox, tree_at
from respool.backups.stub_messages import marked_as_stubs
from respool.catalogue.folders import FolderCounts, IndexFile
from respool.catalogue.messages import GUID_SIZE, Fields, NewMessage
from respool.catalogue.stands import NOT_CHANGED, STOOD, Stood
from respool.cyrus.message_headers import keeps_first_field
from respool.cyrus.spool_paths import INDEX_FILE
from respool.errors import BackupError
from respool.model.accounts import Account, AccountKind
from respool.model.findings import Severity
from respool.model.inventory import (
    ARCHIVED,
    EXPUNGED,
    IN_ARCHIVE,
    NOWHERE,
    RECORD,
    Rows,
    StoredMailbox,
)
from respool.model.messages import EARLIEST_TIME, LATEST_TIME

_FIRST_WITH_SEEN: Final = 12  # an older index says nothing of \Seen: it is read each time
_SEEN: Final = 1 << 4
_MADE_UP: Final = b"\x01"  # after 20 octets that are no SHA-1 of a message
_MOST_OCTETS: Final = 1 << 50  # of one message: what says more is damaged
_MOST_TOGETHER: Final = 1 << 62  # of a folder; SQLite counts to 2 ** 63
_UNREADABLE: Final = "file-unreadable"
# Records were there that are not read now, or what they say is not known.
_DAMAGE: Final = frozenset(
    {
        "expunge-record-damaged",
        "expunge-unreadable",
        "header-missing",
        "header-unreadable",
        "index-count-too-high",
        "index-cut",
        "index-missing",
        "index-record-damaged",
        "index-record-impossible-uid",
        "index-record-out-of-order",
        "index-unreadable",
        _UNREADABLE,
    }
)
# Of RECORD what the catalogue needs, and what joining files and records needs.
COLUMNS: Final = np.dtype(
    [
        (name, RECORD[name])
        for name in (
            "uid",
            "internaldate",
            "last_updated",
            "size",
            "header_size",
            "system_flags",
            "user_flags",
            "guid",
            "modseq",
            "cache_offset",
            "cache_version",
            "cache_crc",
            "place",
            "file_size",
            "file_mtime",
        )
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a message stood: its flags, and what else is the same for very many."""

    flags: tuple[str, ...]
    is_expunged: bool
    is_archived: bool
    has_file: bool


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
        found = (each.text for each in self.mailbox.findings if each.code == _UNREADABLE)
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
            octets=min(int(line["size"]), _MOST_OCTETS),
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
    mailbox = read_with_seen(source, account, COLUMNS)
    visible = mailbox.visible()
    is_taken = visible | mailbox.recoverable()
    taken = np.flatnonzero(is_taken)
    at = np.concatenate([taken, -1 - np.arange(len(mailbox.orphans))])
    stood: Stood = np.zeros(len(at), dtype=STOOD)
    numbers, states = _states(mailbox, taken)
    _fill_records(stood[: len(taken)], source, mailbox.records[is_taken], numbers)
    if len(mailbox.orphans):
        states += tuple(_orphan_state(is_archived=each) for each in (False, True))
        _fill_orphans(stood[len(taken) :], source, mailbox.orphans, len(states) - 2)
        order = np.argsort(stood["uid"], kind="stable")
        stood, at = stood[order], at[order]
    return ReadFolder(
        source=source,
        mailbox=mailbox,
        stood=stood,
        at=at,
        states=states,
        counts=_counts(mailbox, account, visible, is_taken),
    )


def may_be_same(mailbox: StoredMailbox) -> bool:
    """Whether the index alone tells that nothing has changed."""
    return mailbox.index_version is not None and mailbox.index_version >= _FIRST_WITH_SEEN


def _states(
    mailbox: StoredMailbox, taken: NDArray[np.intp]
) -> tuple[NDArray[np.intp], tuple[State, ...]]:
    """For each record which of the states it has: few differ."""
    records = mailbox.records
    columns: Rows = np.zeros(
        len(taken), dtype=[("system", "u4"), ("user", "u4", (4,)), ("place", "u1")]
    )
    columns["system"] = records["system_flags"][taken]
    columns["user"] = records["user_flags"][taken]
    columns["place"] = records["place"][taken]
    octets = columns.view(f"V{columns.dtype.itemsize}")
    _, first, numbers = np.unique(
        octets.view(f"S{columns.dtype.itemsize}"), return_index=True, return_inverse=True
    )
    states = tuple(
        State(
            flags=tuple(
                map(_storable, mailbox.flag_names(int(each["system"]), each["user"].tobytes()))
            ),
            is_expunged=bool(int(each["system"]) & EXPUNGED),
            is_archived=bool(int(each["system"]) & ARCHIVED) or int(each["place"]) == IN_ARCHIVE,
            has_file=int(each["place"]) != NOWHERE,
        )
        for each in columns[first]
    )
    return numbers, states


def _orphan_state(*, is_archived: bool) -> State:
    return State(flags=(), is_expunged=False, is_archived=is_archived, has_file=True)


def _fill_records(
    stood: Stood, source: SourceMailbox, records: Rows, numbers: NDArray[np.intp]
) -> None:
    stood["uid"] = records["uid"]
    stood["date"] = records["internaldate"].clip(EARLIEST_TIME, LATEST_TIME)
    stood["state"] = numbers
    is_expunged = (records["system_flags"] & np.uint32(EXPUNGED)) != 0
    changed = records["last_updated"].clip(NOT_CHANGED, LATEST_TIME)
    stood["changed"] = np.where(is_expunged, changed, NOT_CHANGED)
    guids = np.ascontiguousarray(records["guid"]).view("S20")
    stood["guid"] = guids
    for row in np.flatnonzero(guids == b"").tolist():
        facts = (int(records[name][row]) for name in ("uid", "size", "internaldate"))
        stood["guid"][row] = _made_up(source, *facts)


def _fill_orphans(stood: Stood, source: SourceMailbox, orphans: Rows, state: int) -> None:
    stood["uid"] = orphans["uid"]
    stood["date"] = orphans["mtime"].clip(EARLIEST_TIME, LATEST_TIME)
    stood["state"] = state + (orphans["place"] == IN_ARCHIVE)
    stood["changed"] = NOT_CHANGED
    for row in range(len(orphans)):
        facts = (int(orphans[name][row]) for name in ("uid", "size", "mtime"))
        stood["guid"][row] = _made_up(source, *facts)


def _made_up(source: SourceMailbox, uid: int, size: int, date: int) -> bytes:
    """What stands for a GUID that nobody knows: the same where the message is the same."""
    text = f"{source.name.admin}\n{uid} {size} {date}".encode("utf-8", "surrogateescape")
    return blake2b(text, digest_size=GUID_SIZE).digest() + _MADE_UP


def _counts(
    mailbox: StoredMailbox,
    account: Account,
    visible: NDArray[np.bool_],
    is_taken: NDArray[np.bool_],
) -> FolderCounts:
    records, orphans = mailbox.records, mailbox.orphans
    is_seen_known = account.kind is AccountKind.USER or mailbox.shared_seen
    unseen = visible & ((records["system_flags"] & np.uint32(_SEEN)) == 0)
    blocking = (each.code for each in mailbox.findings if each.severity is Severity.BLOCKS)
    return FolderCounts(
        uniqueid=None if mailbox.uniqueid is None else _storable(mailbox.uniqueid),
        uidvalidity=mailbox.uidvalidity,
        messages=int(np.count_nonzero(visible)) + len(orphans),
        unseen=int(np.count_nonzero(unseen)) if is_seen_known and mailbox.has_index else None,
        expunged=int(np.count_nonzero(is_taken & ~visible)),
        size_octets=_together(records["size"][visible]) + _together(orphans["size"]),
        missing=int(np.count_nonzero(visible & (records["place"] == NOWHERE))),
        stubs=int(np.count_nonzero(marked_as_stubs(mailbox) & visible)),
        problem=next(blocking, None),
        odd=int(np.count_nonzero(_is_odd(records[is_taken]))),
        is_damaged=any(each.code in _DAMAGE for each in mailbox.findings),
    )


def _together(sizes: NDArray[np.generic]) -> int:
    octets = np.minimum(sizes, np.uint64(_MOST_OCTETS)) if sizes.dtype.kind == "u" else sizes
    return min(int(octets.sum(dtype=np.float64)), _MOST_TOGETHER)


def _is_odd(records: Rows) -> NDArray[np.bool_]:
    """Which records say a size or a time that cannot be: the nearest one is taken."""
    odd: NDArray[np.bool_] = records["size"] > np.uint64(_MOST_OCTETS)
    for name in ("internaldate", "last_updated"):
        odd |= (records[name] < EARLIEST_TIME) | (records[name] > LATEST_TIME)
    return odd


def _storable(text: str) -> str:
    """Names of a damaged header as SQLite takes them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
