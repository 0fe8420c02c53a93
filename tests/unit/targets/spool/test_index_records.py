from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.cache import sound_cache_record
from respool.cyrus.cache_head import cache_generation
from respool.cyrus.header import header_crc, parse_header, with_keywords
from respool.cyrus.index import Index, IndexHeader, index_pieces, parse_index
from respool.cyrus.mailbox import MailboxFiles, join_mailbox
from respool.model.inventory import ARCHIVED, FILE, IN_DATA, MailboxPlace, Rows
from respool.model.messages import SYSTEM_FLAGS, PartitionName
from respool.planning.step import PlannedMessage
from respool.targets.spool.index_records import (
    INDEX_VERSION,
    FreshIndex,
    IndexDraft,
    SourceCache,
)
from tests.unit.planning.plans import ACCOUNT, message
from tests.unit.targets.spool.plans import rows_of

FRESH = FreshIndex(
    version=13,
    header=IndexHeader(
        generation=7, uidvalidity=1_700_000_000, options=5, highestmodseq=4, pop3_last_login=3
    ),
)
KEYWORDS = [f"k{number:03}" for number in range(128)]
SYSTEM = [name for _, name in SYSTEM_FLAGS]

SETS_OF_FLAGS = st.builds(
    lambda system, keywords: tuple(sorted(system)) + tuple(sorted(keywords)),
    st.sets(st.sampled_from(SYSTEM)),
    st.sets(st.sampled_from(KEYWORDS[:5])),
)


@st.composite
def some_messages(draw: st.DrawFn) -> list[PlannedMessage]:
    """Messages in UID order."""
    uids = sorted(draw(st.sets(st.integers(1, 2**31 - 1), max_size=6)))
    return [
        PlannedMessage(
            uid=uid,
            guid=draw(st.none() | st.binary(min_size=20, max_size=20).map(bytes.hex)),
            internaldate=draw(st.integers(0, 2**32 - 1)),
            size_bytes=draw(st.integers(1, 2**32 - 1)),
            flags=draw(SETS_OF_FLAGS),
        )
        for uid in uids
    ]


def drafted(
    messages: list[PlannedMessage],
    source: SourceCache | None = None,
    *,
    keeps_archive: bool = False,
    fresh: FreshIndex = FRESH,
) -> tuple[IndexDraft, bytes]:
    """The draft of ``messages``, laid out in two groups, and its whole cache."""
    draft = IndexDraft(fresh, keeps_archive=keeps_archive)
    half = len(messages) // 2
    cache = [
        record
        for group in (messages[:half], messages[half:])
        for record in draft.add(group, source)
    ]
    return draft, draft.cache_start + b"".join(cache)


def rendered(
    messages: list[PlannedMessage],
    *,
    source: SourceCache | None = None,
    crc: int = 0,
    fresh: FreshIndex = FRESH,
    version: int = INDEX_VERSION,
) -> bytes:
    draft, _ = drafted(messages, source, fresh=fresh)
    head = draft.header(header_file_crc=crc)
    return b"".join(index_pieces(version, head, draft.count, draft.blocks()))


def rows_in(draft: IndexDraft) -> Rows:
    return np.concatenate(list(draft.blocks()))


def laid(messages: list[PlannedMessage], *, source: SourceCache | None = None) -> Index:
    """The index of ``messages`` as whoever reads it sees it."""
    return parse_index(rendered(messages, source=source))


def flags_read(messages: list[PlannedMessage]) -> list[set[str]]:
    """The flags of each message, read from its index and the names in its header."""
    names = " ".join(drafted(messages)[0].keywords)
    header = b"\xa1\x02\x8b\x0dCyrus mailbox header\n\n\n\tid\n" + names.encode() + b" \n\n"
    files = MailboxFiles(header=header, index=rendered(messages), messages=np.zeros(0, dtype=FILE))
    place = MailboxPlace(partition=PartitionName("b_loc"))
    return [set(each.flags) for each in join_mailbox(ACCOUNT.root, place, files).messages()]


