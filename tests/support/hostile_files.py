"""Files made to cost a reader memory, each with the reader that a backup's file would meet."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from respool.backups.kept_tables import read_annotation_table, read_mailboxes_table
from respool.backups.server_files import ConfigDirectory
from respool.backups.source import SourceMailbox, read_mailbox
from respool.bluemind.snappy_stream import STREAM_HEADER, plain_pieces
from respool.cyrus import skiplist
from respool.cyrus.cache import plausible_cache_record
from respool.cyrus.header import MAGIC, parse_header
from respool.cyrus.index import IndexHeader, render_index
from respool.cyrus.index_counts import count_index
from respool.cyrus.index_layouts import LAYOUTS
from respool.cyrus.seen import parse_seen
from respool.model.inventory import MailboxPlace, StoredMailbox
from respool.model.messages import PartitionName
from respool.model.names import MailboxName
from respool.system.read_only import ReadOnlyTree
from tests.support.right_crcs import with_right_index_crcs, with_right_twoskip_crcs
from tests.unit.cyrus.database_builders import TwoskipBuilder
from tests.unit.cyrus.indexes import some_rows

Read = Callable[[Path], object]
Write = Callable[[Path], object]


@dataclass(frozen=True)
class Case:
    """A file to be written and read."""

    file_name: str
    read: Read
    write: Write
    is_small: bool = False

    @property
    def is_mapped(self) -> bool:
        """Whether its octets count as the reader's memory while it is read."""
        return self.file_name not in {"cyrus.index", "cyrus.expunge"}


NAME: Final = MailboxName(domain="b.loc", parts=("user", "jdoe"))
HUGE: Final = 0xFFFFFFFF
VERSIONS: Final = tuple(LAYOUTS)
FEW: Final = 20
LARGE: Final = frozenset({6, 12, 20})  # the shortest records, the first with CRCs, the longest


def folder(file: Path) -> StoredMailbox:
    """What `show` reads of a folder; all its files are in one directory."""
    below = PurePosixPath(file.parent.name)
    place = MailboxPlace(partition=PartitionName("p"), data=below, meta=below)
    return read_mailbox(
        SourceMailbox(name=NAME, spool=PurePosixPath(file.parent.parent), place=place)
    )


def counts(file: Path) -> object:
    """An index counted."""
    return count_index(ReadOnlyTree(file.parent).octets_of(file.name))


def table(read: Callable[[ConfigDirectory], object]) -> Read:
    """One of the databases in a server's directory."""
    return lambda file: read(ConfigDirectory(ReadOnlyTree(file.parent), PurePosixPath()))


def octets(parse: Callable[[bytes], object]) -> Read:
    """A file that is read whole, as far as a reader reads such files."""
    return lambda file: parse(file.read_bytes())


def an_index(version: int, **header: int) -> bytes:
    """A few sound records under a header that says otherwise; its CRC is right."""
    made = bytearray(render_index(version, IndexHeader(last_uid=FEW), some_rows(FEW)))
    for at, name in ((12, "start_offset"), (16, "record_size"), (20, "num_records")):
        if name in header:
            struct.pack_into(">I", made, at, header[name])
    return with_right_index_crcs(bytes(made))


def cases(size: int) -> Mapping[str, Case]:
    """All of them by name; ``size`` octets in those that are large and mostly zeros."""
    return {**index_cases(size), **other_cases(size), **database_cases(size)}


def index_cases(size: int) -> Mapping[str, Case]:
    """Indexes of every version: absurd sizes, garbage, nothing but zeros."""
    found: dict[str, Case] = {}
    chosen = random.Random(11)
    for version in VERSIONS:
        head = an_index(version, num_records=HUGE)[: LAYOUTS[version].header_size]
        garbage = head + chosen.randbytes(1 << 18)
        ways = {"folder": folder, **({"counts": counts} if version in LARGE else {})}
        absurd = {
            "count": an_index(version, num_records=HUGE),
            "record-size": an_index(version, record_size=HUGE),
            "start": an_index(version, start_offset=HUGE),
            "random": garbage,
            "random-right-crcs": with_right_index_crcs(garbage),
        }
        for what, written in absurd.items():
            for way, read in ways.items():
                found[f"index-{version}-{what}-{way}"] = Case(
                    "cyrus.index", read, holding(written)
                )
        if version in LARGE:
            found[f"index-{version}-zeros"] = Case("cyrus.index", folder, sparse(head, size))
            found[f"index-{version}-zeros-counted"] = Case(
                "cyrus.index", counts, sparse(head, size)
            )
            found[f"expunge-{version}-zeros"] = Case("cyrus.expunge", folder, sparse(head, size))
    return found


