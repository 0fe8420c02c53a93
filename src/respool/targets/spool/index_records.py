"""Laying planned messages out as index records of version 12, which every server takes.

Source: recipe T5, tried on 2.4.22, 3.0.18, 3.6.1, 3.10.3 and 3.13.1.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.cache import Buffer, record_ends
from respool.cyrus.header import KEYWORD_LIMIT
from respool.cyrus.index import IndexHeader
from respool.model.dataclasses import dataclass
from respool.model.inventory import ARCHIVED, RECORD, Rows
from respool.model.messages import SYSTEM_FLAGS
from respool.planning.step import PlannedMessage

INDEX_VERSION = 12
_CACHE_START_OCTETS = 4
_DEFAULT_OPTIONS = 1  # POP3_NEW_UIDL, what every server sets
_FIRST_MODSEQ = 2
_CACHE_LIMIT = 1 << 32  # what version 12 can point at
_ANSWERED, _FLAGGED, _DELETED, _SEEN = 1, 2, 4, 16
_SYSTEM_BITS = {name: bit for bit, name in SYSTEM_FLAGS}
_SLOTS_A_WORD = 32
_FASTEST = 1
_NO_GUID = "00" * 20
_CARRIED_COLUMNS = ("header_size", "sentdate", "gmtime", "cache_version", "cache_crc")
_LAID = np.dtype(  # of RECORD what one message has otherwise than another
    [
        (name, RECORD[name])
        for name in (
            *("uid", "internaldate", "size", "system_flags", "user_flags", "guid"),
            *_CARRIED_COLUMNS,
            "cache_offset",
        )
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshIndex:
    """What is kept of the index that the server made; ``version`` None: it cannot be read."""

    version: int | None
    header: IndexHeader

    @property
    def modseq(self) -> int:
        """The modseq of everything that we add."""
        return max(_FIRST_MODSEQ, self.header.highestmodseq or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCache:
    """The source's index records by UID, and its caches of data and archive partition.

    ``records`` gives RECORD rows of those of some UIDs that it has, in their order.
    """

    records: Callable[[NDArray[np.uint32]], Rows]
    data: Buffer | None
    archive: Buffer | None


class IndexDraft:
    """Index records of one mailbox, laid out group by group in UID order.

    What nobody knows is zero: reconstruct parses it anew. Slot n of ``keywords`` is
    bit n of a record's user flags. Of a million records all that is kept is what differs,
    and that packed: 50 octets of each.
    """

    def __init__(self, fresh: FreshIndex, *, keeps_archive: bool = False) -> None:
        self.keywords: dict[str, int] = {}
        self.cached = 0
        self.count = 0
        self._keeps_archive = keeps_archive
        self._fresh = fresh
        self._packed: list[bytes] = []
        self._uids: list[NDArray[np.uint32]] = []
        self._archived: list[NDArray[np.bool_]] = []
        self._flagged = dict.fromkeys((_ANSWERED, _FLAGGED, _DELETED, _SEEN), 0)
        self._octets = 0
        self._bits: dict[tuple[str, ...], tuple[int, list[int]]] = {}
        self._cache_octets = _CACHE_START_OCTETS
        self._newest = 0

    @property
    def cache_start(self) -> bytes:
        """What a cache begins with: the generation of the index, which stays as it was."""
        return self._fresh.header.generation.to_bytes(_CACHE_START_OCTETS, "big")

    def add(
        self, messages: Sequence[PlannedMessage], source: SourceCache | None
    ) -> Iterator[bytes]:
        """Lay out ``messages``; the cache records to be written next, in order.

        A cache record is carried over where it is sound and belongs to the planned
        octets (same uid, guid and size). Nothing of a message that is not restored is.
        """
        rows = self._laid(messages)
        if source is not None:
            yield from self._carried(rows, source)
        self._keep(rows)

    def _keep(self, rows: Rows) -> None:
        flags = rows["system_flags"]
        self._packed.append(zlib.compress(rows.tobytes(), _FASTEST))
        self._uids.append(rows["uid"].copy())
        self._archived.append((flags & np.uint32(ARCHIVED)) != 0)
        for bit in self._flagged:
            self._flagged[bit] += int(np.count_nonzero(flags & np.uint32(bit)))
        self._octets += int(rows["size"].sum())
        self.count += len(rows)
        self._newest = max(self._newest, int(rows["internaldate"].max(initial=0)))

    def blocks(self) -> Iterator[Rows]:
        """RECORD rows of all so far, some hundreds at a time, in UID order."""
        for packed in self._packed:
            laid = np.frombuffer(zlib.decompress(packed), dtype=_LAID)
            rows: Rows = np.zeros(len(laid), dtype=RECORD)
            for name in _LAID.names or ():
                rows[name] = laid[name]
            rows["modseq"] = self._fresh.modseq
            rows["last_updated"] = self._newest
            yield rows

    def uids(self) -> NDArray[np.uint32]:
        """The UIDs of all so far, ascending."""
        return np.concatenate([np.zeros(0, dtype="u4"), *self._uids])

    def archived(self) -> NDArray[np.bool_]:
        """Which of all so far belong into the archive."""
        return np.concatenate([np.zeros(0, dtype=np.bool_), *self._archived])

    def latest(self) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
        """UIDs of what was added last, and which of them belong into the archive."""
        return self._uids[-1], self._archived[-1]

    def header(self, *, header_file_crc: int, fresh: FreshIndex | None = None) -> IndexHeader:
        """The header of an index of all so far: what the server chose stays, counts are ours.

        ``fresh`` is the server's as it is now, where that may be another by now.
        """
        fresh = fresh or self._fresh
        return replace(
            fresh.header,
            last_appenddate=self._newest,
            last_uid=max((int(each.max(initial=0)) for each in self._uids), default=0),
            quota_used=self._octets,
            deleted_count=self._flagged[_DELETED],
            answered_count=self._flagged[_ANSWERED],
            flagged_count=self._flagged[_FLAGGED],
            unseen=self.count - self._flagged[_SEEN],
            options=fresh.header.options or _DEFAULT_OPTIONS,
            highestmodseq=fresh.modseq,
            exists=self.count,
            header_file_crc=header_file_crc,
        )

    def _laid(self, messages: Sequence[PlannedMessage]) -> Rows:
        rows: Rows = np.zeros(len(messages), dtype=_LAID)
        rows["uid"] = [message.uid for message in messages]
        rows["internaldate"] = [message.internaldate for message in messages]
        rows["size"] = [message.size_bytes for message in messages]
        guids = b"".join(bytes.fromhex(message.guid or _NO_GUID) for message in messages)
        rows["guid"] = np.frombuffer(guids, dtype="V20")
        for at, message in enumerate(messages):
            if message.flags:
                if message.flags not in self._bits:
                    self._bits[message.flags] = self._bits_of(message.flags)
                rows["system_flags"][at], rows["user_flags"][at] = self._bits[message.flags]
        if self._keeps_archive:
            archived = np.array([message.is_archived for message in messages], dtype=np.bool_)
            rows["system_flags"][archived] |= np.uint32(ARCHIVED)
        return rows

    def _bits_of(self, flags: Sequence[str]) -> tuple[int, list[int]]:
        system = 0
        words = [0, 0, 0, 0]
        for flag in flags:
            bit = _SYSTEM_BITS.get(flag)
            if bit is not None:
                system |= bit
                continue
            slot = self.keywords.setdefault(flag, len(self.keywords))
            if slot >= KEYWORD_LIMIT:
                raise OverflowError(f"more than {KEYWORD_LIMIT} keywords")
            words[slot // _SLOTS_A_WORD] |= 1 << slot % _SLOTS_A_WORD
        return system, words

    def _carried(self, rows: Rows, source: SourceCache) -> Iterator[bytes]:
        found = source.records(rows["uid"])
        here, there = _twins(rows, found)
        twins = found[there]
        archived = (twins["system_flags"] & np.uint32(ARCHIVED)) != 0
        # What the target archives has its cache in the archive: reconstruct makes that.
        elsewhere = (rows["system_flags"][here] & np.uint32(ARCHIVED)) != 0
        placed = np.zeros(len(twins), dtype="u8")
        for at, octets in _sound(twins, archived, ~elsewhere, source):
            if self._cache_octets >= _CACHE_LIMIT:
                break
            placed[at] = self._cache_octets
            self._cache_octets += len(octets)
            yield octets
        carried = np.flatnonzero(placed)
        for column in _CARRIED_COLUMNS:
            rows[column][here[carried]] = twins[column][carried]
        rows["cache_offset"][here[carried]] = placed[carried]
        self.cached += len(carried)


def _sound(
    twins: Rows, archived: NDArray[np.bool_], wanted: NDArray[np.bool_], source: SourceCache
) -> Iterator[tuple[int, bytes]]:
    """The cache records of those that are ``wanted`` and have a sound one, by position."""
    offsets, crcs = twins["cache_offset"].astype(np.int64), twins["cache_crc"].tolist()
    ends = np.zeros_like(offsets)
    for cache, in_it in ((source.data, ~archived), (source.archive, archived)):
        if cache is not None:
            ends[in_it & wanted] = record_ends(cache, offsets[in_it & wanted])
    starts, stops = offsets.tolist(), ends.tolist()
    for at in np.flatnonzero(ends).tolist():
        cache = source.archive if archived[at] else source.data
        octets = bytes(cache[starts[at] : stops[at]]) if cache is not None else b""
        if zlib.crc32(octets) == crcs[at]:
            yield at, octets


def _twins(rows: Rows, records: Rows) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of the same message here and in the source: uid, size and octets."""
    if not len(records):
        nothing = np.zeros(0, dtype=np.intp)
        return nothing, nothing
    at = np.minimum(np.searchsorted(records["uid"], rows["uid"]), len(records) - 1)
    found = records[at]
    guids, theirs = (
        np.frombuffer(each["guid"].tobytes(), dtype="u1").reshape(-1, 20) for each in (rows, found)
    )
    same = (found["uid"] == rows["uid"]) & (found["size"] == rows["size"])
    same &= (guids == theirs).all(axis=1) & guids.any(axis=1)
    return np.flatnonzero(same), at[same]
