from __future__ import annotations

import zlib
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from respool.backups.caches import caches_of
from respool.backups.source import SourceMailbox, read_mailbox
from respool.cyrus.index import IndexHeader, render_index
from respool.model.inventory import ARCHIVED, RECORD, MailboxPlace, Rows
from respool.model.messages import PartitionName
from tests.support.small_spools import mailbox_name
from tests.unit.cyrus.test_cache import HEADER_SIZE, SIZE, record

GENERATION = 7
CACHE = GENERATION.to_bytes(4, "big") + record() + record()
SECOND = 4 + len(record())


def written(root: Path, cache: bytes | None = CACHE, *, crc: int | None = None) -> SourceMailbox:
    """A mailbox of two messages, the second archived, each with a cache record."""
    rows: Rows = np.zeros(2, dtype=RECORD)
    rows["uid"] = (1, 2)
    rows["size"], rows["header_size"] = SIZE, HEADER_SIZE
    rows["cache_offset"] = (4, SECOND)
    rows["cache_crc"] = zlib.crc32(record()) if crc is None else crc
    rows["system_flags"] = (0, ARCHIVED)
    head = IndexHeader(generation=GENERATION, last_uid=2, uidvalidity=1, highestmodseq=1)
    for directory in (root / "data", root / "archive"):
        directory.mkdir()
        if cache is not None:
            (directory / "cyrus.cache").write_bytes(cache)
    (root / "data" / "cyrus.index").write_bytes(render_index(13, head, rows))
    place = MailboxPlace(
        partition=PartitionName("p"),
        data=PurePosixPath("data"),
        archive=PurePosixPath("archive"),
    )
    spool = PurePosixPath(str(root))
    return SourceMailbox(name=mailbox_name("user/jdoe@b.loc"), spool=spool, place=place)


def subjects(source: SourceMailbox) -> list[str | None]:
    mailbox = read_mailbox(source)
    with caches_of(source, mailbox.generation) as caches:
        found = list(caches.fields_of(mailbox.records))
    return [None if each is None else each.subject for each in found]


@pytest.mark.parametrize("crc", [None, 0])
def test_fields_come_from_both_caches_with_a_crc_or_without(
    tmp_path: Path, crc: int | None
) -> None:
    assert subjects(written(tmp_path, crc=crc)) == ["Ré", "Ré"]


def test_a_cache_of_another_generation_is_a_finding_and_not_used(tmp_path: Path) -> None:
    source = written(tmp_path, b"\0\0\0\6" + CACHE[4:])
    mailbox = read_mailbox(source)

    found = [each for each in mailbox.findings if each.code == "cache-of-another-generation"]
    assert [str(each.file) for each in found] == ["archive/cyrus.cache", "data/cyrus.cache"]
    assert subjects(source) == [None, None]


@pytest.mark.parametrize("cache", [None, b"", b"\0\0"])
def test_a_missing_or_empty_cache_is_no_finding(tmp_path: Path, cache: bytes | None) -> None:
    source = written(tmp_path, cache)
    mailbox = read_mailbox(source)

    assert [each.code for each in mailbox.findings if each.code.startswith("cache")] == []
    assert subjects(source) == [None, None]


def test_a_torn_cache_gives_the_records_that_it_has(tmp_path: Path) -> None:
    source = written(tmp_path, CACHE[:-5])

    assert subjects(source) == ["Ré", None]
