"""A database file of a server, whatever container it is in, told by its first octets.

Source: lib/cyrusdb.c, ``cyrusdb_detect``; the magics are those of each library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from respool.cyrus import flat_db, skiplist, twoskip
from respool.cyrus.database_file import Located, Octets
from respool.errors import UnknownContainer
from respool.model.dataclasses import dataclass


class Container(StrEnum):
    """The libraries whose files can be read here."""

    TWOSKIP = "twoskip"
    SKIPLIST = "skiplist"
    FLAT = "flat"


# Files of other libraries: what they are called, where their magic stands, and the magic.
_FOREIGN: Final = (
    ("twom", 0, b"\xa1\x02\x8b\x0dtwomfile\0\0\0\0"),
    ("SQLite", 0, b"SQLite format 3\0"),
    ("Berkeley DB", 12, b"\x00\x05\x31\x62"),
    ("Berkeley DB", 12, b"\x62\x31\x05\x00"),
    ("Berkeley DB", 12, b"\x00\x06\x15\x61"),
    ("Berkeley DB", 12, b"\x61\x15\x06\x00"),
    ("LMDB", 16, b"\xde\xc0\xef\xbe"),
    ("LMDB", 16, b"\xbe\xef\xc0\xde"),
)
_MAGIC_START: Final = b"\xa1\x02\x8b\x0d"
_MAGIC_SIZE: Final = 20
_Entry: TypeAlias = Callable[[Octets, int], tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database: its records as often as they are asked for, and what is wrong with it.

    ``octets`` must stay open as long as records are asked for. Records come in the
    order of keys, or of writing.
    """

    container: Container
    octets: Octets
    located: Located
    entry: _Entry

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        """Key and value of each record, one copied at a time."""
        return (self.entry(self.octets, offset) for offset in self.located.offsets)

    def __len__(self) -> int:
        return len(self.located.offsets)


_READERS: Final[Mapping[Container, tuple[Callable[[Octets], Located], _Entry]]] = {
    Container.TWOSKIP: (twoskip.parse_twoskip, twoskip.twoskip_entry),
    Container.SKIPLIST: (skiplist.parse_skiplist, skiplist.skiplist_entry),
    Container.FLAT: (flat_db.parse_flat, flat_db.flat_entry),
}


def parse_database(octets: Octets) -> Database:
    """What a database file holds.

    Raises:
        UnknownContainer: a file of another library (its name is said), or of none.
        TruncatedFile, FormatError: nothing in it can be read.
    """
    container = _container_of(octets[:_MAGIC_SIZE])
    parse, entry = _READERS[container]
    return Database(container=container, octets=octets, located=parse(octets), entry=entry)


def _container_of(head: bytes) -> Container:
    if head == twoskip.MAGIC:
        return Container.TWOSKIP
    if head == skiplist.MAGIC:
        return Container.SKIPLIST
    for name, at, magic in _FOREIGN:
        if head[at : at + len(magic)] == magic:
            raise UnknownContainer(f"a database of {name}, which is not read")
    if head.startswith(_MAGIC_START) or (b"\0" in head and b"\t" not in head):
        raise UnknownContainer("a database of a kind that is not known", found=repr(head))
    return Container.FLAT
