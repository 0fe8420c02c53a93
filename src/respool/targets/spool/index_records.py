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
_NO_GUID = "00" * 20
_CARRIED_COLUMNS = ("header_size", "sentdate", "gmtime", "cache_version", "cache_crc")


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


class CarriedCache:
    """A new ``cyrus.cache`` of the wanted messages only, from the source's sound records.

    Nothing of a message that is not restored is in it.
    """

    def __init__(self) -> None:
        self._octets = bytearray(GENERATION.to_bytes(4, "big"))
        self._offsets: dict[int, tuple[int, int]] = {}  # uid → row in the source, new offset
        self._source: Rows = np.zeros(0, dtype=RECORD)

    @property
    def octets(self) -> bytes:
        """The whole file."""
        return bytes(self._octets)

    @property
    def count(self) -> int:
        """How many messages have their cache record carried over."""
        return len(self._offsets)

    def take(
        self,
        records: Rows,
        messages: Sequence[PlannedMessage],
        *,
        data: mmap.mmap | bytes | None,
        archive: mmap.mmap | bytes | None,
    ) -> None:
        """Carry what is sound and belongs to the planned octets (same uid, guid and size)."""
        rows = {uid: row for row, uid in enumerate(records["uid"].tolist())}
        sizes, flags = records["size"].tolist(), records["system_flags"].tolist()
        offsets, crcs = records["cache_offset"].tolist(), records["cache_crc"].tolist()
        guids = records["guid"].tobytes()
        for message in messages:
            row = rows.get(message.uid)
            if row is None or message.guid is None or sizes[row] != message.size_bytes:
                continue
            cache = archive if flags[row] & ARCHIVED else data
            if cache is None or guids[row * 20 : row * 20 + 20] != bytes.fromhex(message.guid):
                continue
            found = sound_cache_record(cache, offsets[row], crcs[row])
            if found is not None and len(self._octets) < _CACHE_LIMIT:
                self._offsets[message.uid] = (row, len(self._octets))
                self._octets += found
                found.release()
        self._source = records

    def put_into(self, rows: Rows) -> None:
        """Fill in what the source knew of the carried ones; the rest stays for reconstruct."""
        carried = [self._offsets.get(uid) for uid in rows["uid"].tolist()]
        here = [at for at, each in enumerate(carried) if each is not None]
        there = [each[0] for each in carried if each is not None]
        for column in _CARRIED_COLUMNS:
            rows[column][here] = self._source[column][there]
        rows["cache_offset"][here] = [each[1] for each in carried if each is not None]


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
    rows["uid"] = [message.uid for message in messages]
    rows["internaldate"] = [message.internaldate for message in messages]
    rows["size"] = [message.size_bytes for message in messages]
    rows["modseq"] = fresh.modseq
    guids = b"".join(bytes.fromhex(message.guid or _NO_GUID) for message in messages)
    rows["guid"] = np.frombuffer(guids, dtype="V20")
    known: dict[tuple[str, ...], tuple[int, list[int]]] = {}
    for at, message in enumerate(messages):
        if message.flags:
            if message.flags not in known:
                known[message.flags] = _bits(message.flags, slots)
            rows["system_flags"][at], rows["user_flags"][at] = known[message.flags]
    carried.put_into(rows)
    return rows


def _bits(flags: Sequence[str], slots: Mapping[str, int]) -> tuple[int, list[int]]:
    system = 0
    words = [0, 0, 0, 0]
    for flag in flags:
        bit = _SYSTEM_BITS.get(flag)
        if bit is not None:
            system |= bit
        else:
            word, place = divmod(slots[flag], _SLOTS_A_WORD)
            words[word] |= 1 << place
    return system, words


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
