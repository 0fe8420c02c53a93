"""The messages of one folder of an export in columns, and the index that they would have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from respool.cyrus.header import KEYWORD_LIMIT, MailboxHeader, render_header
from respool.cyrus.index import IndexHeader, header_row
from respool.cyrus.index_columns import CHUNK_RECORDS, from_columns
from respool.cyrus.index_layouts import layout_of
from respool.model.accounts import Account, AccountKind
from respool.model.dataclasses import dataclass
from respool.model.inventory import RECORD, Rows
from respool.model.messages import SYSTEM_FLAGS, is_keyword

# One message: ``at`` is where its source finds again where it stands, ``length`` goes with it.
TABLE: Final = np.dtype(
    [
        ("uid", "u4"),
        ("internaldate", "i8"),
        ("size", "i8"),
        ("system_flags", "u4"),
        ("user_flags", "u4", (4,)),
        ("guid", "V20"),
        ("at", "u8"),
        ("length", "u4"),
    ]
)

_INDEX_VERSION: Final = 13  # the lowest with all that an export has: CRCs, a GUID, \Seen
_MOST: Final = 2**32 - 1  # of a date and a size in that version
_ALL_RIGHTS: Final = "lrswipkxtecdan"  # imap/mboxlist.c, of a new INBOX's owner
_MODSEQ: Final = 1
_UIDVALIDITY: Final = 1  # an export keeps none
_SLOTS_A_WORD: Final = 32
_KNOWN: Final = 4096
_BITS: Final = {name: bit for bit, name in SYSTEM_FLAGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedMessage:
    """One message of a folder, and what its source needs to find it: ``at``, ``length``."""

    uid: int
    internaldate: int
    size_bytes: int
    flags: tuple[str, ...]
    guid: str | None
    at: int
    length: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderTable:
    """TABLE rows in ascending order of UIDs; ``keywords`` name the bits of ``user_flags``.

    ``lost_keywords`` found no bit: there are 128.
    """

    rows: Rows
    keywords: tuple[str, ...]
    lost_keywords: tuple[str, ...] = ()


def table_of(messages: Iterable[ExportedMessage], most: int) -> FolderTable:
    """A table of at most ``most`` messages, in the order in which they come.

    Where their UIDs do not ascend, as in a folder that several were joined in, they are
    numbered anew.
    """
    rows: Rows = np.zeros(most, dtype=TABLE)
    slots = _Slots()
    count = 0
    for chunk in _chunks(messages, most):
        part = rows[count : count + len(chunk)]
        for name in ("uid", "internaldate", "at", "length"):
            part[name] = [getattr(each, name) for each in chunk]
        part["size"] = [each.size_bytes for each in chunk]
        part["guid"] = [bytes.fromhex(each.guid) if each.guid else bytes(20) for each in chunk]
        for number, each in enumerate(chunk):
            part["system_flags"][number] = slots.put(each.flags, part["user_flags"][number])
        count += len(chunk)
    rows = rows[:count]
    if not bool((rows["uid"][1:] > rows["uid"][:-1]).all()):
        rows["uid"] = np.arange(1, count + 1, dtype=np.uint32)
    return FolderTable(rows=rows, keywords=tuple(slots.names), lost_keywords=tuple(slots.lost))


class _Slots:
    """The bits of keywords, given out as the keywords are met."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.lost: dict[str, None] = {}
        self._known: dict[tuple[str, ...], tuple[int, tuple[int, ...]]] = {}

    def put(self, flags: tuple[str, ...], words: NDArray[np.uint32]) -> int:
        """Set the bits of the keywords in ``words``; the bits of the system flags."""
        known = self._known.get(flags)
        if known is None:
            known = self._bits_of(flags)
            if len(self._known) < _KNOWN:
                self._known[flags] = known
        bits, slots = known
        for slot in slots:
            words[slot // _SLOTS_A_WORD] |= np.uint32(1 << slot % _SLOTS_A_WORD)
        return bits

    def _bits_of(self, flags: tuple[str, ...]) -> tuple[int, tuple[int, ...]]:
        bits, slots = 0, []
        for flag in flags:
            if flag in _BITS:
                bits |= _BITS[flag]
            elif is_keyword(flag) and (flag in self.names or len(self.names) < KEYWORD_LIMIT):
                slots.append(self.names.setdefault(flag, len(self.names)))
            else:
                self.lost[flag] = None
        return bits, tuple(slots)


def index_octets(table: FolderTable) -> int:
    """How many octets `index_pieces` gives."""
    layout = layout_of(_INDEX_VERSION)
    return layout.header_size + len(table.rows) * layout.record_size


def index_pieces(table: FolderTable) -> Iterator[bytes]:
    """A ``cyrus.index`` of the table, lazily."""
    layout = layout_of(_INDEX_VERSION)
    rows = table.rows
    last = int(rows["uid"][-1]) if len(rows) else 0
    header = IndexHeader(
        generation=1,
        last_uid=last,
        uidvalidity=_UIDVALIDITY,
        highestmodseq=_MODSEQ,
        exists=len(rows),
    )
    yield header_row(header, layout, len(rows)).tobytes()
    for start in range(0, len(rows), CHUNK_RECORDS):
        part = rows[start : start + CHUNK_RECORDS]
        records: Rows = np.zeros(len(part), dtype=RECORD)
        for name in ("uid", "system_flags", "user_flags", "guid"):
            records[name] = part[name]
        for name in ("internaldate", "size"):
            records[name] = part[name].clip(0, _MOST)
        for name in ("last_updated", "savedate"):
            records[name] = records["internaldate"]
        records["modseq"] = _MODSEQ
        yield from_columns(records, layout).tobytes()


def header_octets(table: FolderTable, account: Account) -> bytes:
    """A ``cyrus.header`` with the keywords of the table.

    An export keeps no rights. A user has those on his own folders that any server gives him.
    """
    is_user = account.kind is AccountKind.USER
    return render_header(
        MailboxHeader(
            form="text",
            quota_root=None,
            uniqueid=None,
            keywords=table.keywords,
            acl={account.userid: _ALL_RIGHTS} if is_user else {},
            internal_name=None,
            mailbox_type=None,
        )
    )


def _chunks(messages: Iterable[ExportedMessage], most: int) -> Iterator[list[ExportedMessage]]:
    chunk: list[ExportedMessage] = []
    left = most
    for message in messages:
        if left <= 0:
            break
        chunk.append(message)
        left -= 1
        if len(chunk) >= CHUNK_RECORDS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