def other_cases(size: int) -> Mapping[str, Case]:
    """Headers, caches, marks and archived mail."""
    nested = b"%(A " * 250_000
    return {
        "index-nothing": Case("cyrus.index", folder, sparse(b"", size)),
        "header-zeros": Case("cyrus.header", folder, sparse(MAGIC, size)),
        "header-nested": Case("cyrus.header", octets(parse_header), holding(MAGIC + nested)),
        "header-lists": Case(
            "cyrus.header", octets(parse_header), holding(MAGIC + b"(" * 1_000_000)
        ),
        "header-keywords": Case(
            "cyrus.header",
            folder,
            holding(MAGIC + b"x\tid\n" + b"k " * 500_000 + b"\nx\tlrs\t\n"),
        ),
        "header-acl": Case(
            "cyrus.header",
            folder,
            holding(MAGIC + b"x\tid\n\n" + b"".join(b"u%d\tl\t" % n for n in range(120_000))),
        ),
        "cache-lengths": Case(
            "cyrus.cache",
            octets(lambda all_of_it: plausible_cache_record(all_of_it, 4, HUGE, HUGE)),
            holding(bytes(4) + b"\xff\xff\xff\xff" * 1000),
        ),
        "seen-ranges": Case(
            "seen",
            octets(parse_seen),
            holding(b"1 1 1 1 " + b",".join(b"%d" % n for n in range(1, 300_000, 2))),
        ),
        "snappy-bomb": Case("stream", octets(snappy), holding(bomb())),
    }


def database_cases(size: int) -> Mapping[str, Case]:
    """Databases of each container."""
    annotations, mailboxes = table(read_annotation_table), table(read_mailboxes_table)
    return {
        "twoskip-circle": Case("annotations.db", annotations, holding(circle())),
        "twoskip-zeros": Case("annotations.db", annotations, sparse(twoskip(1), size)),
        "twoskip-lengths": Case("annotations.db", annotations, holding(long_lengths())),
        "skiplist-zeros": Case("mailboxes.db", mailboxes, sparse(skiplist_head(), size)),
        "skiplist-commits": Case(
            "mailboxes.db",
            mailboxes,
            holding(skiplist_head() + b"\0\0\0\xff" * (size >> 6)),
        ),
        "skiplist-deletions": Case(
            "mailboxes.db",
            mailboxes,
            holding(skiplist_head() + b"\0\0\0\4\0\0\0\0" * (size >> 6)),
        ),
        "flat-tabs": Case("mailboxes.db", mailboxes, holding(b"\t\n" * 500_000)),
        "flat-one-line": Case(
            "mailboxes.db", mailboxes, holding(b"a\t" + b"\xff\x80" * (size >> 3))
        ),
        "flat-records": Case("mailboxes.db", mailboxes, holding(small_lines(250_000))),
        "twoskip-records": Case("annotations.db", annotations, holding(small_records(60_000))),
    }


def holding(written: bytes) -> Write:
    """A file with these octets."""
    return lambda file: file.write_bytes(written)


def sparse(start: bytes, size: int) -> Write:
    """A file that begins so, and is zeros up to ``size``, which take no room on disk."""

    def write(file: Path) -> None:
        with file.open("wb") as opened:
            opened.write(start)
            opened.truncate(size)

    return write


def twoskip(count: int) -> bytes:
    """A sound database of a few records."""
    made = TwoskipBuilder()
    for number in range(count):
        made.store(b"%d" % number, b"x")
    made.commit()
    return bytes(made.octets)


def circle() -> bytes:
    """A database whose second record points to the first."""
    made = bytearray(twoskip(2))
    first = made.index(b"+")
    second = made.index(b"+", first + 1)
    struct.pack_into(">QQ", made, second + 8, first, first)
    return with_right_twoskip_crcs(bytes(made))


def long_lengths() -> bytes:
    """A record whose value says that it has 2^60 octets."""
    made = bytearray(twoskip(2))
    at = made.index(b"+")
    struct.pack_into(">HI", made, at + 2, 1, HUGE)
    struct.pack_into(">Q", made, at + 8, 1 << 60)
    return with_right_twoskip_crcs(bytes(made))


def small_lines(count: int) -> bytes:
    """As many records as fit into few octets."""
    return b"".join(b"%x\t\n" % number for number in range(count))


def small_records(count: int) -> bytes:
    """The same as a twoskip file without a chain, which is read from its top."""
    record = TwoskipBuilder()
    record.store(b"00000000", b"")
    start = len(TwoskipBuilder().octets)
    one, made = record.octets[start:], bytearray(record.octets[:start])
    for number in range(count):
        made += one
        made[-8:] = b"%08x" % number
    return with_right_twoskip_crcs(bytes(made) + commit())


def commit() -> bytes:
    """The end of a transaction."""
    made = TwoskipBuilder()
    size = len(made.octets)
    made.commit()
    return bytes(made.octets[size:])


def skiplist_head() -> bytes:
    """The header of a skiplist file."""
    return struct.pack(">20s7I", skiplist.MAGIC, 1, 2, 20, 1, 0, 0, 0)


def snappy(stream: bytes) -> int:
    """How many octets a stream of BlueMind's archive holds."""
    at = 0

    def read(length: int) -> bytes:
        nonlocal at
        at += length
        return stream[at - length : at]

    return sum(map(len, plain_pieces(read)))


def bomb() -> bytes:
    """A block of few octets that says that it holds 4 GiB."""
    return STREAM_HEADER + b"\1\0\6" + bytes(4) + b"\xff\xff\xff\xff\x0f\0"