@given(messages=some_messages())
def test_a_laid_index_is_read_back_as_it_was_planned(messages: list[PlannedMessage]) -> None:
    found = laid(messages)

    assert found.findings == ()
    assert found.version == 12
    assert found.records["uid"].tolist() == [each.uid for each in messages]
    assert found.records["internaldate"].tolist() == [each.internaldate for each in messages]
    assert found.records["size"].tolist() == [each.size_bytes for each in messages]
    assert found.records["guid"].tobytes().hex() == "".join(
        each.guid or "00" * 20 for each in messages
    )
    assert flags_read(messages) == [set(each.flags) for each in messages]


def test_the_header_counts_what_was_laid() -> None:
    messages = [
        message(3, flags=("\\Answered", "\\Seen"), internaldate=50, size_bytes=7),
        message(9, flags=("\\Flagged", "\\Deleted"), internaldate=90, size_bytes=8),
        message(12, flags=("\\Flagged",), internaldate=70, size_bytes=9),
    ]

    header = laid(messages).header

    assert (header.exists, header.num_records, header.last_uid) == (3, 3, 12)
    assert (header.answered_count, header.flagged_count, header.deleted_count) == (1, 2, 1)
    assert (header.quota_used, header.last_appenddate) == (24, 90)


def test_an_index_of_nothing_is_an_index() -> None:
    header = laid([]).header

    assert (header.exists, header.last_uid, header.quota_used) == (0, 0, 0)


def test_the_server_s_own_uidvalidity_options_and_modseq_are_kept() -> None:
    found = laid([message(1)])

    assert (found.header.uidvalidity, found.header.options) == (1_700_000_000, 5)
    assert found.header.highestmodseq == 4
    assert found.records["modseq"].tolist() == [4]


def test_all_else_that_the_server_chose_stays_too() -> None:
    """A fresh index of 3.10 is filled in its own version."""
    fresh = FreshIndex(
        version=19, header=IndexHeader(createdmodseq=3, recentuid=4, changes_epoch=1)
    )

    header = parse_index(rendered([message(1)], fresh=fresh, version=19)).header

    assert (header.createdmodseq, header.recentuid, header.changes_epoch) == (3, 4, 1)
    assert (header.exists, header.unseen, header.minor) == (1, 0, 19)


@pytest.mark.parametrize(("fresh", "expected"), [(None, 2), (0, 2), (1, 2), (2, 2), (9, 9)])
def test_the_modseq_of_what_is_added_is_never_that_of_nothing(
    fresh: int | None, expected: int
) -> None:
    assert FreshIndex(version=12, header=IndexHeader(highestmodseq=fresh)).modseq == expected


def test_without_readable_options_the_server_s_default_is_taken() -> None:
    fresh = FreshIndex(version=None, header=IndexHeader(uidvalidity=1))

    assert IndexDraft(fresh).header(header_file_crc=0).options == 1


@pytest.mark.parametrize("generation", [0, 1, 7, 2**32 - 1])
def test_index_and_cache_are_of_the_generation_of_the_fresh_ones(generation: int) -> None:
    """
    Up to 3.0 the cache that the server made stays as it is: its four octets are what
    the index must say, else it is no cache of that index.
    """
    fresh = FreshIndex(version=12, header=IndexHeader(generation=generation))
    cache_of_the_server = generation.to_bytes(4, "big")

    header = parse_index(rendered([message(1)], fresh=fresh)).header

    assert header.generation == cache_generation(cache_of_the_server)
    assert IndexDraft(fresh).cache_start == cache_of_the_server


TEXT_HEADER = (
    b"\xa1\x02\x8b\x0dCyrus mailbox header\n"
    b'"The best thing about this system was that it had lots of goals."\n'
    b"\t--Jim Morris on Andrew\n"
    b"b.loc!user.jdoe\t5f3c39b4\n"
    b"\n"
    b"jdoe@b.loc\tlrswipkxtecdan\tanyone\tp\t\n"
)


