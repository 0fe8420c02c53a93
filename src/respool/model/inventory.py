"""What mailboxes hold, as read: columns for millions of messages, values one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import PurePosixPath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from respool.model.dataclasses import dataclass
from respool.model.findings import Finding
from respool.model.messages import (
    SYSTEM_FLAGS,
    PartitionName,
    StoredMessage,
    Uid,
    UidValidity,
    at_utc,
)
from respool.model.names import MailboxName

Columns = np.dtype[np.void]  # of records: RECORD, or some of it
Rows = NDArray[np.void]  # a structured array of RECORD, some of its columns, or FILE

# The times of a record, in the order of its ``nanoseconds``.
RECORD_TIMES: Final = ("internaldate", "sentdate", "gmtime", "last_updated", "savedate")

# One record, the same for every index version, all that any of them says. Times are whole
# seconds since 1970, what is left of each is in ``nanoseconds``. What a version does not
# have is zero: so is ``guid`` where a server before 2.3.10 made a ``message_uuid`` instead,
# which is no hash of the message. The last three columns are of the message file.
RECORD: Final = np.dtype(
    [
        ("uid", "u4"),
        ("internaldate", "i8"),
        ("sentdate", "i8"),
        ("gmtime", "i8"),
        ("last_updated", "i8"),
        ("savedate", "i8"),
        ("nanoseconds", "u4", (5,)),
        ("size", "u8"),
        ("header_size", "u4"),
        ("content_offset", "u4"),
        ("content_lines", "u4"),
        ("system_flags", "u4"),
        ("user_flags", "u4", (4,)),
        ("guid", "V20"),
        ("message_uuid", "V12"),
        ("modseq", "u8"),
        ("createdmodseq", "u8"),
        ("cid", "u8"),
        ("basecid", "u8"),
        ("cache_offset", "u8"),
        ("cache_version", "u2"),
        ("cache_crc", "u4"),
        ("place", "u1"),
        ("file_size", "i8"),
        ("file_mtime", "i8"),
    ]
)

# Of RECORD what counts and findings of a mailbox are made of, for folders of millions.
COUNTED: Final = np.dtype(
    [
        (name, RECORD[name])
        for name in (
            "uid",
            "size",
            "system_flags",
            "user_flags",
            "guid",
            "modseq",
            "place",
            "file_size",
            "file_mtime",
        )
    ]
)

# Of RECORD what a restore goes by: 77 octets where all of RECORD has 199.
RESTORED: Final = np.dtype(
    [
        (name, RECORD[name])
        for name in (
            "uid",
            "internaldate",
            "size",
            "system_flags",
            "user_flags",
            "guid",
            "place",
            "file_size",
            "file_mtime",
        )
    ]
)

# Of RECORD what two states of a mailbox are compared by: 45 octets.
COMPARED: Final = np.dtype(
    [(name, RECORD[name]) for name in ("uid", "system_flags", "user_flags", "guid", "place")]
)

# Of RECORD what a check holds files and caches against: 75 octets.
CHECKED: Final = np.dtype(
    [
        (name, RECORD[name])
        for name in (
            "uid",
            "size",
            "system_flags",
            "user_flags",
            "guid",
            "cache_offset",
            "cache_version",
            "cache_crc",
            "place",
            "file_size",
        )
    ]
)

# Of RECORD what a list of messages tells of each, and where its cache record is: 95 octets.
LISTED: Final = np.dtype(
    [
        (name, RECORD[name])
        for name in (
            "uid",
            "internaldate",
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
        )
    ]
)

# The same, and what conditions, a restore and the catalogue go by besides: 111 octets.
SEARCHED: Final = np.dtype(
    [(name, RECORD[name]) for name in (*(LISTED.names or ()), "last_updated", "file_mtime")]
)

# Of RECORD what tells whether people see a message: 28 octets. Where files are it does not say.
PRESENT: Final = np.dtype([(name, RECORD[name]) for name in ("uid", "system_flags", "guid")])

# One message file as a directory lists it.
FILE: Final = np.dtype([("uid", "u4"), ("size", "i8"), ("mtime", "i8"), ("place", "u1")])

# The same of one of which nothing but its name is known.
NAMED: Final = np.dtype([("uid", "u4"), ("place", "u1")])

UNKNOWN_SIZE: Final = -1  # of a file that was not asked for it
NOWHERE: Final = 0  # no file was found for the record
IN_DATA: Final = 1
IN_ARCHIVE: Final = 2

SYSTEM_FLAG_MASK: Final = 0x1F
ARCHIVED: Final = 1 << 29
UNLINKED: Final = 1 << 30
EXPUNGED: Final = 1 << 31
INTERNAL_FLAGS_MASK: Final = 0xFC000000


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxPlace:
    """Where a mailbox lies in a spool: directories relative to the spool's root, or None."""

    partition: PartitionName
    data: PurePosixPath | None = None
    meta: PurePosixPath | None = None
    archive: PurePosixPath | None = None

    @property
    def directory(self) -> PurePosixPath | None:
        """The one to name in a finding: meta, else data, else archive."""
        return self.meta or self.data or self.archive


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMailbox:
    """One mailbox as read.

    ``records`` are rows of RECORD, or of what whoever read them needs of it (COUNTED,
    RESTORED, COMPARED, CHECKED, LISTED, SEARCHED, PRESENT), in UID order, expunged ones
    included, and are empty where ``has_index`` is False. ``orphans`` are FILE rows of message
    files without a record. ``keywords`` are the names of the user-flag slots, None for a hole.
    ``generation`` is the index's; a cache of another one is not meant.
    ``deleted_uids`` have no record, though a former server noted them as deleted.
    """

    name: MailboxName
    place: MailboxPlace
    has_index: bool
    index_version: int | None
    uniqueid: str | None
    uidvalidity: UidValidity | None
    last_uid: int
    highestmodseq: int | None
    shared_seen: bool
    quota_root: str | None
    acl: Mapping[str, str]
    keywords: tuple[str | None, ...]
    records: Rows
    orphans: Rows
    index_time: int | None = None
    generation: int | None = None
    deleted_uids: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, dtype=np.uint32))
    findings: tuple[Finding, ...] = field(default=())

    def visible(self) -> NDArray[np.bool_]:
        """Mask of the records that a mail user sees."""
        hidden = np.uint32(EXPUNGED | UNLINKED)
        mask: NDArray[np.bool_] = (self.records["system_flags"] & hidden) == 0
        return mask

    def recoverable(self) -> NDArray[np.bool_]:
        """Mask of the expunged records whose file is still there."""
        flags = self.records["system_flags"]
        expunged = (flags & np.uint32(EXPUNGED)) != 0
        linked = (flags & np.uint32(UNLINKED)) == 0
        mask: NDArray[np.bool_] = expunged & linked & (self.records["place"] != NOWHERE)
        return mask

    def restorable(self) -> NDArray[np.bool_]:
        """Mask of the visible records whose file is there with the size of the record."""
        there = self.records["place"] != NOWHERE
        whole = self.records["file_size"] == self.records["size"].view("i8")
        mask: NDArray[np.bool_] = self.visible() & there & whole
        return mask

    def has_guid(self, guid: bytes) -> NDArray[np.bool_]:
        """Mask of the records with this GUID of 20 octets."""
        mask: NDArray[np.bool_] = self.records["guid"] == np.void(guid)
        return mask

    def messages(self, mask: NDArray[np.bool_] | None = None) -> Iterator[StoredMessage]:
        """The messages of ``mask`` (all visible ones without it), in UID order, lazily."""
        chosen = self.records[self.visible() if mask is None else mask]
        for row in chosen:
            yield self._message(row)

    def flags_of(self, row: Any) -> tuple[str, ...]:  # noqa: ANN401 - a NumPy row has no type
        """Flag and keyword names of one record; bits of unnamed slots are left out."""
        return self.flag_names(int(row["system_flags"]), row["user_flags"].tobytes())

    def flag_names(self, system_flags: int, user_flags: bytes) -> tuple[str, ...]:
        """As `flags_of`; ``user_flags`` are the octets of the four words, as RECORD has them."""
        flags = [name for bit, name in SYSTEM_FLAGS if system_flags & bit]
        if any(user_flags):
            words = np.frombuffer(user_flags, dtype="u4").tolist()
            flags += [
                keyword
                for slot, keyword in enumerate(self.keywords)
                if keyword is not None and words[slot // 32] >> (slot % 32) & 1
            ]
        return tuple(flags)

    def _message(self, row: Any) -> StoredMessage:  # noqa: ANN401 - as above
        bits = int(row["system_flags"])
        guid = row["guid"].tobytes()
        return StoredMessage(
            uid=Uid(int(row["uid"])),
            guid=guid.hex() if any(guid) else None,
            internaldate=at_utc(int(row["internaldate"])),
            size_bytes=int(row["size"]),
            flags=self.flags_of(row),
            is_expunged=bool(bits & EXPUNGED),
            is_archived=bool(bits & ARCHIVED),
            has_file=int(row["place"]) != NOWHERE,
        )
