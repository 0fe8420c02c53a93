"""The messages of one folder as rows that the catalogue compares, and what the folder holds."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.backups.source import SourceMailbox
from respool.backups.stub_messages import marked_as_stubs
from respool.catalogue.folders import FolderCounts
from respool.catalogue.messages import GUID_SIZE
from respool.catalogue.stands import NOT_CHANGED, Stood
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.findings import Severity
from respool.model.inventory import (
    ARCHIVED,
    EXPUNGED,
    IN_ARCHIVE,
    NOWHERE,
    Rows,
    StoredMailbox,
)
from respool.model.messages import EARLIEST_TIME, LATEST_TIME

_SEEN: Final = 1 << 4
_MADE_UP: Final = b"\x01"  # after 20 octets that are no SHA-1 of a message
MOST_OCTETS: Final = 1 << 50  # of one message: what says more is damaged
_MOST_TOGETHER: Final = 1 << 62  # of a folder; SQLite counts to 2 ** 63
UNREADABLE: Final = "file-unreadable"
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
        UNREADABLE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a message stood: its flags, and what else is the same for very many."""

    flags: tuple[str, ...]
    is_expunged: bool
    is_archived: bool
    has_file: bool


def states_of(
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


def orphan_state(*, is_archived: bool) -> State:
    """How a message without a record stands: nobody knows its flags."""
    return State(flags=(), is_expunged=False, is_archived=is_archived, has_file=True)


def fill_records(
    stood: Stood, source: SourceMailbox, records: Rows, numbers: NDArray[np.intp]
) -> None:
    """Make ``stood`` say what records of an index say, with ``numbers`` of their states."""
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


def fill_orphans(stood: Stood, source: SourceMailbox, orphans: Rows, state: int) -> None:
    """The same of message files without records; ``state`` is theirs, archived ones' the next."""
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


def counts_of(
    mailbox: StoredMailbox,
    account: Account,
    visible: NDArray[np.bool_],
    is_taken: NDArray[np.bool_],
) -> FolderCounts:
    """What a folder holds: messages that are seen, and those taken in besides."""
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
    octets = np.minimum(sizes, np.uint64(MOST_OCTETS)) if sizes.dtype.kind == "u" else sizes
    return min(int(octets.sum(dtype=np.float64)), _MOST_TOGETHER)


def _is_odd(records: Rows) -> NDArray[np.bool_]:
    """Which records say a size or a time that cannot be: the nearest one is taken."""
    odd: NDArray[np.bool_] = records["size"] > np.uint64(MOST_OCTETS)
    for name in ("internaldate", "last_updated"):
        odd |= (records[name] < EARLIEST_TIME) | (records[name] > LATEST_TIME)
    return odd


def _storable(text: str) -> str:
    """Names of a damaged header as SQLite takes them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