def test_flag_names_stand_in_a_text_header_whose_crc_the_index_has_at_octet_96() -> None:
    """As 2.4 and 3.0 write it; 2.4 throws an index away whose header has another CRC."""
    messages = [message(1, flags=("\\Seen", "$Forwarded", "Travail"))]
    header = with_keywords(TEXT_HEADER, tuple(drafted(messages)[0].keywords))

    octets = rendered(messages, crc=header_crc(header))

    assert parse_header(header).keywords == ("$Forwarded", "Travail")
    assert header.replace(b"$Forwarded Travail ", b"") == TEXT_HEADER
    assert octets[96:100] == zlib.crc32(header).to_bytes(4, "big")


def test_the_crc_of_the_header_file_is_that_of_its_octets() -> None:
    """2.4 throws an index away whose CRC of cyrus.header is wrong."""
    octets = b"a header"

    header = parse_index(rendered([message(1)], crc=header_crc(octets))).header

    assert header.header_file_crc == zlib.crc32(octets)


def test_all_128_keywords_of_a_mailbox_are_kept() -> None:
    messages = [message(1 + at, flags=(name,)) for at, name in enumerate(KEYWORDS)]
    messages.append(message(500, flags=tuple(KEYWORDS)))

    assert flags_read(messages) == [set(each.flags) for each in messages]


def test_keywords_are_numbered_as_they_are_first_used_and_each_once() -> None:
    messages = [message(1, flags=("\\Seen", "b", "a")), message(2, flags=("a", "B", "b"))]

    assert drafted(messages)[0].keywords == {"b": 0, "a": 1, "B": 2}


def test_a_129th_keyword_is_refused() -> None:
    """No mailbox of any server holds one."""
    with pytest.raises(OverflowError, match="128 keywords"):
        drafted([message(1, flags=(*KEYWORDS, "one-more"))])


def cache_record(text: bytes) -> bytes:
    items = [text, *[b"x"] * 9]
    return b"".join(
        len(each).to_bytes(4, "big") + each + b"\0" * (-len(each) % 4) for each in items
    )


RECORDS = [cache_record(bytes([65 + at]) * (at + 1)) for at in range(4)]
CACHE = b"\0\0\0\x09" + b"".join(RECORDS)


def source_rows() -> Rows:
    """Four messages of a backup, whose cache records lie one behind the other."""
    starts = np.cumsum([4, *map(len, RECORDS)])[:4]
    return rows_of(
        4,
        cache_offset=starts,
        cache_crc=[zlib.crc32(each) for each in RECORDS],
        cache_version=3,
        header_size=77,
        sentdate=88,
        gmtime=99,
    )


def planned_of(rows: Rows) -> list[PlannedMessage]:
    guids = [bytes(row["guid"]).hex() for row in rows]
    uids = rows["uid"].tolist()
    return [message(uid, guid, size_bytes=100) for uid, guid in zip(uids, guids, strict=True)]


def source_of(rows: Rows, *, archive: bytes | None = None) -> SourceCache:
    return SourceCache(
        records=lambda uids: rows[np.isin(rows["uid"], uids)], data=CACHE, archive=archive
    )


def test_a_carried_record_is_found_again_at_its_new_place() -> None:
    """And with it what only the source's index knew."""
    rows = source_rows()
    messages = planned_of(rows[[1, 3]])

    draft, cache = drafted(messages, source_of(rows))
    found = laid(messages, source=source_of(rows)).records

    assert draft.cached == 2
    assert cache_generation(cache) == laid(messages).header.generation
    for row, record in zip(found, (RECORDS[1], RECORDS[3]), strict=True):
        octets = sound_cache_record(cache, int(row["cache_offset"]), int(row["cache_crc"]))
        assert octets is not None
        assert bytes(octets) == record
    carried = {"header_size": 77, "sentdate": 88, "gmtime": 99, "cache_version": 3}
    for column, value in carried.items():
        assert found[column].tolist() == [value, value]


