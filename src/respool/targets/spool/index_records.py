"""Laying planned messages out as index records of version 12, which every server takes.

Source: recipe T5, tried on 2.4.22, 3.0.18, 3.6.1, 3.10.3 and 3.13.1.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from respool.cyrus.cache import sound_cache_record
from respool.cyrus.index import IndexHeader
from respool.model.inventory import ARCHIVED, RECORD, Rows
from respool.model.messages import SYSTEM_FLAGS
from respool.planning.step import PlannedMessage

INDEX_VERSION = 12
GENERATION = 1
_DEFAULT_OPTIONS = 1  # POP3_NEW_UIDL, what every server sets
_FIRST_MODSEQ = 2
_CACHE_LIMIT = 1 << 32  # what version 12 can point at
_ANSWERED, _FLAGGED, _DELETED = 1, 2, 4
_SYSTEM_BITS = {name: bit for bit, name in SYSTEM_FLAGS}
_SLOTS_A_WORD = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshIndex:
    """What is kept of the index that the server made. ``options`` None: it cannot be read."""

    uidvalidity: int
    options: int | None
    highestmodseq: int

    @property
    def modseq(self) -> int:
        """The modseq of everything that we add."""
        return max(_FIRST_MODSEQ, self.highestmodseq)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedRecord:
    """What the source's index and cache know of one message and the plan does not."""

    header_size: int
    sentdate: int
    gmtime: int
    cache_offset: int
    cache_version: int
    cache_crc: int


class CarriedCache:
    """A new ``cyrus.cache`` of the wanted messages only, from the source's sound records.

    Nothing of a message that is not restored is in it.
    """

    def __init__(self) -> None:
        self._octets = bytearray(GENERATION.to_bytes(4, "big"))
        self._records: dict[int, CarriedRecord] = {}

    @property
    def octets(self) -> bytes:
        """The whole file."""
        return bytes(self._octets)

    @property
    def count(self) -> int:
        """How many messages have their cache record carried over."""
        return len(self._records)

    def get(self, uid: int) -> CarriedRecord | None:
        """What was carried for ``uid``."""
        return self._records.get(uid)

    def take(
        self,
        records: Rows,
        messages: Sequence[PlannedMessage],
        *,
        data: mmap.mmap | bytes | None,
        archive: mmap.mmap | bytes | None,
    ) -> None:
        """Carry what is sound and belongs to the planned octets (same uid, guid and size)."""
        at = {int(uid): row for row, uid in enumerate(records["uid"])}
        for message in messages:
            row = at.get(message.uid)
            if row is None or len(self._octets) >= _CACHE_LIMIT:
                continue
            record = records[row]
            is_same = record["guid"].tobytes().hex() == message.guid
            if not is_same or int(record["size"]) != message.size_bytes:
                continue
            is_archived = bool(int(record["system_flags"]) & ARCHIVED)
            cache = archive if is_archived else data
            if cache is not None:
                self._take_one(message.uid, record, cache)

    def _take_one(self, uid: int, record: Rows, cache: mmap.mmap | bytes) -> None:
        crc = int(record["cache_crc"])
        found = sound_cache_record(cache, int(record["cache_offset"]), crc)
        if found is None:
            return
        self._records[uid] = CarriedRecord(
            header_size=int(record["header_size"]),
            sentdate=int(record["sentdate"]),
            gmtime=int(record["gmtime"]),
            cache_offset=len(self._octets),
            cache_version=int(record["cache_version"]),
            cache_crc=crc,
        )
        self._octets += found
        found.release()


def keyword_slots(messages: Sequence[PlannedMessage]) -> tuple[str, ...]:
    """The keywords in use, each once, in order of first use: slot n is bit n."""
    found: dict[str, None] = {}
    for message in messages:
        for flag in message.flags:
            if flag not in _SYSTEM_BITS:
                found[flag] = None
    return tuple(found)


def lay_records(
    messages: Sequence[PlannedMessage],
    keywords: Sequence[str],
    carried: CarriedCache,
    fresh: FreshIndex,
) -> Rows:
    """RECORD rows in UID order. What nobody knows is zero: reconstruct parses it anew."""
    slots = {name: slot for slot, name in enumerate(keywords)}
    rows: Rows = np.zeros(len(messages), dtype=RECORD)
    for row, message in zip(rows, messages, strict=True):
        row["uid"] = message.uid
        row["internaldate"] = message.internaldate
        row["size"] = message.size_bytes
        row["modseq"] = fresh.modseq
        if message.guid is not None:
            row["guid"] = np.void(bytes.fromhex(message.guid))
        _lay_flags(row, message.flags, slots)
        known = carried.get(message.uid)
        if known is not None:
            row["header_size"] = known.header_size
            row["sentdate"] = known.sentdate
            row["gmtime"] = known.gmtime
            row["cache_offset"] = known.cache_offset
            row["cache_version"] = known.cache_version
            row["cache_crc"] = known.cache_crc
    return rows


def _lay_flags(row: Rows, flags: Sequence[str], slots: Mapping[str, int]) -> None:
    bits = 0
    words = [0, 0, 0, 0]
    for flag in flags:
        bit = _SYSTEM_BITS.get(flag)
        if bit is not None:
            bits |= bit
        else:
            word, place = divmod(slots[flag], _SLOTS_A_WORD)
            words[word] |= 1 << place
    row["system_flags"] = bits
    row["user_flags"] = words


def index_header(
    rows: Rows, fresh: FreshIndex, header_file_crc: int, messages: Sequence[PlannedMessage]
) -> IndexHeader:
    """The header of our index: the server's own uidvalidity and options, our counts."""
    flags = rows["system_flags"]
    return IndexHeader(
        generation=GENERATION,
        last_appenddate=max((message.internaldate for message in messages), default=0),
        last_uid=int(rows["uid"].max()) if len(rows) else 0,
        quota_used=int(rows["size"].sum()),
        uidvalidity=fresh.uidvalidity,
        deleted_count=int(((flags & _DELETED) != 0).sum()),
        answered_count=int(((flags & _ANSWERED) != 0).sum()),
        flagged_count=int(((flags & _FLAGGED) != 0).sum()),
        options=_DEFAULT_OPTIONS if fresh.options is None else fresh.options,
        highestmodseq=fresh.modseq,
        exists=len(rows),
        header_file_crc=header_file_crc,
    )