def test_nothing_of_a_message_that_is_not_restored_is_carried() -> None:
    rows = source_rows()

    _, cache = drafted(planned_of(rows[[1]]), source_of(rows))

    assert cache == b"\0\0\0\x07" + RECORDS[1]


@pytest.mark.parametrize(
    "spoil",
    [
        {"cache_crc": 1},
        {"cache_offset": 5},
        {"cache_offset": 1 << 40},
        {"cache_offset": 0},
        {"size": 101},
        {"guid": np.void(b"\7" * 20)},
        {"uid": 99},
        {"system_flags": ARCHIVED},
    ],
    ids=lambda spoil: next(iter(spoil)),
)
def test_what_is_not_sound_or_of_other_octets_is_left_to_the_server(
    spoil: dict[str, object],
) -> None:
    """Its record says nothing of a cache, so reconstruct parses the message anew."""
    rows = source_rows()
    messages = planned_of(rows)
    for column, value in spoil.items():
        rows[column][3] = value

    found = laid(messages, source=source_of(rows)).records

    for column in ("cache_offset", "cache_crc", "cache_version", "header_size"):
        assert found[column].tolist()[3] == 0
    assert (found["cache_offset"][:3] != 0).all()


def test_an_archived_message_has_its_record_in_the_archive_s_cache() -> None:
    rows = source_rows()
    rows["system_flags"][0] = ARCHIVED
    rows["cache_offset"][0] = 4
    archive = b"\0\0\0\x01" + RECORDS[0]

    draft, cache = drafted(planned_of(rows), source_of(rows, archive=archive))

    assert draft.cached == 4
    assert cache == b"\0\0\0\x07" + b"".join(RECORDS)


@pytest.mark.parametrize("keeps_archive", [True, False])
def test_what_the_target_archives_has_the_flag_and_no_cache_here(keeps_archive: bool) -> None:  # noqa: FBT001 - a table
    """Its cache lies in the archive, and reconstruct makes it; without an archive it is usual."""
    rows = source_rows()
    messages = planned_of(rows)
    messages[1] = messages[1]._replace(is_archived=True)

    draft, cache = drafted(messages, source_of(rows), keeps_archive=keeps_archive)

    flags = (rows_in(draft)["system_flags"] & ARCHIVED) != 0
    assert flags.tolist() == [False, keeps_archive, False, False]
    assert draft.archived().tolist() == flags.tolist()
    assert draft.uids().tolist() == [each.uid for each in messages]
    assert ((rows_in(draft)["cache_offset"] == 0) == flags).all()
    assert (RECORDS[1] in cache) is not keeps_archive


@given(messages=some_messages())
def test_without_a_cache_to_carry_nothing_of_it_is_in_the_records(
    messages: list[PlannedMessage],
) -> None:
    """What every server up to 3.0 gets: reconstruct -G parses every message."""
    draft, cache = drafted(messages)

    assert cache == draft.cache_start
    assert draft.cached == 0
    for column in ("cache_offset", "cache_crc", "cache_version", "header_size", "sentdate"):
        assert not rows_in(draft)[column].any()


def test_a_message_whose_guid_nobody_knows_carries_no_cache() -> None:
    rows = source_rows()
    messages = [message(each.uid, None, size_bytes=100) for each in planned_of(rows)]

    assert drafted(messages, source_of(rows))[0].cached == 0
    assert drafted([message(1)], source_of(rows_of(0)))[0].cached == 0


def test_the_names_of_the_place_are_those_of_the_reader() -> None:
    """What we lay is what any restored mailbox is read by, files included."""
    messages = [message(1), message(2)]
    files = np.array([(1, 100, 0, IN_DATA), (2, 100, 0, IN_DATA)], dtype=FILE)
    header = b"\xa1\x02\x8b\x0dCyrus mailbox header\n\n\n\tid\n\n\n"

    mailbox = join_mailbox(
        ACCOUNT.root,
        MailboxPlace(partition=PartitionName("b_loc")),
        MailboxFiles(header=header, index=rendered(messages), messages=files),
    )

    assert mailbox.findings == ()
    assert mailbox.restorable().all()
