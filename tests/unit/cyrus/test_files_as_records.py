from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.files_as_records import with_files_as_records, with_files_only
from respool.cyrus.index import IndexHeader, render_index
from respool.cyrus.index_layouts import layout_of
from respool.cyrus.mailbox import MailboxFiles, join_mailbox
from respool.model.findings import Severity
from respool.model.inventory import (
    ARCHIVED,
    EXPUNGED,
    FILE,
    IN_ARCHIVE,
    IN_DATA,
    UNLINKED,
    MailboxPlace,
    Rows,
    StoredMailbox,
)
from respool.model.messages import PartitionName
from respool.model.names import MailboxName
from tests.unit.cyrus.indexes import some_rows

NAME = MailboxName(domain="b.loc", parts=("user", "jdoe"))
HEADER = b"\xa1\x02\x8b\x0dCyrus mailbox header\n\n\n\tid\nTravail \njdoe@b.loc\tlrs\t\n"
VERSION = 13
SEEN, FLAGGED = 1 << 4, 1 << 1
COPIED_AT = 1_600_000_000
NEWEST = 2**32 - 1


def files(*uids: int, place: int = IN_DATA, size: int = 50, mtime: int = COPIED_AT) -> Rows:
    """Message files; the time of each is that of ``mtime`` and as many hours as its UID."""
    found: Rows = np.zeros(len(uids), dtype=FILE)
    found["uid"], found["size"], found["place"] = uids, size, place
    found["mtime"] = mtime + 3600 * np.array(uids, dtype="i8")
    return found


def index(count: int, last_uid: int | None = None, **columns: object) -> bytes:
    """An index of UIDs 1 to ``count``; ``columns`` are set over the usual values."""
    rows = some_rows(count)
    rows["size"] = 50
    for name, values in columns.items():
        rows[name] = values
    last = count if last_uid is None else last_uid
    return render_index(VERSION, IndexHeader(last_uid=last, uidvalidity=7), rows)


def box(octets: bytes | None, messages: Rows, header: bytes | None = HEADER) -> StoredMailbox:
    """A mailbox of a backup, joined of its files."""
    place = MailboxPlace(partition=PartitionName("b_loc"))
    return join_mailbox(NAME, place, MailboxFiles(header=header, index=octets, messages=messages))


def cut_after(count: int, octets: bytes) -> bytes:
    layout = layout_of(VERSION)
    return octets[: layout.header_size + count * layout.record_size + 10]


def damaged(record: int, octets: bytes) -> bytes:
    layout = layout_of(VERSION)
    at = layout.header_size + record * layout.record_size + layout.offset_in_record("size")
    return octets[:at] + b"\xff" + octets[at + 1 :]


def uids(mailbox: StoredMailbox) -> list[int]:
    found: list[int] = mailbox.records["uid"].tolist()
    return found


def orphans(mailbox: StoredMailbox) -> list[int]:
    found: list[int] = mailbox.orphans["uid"].tolist()
    return found


def codes(mailbox: StoredMailbox) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in mailbox.findings}


@pytest.mark.parametrize(
    ("octets", "there", "expected", "left"),
    [
        (index(3), files(1, 2, 3), [1, 2, 3], []),
        (index(3, last_uid=9), files(1, 2, 3, 5, 9), [1, 2, 3], [5, 9]),
        (index(3), files(1, 2, 3, 4, 7), [1, 2, 3, 4, 7], []),
        (index(3, last_uid=9), files(1, 2, 3, 5, 12), [1, 2, 3, 12], [5]),
        (index(0), files(1, 2), [1, 2], []),
        (index(0, last_uid=2), files(1, 2), [], [1, 2]),
        (None, files(1, 2, 9), [1, 2, 9], []),
        (b"", files(1, 2), [1, 2], []),
        (b"no index at all, but octets", files(1, 2), [1, 2], []),
        (cut_after(2, index(5)), files(1, 2, 3, 5), [1, 2, 3, 5], []),
        (cut_after(0, index(5)), files(1, 2), [1, 2], []),
        (cut_after(2, index(5, uid=[2, 4, 6, 8, 10])), files(1, 2, 3, 4, 5), [2, 4, 5], [1, 3]),
        (damaged(1, index(3)), files(1, 2, 3), [1, 2, 3], []),
        (damaged(1, index(3, last_uid=9)), files(1, 2, 3, 5), [1, 2, 3, 5], []),
        (None, files(), [], []),
    ],
    ids=[
        "all-known",
        "unknown-to-the-index",
        "delivered-while-it-was-copied",
        "both",
        "delivered-into-an-empty-one",
        "an-empty-index-that-held-mail",
        "no-index",
        "an-index-of-no-octets",
        "no-index-but-octets",
        "cut",
        "cut-before-the-first",
        "cut-and-unknown",
        "a-damaged-record",
        "a-damaged-record-and-unknown",
        "no-mail",
    ],
)
def test_records_are_made_of_files_that_the_index_cannot_speak_of_and_of_no_others(
    octets: bytes | None, there: Rows, expected: list[int], left: list[int]
) -> None:
    """What a sound index does not know may have been deleted, and stays an orphan."""
    found = with_files_as_records(box(octets, there))

    assert uids(found) == expected
    assert orphans(found) == left
    assert found.visible().sum() == found.restorable().sum() == len(expected)


def test_a_mailbox_whose_index_speaks_of_all_is_left_as_it_is() -> None:
    known = box(index(3, last_uid=9), files(1, 2, 3, 5))

    assert with_files_as_records(known) is known


def test_what_the_index_knows_keeps_its_flags_and_its_date() -> None:
    octets = index(2, system_flags=[SEEN, FLAGGED], internaldate=[100, 200])

    first, second, third = with_files_as_records(box(octets, files(1, 2, 3))).messages()

    assert (first.flags, first.internaldate.timestamp()) == (("\\Seen",), 100)
    assert (second.flags, second.internaldate.timestamp()) == (("\\Flagged",), 200)
    assert (third.flags, third.internaldate.timestamp()) == ((), COPIED_AT + 3 * 3600)
    assert (third.guid, third.size_bytes, third.has_file) == (None, 50, True)


def test_deleted_mail_stays_deleted_where_records_are_made() -> None:
    """Also where its record was read before the index ends."""
    octets = cut_after(2, index(4, system_flags=[EXPUNGED, 0, 0, 0]))

    found = with_files_as_records(box(octets, files(1, 2, 3, 4)))

    assert found.records["uid"][found.visible()].tolist() == [2, 3, 4]
    assert found.records["uid"][found.recoverable()].tolist() == [1]


@pytest.mark.parametrize(
    ("octets", "severity"),
    [(None, Severity.NOTE), (damaged(0, index(3)), Severity.LOSS), (index(2), Severity.LOSS)],
    ids=["no-index", "a-damaged-record", "delivered-since"],
)
def test_it_is_said_how_many_messages_come_from_their_files(
    octets: bytes | None, severity: Severity
) -> None:
    """Without an index that itself is said, and stops what has to be complete."""
    found = with_files_as_records(box(octets, files(1, 2, 3)))

    (said,) = [each for each in found.findings if each.code == "records-from-files"]
    assert said.severity is severity
    assert said.text.startswith(f"{3 if octets is None else 1} messages")
    assert ("index-missing" in codes(found)) is (octets is None)


@pytest.mark.parametrize(
    ("mtime", "expected"),
    [
        (-1, 0),
        (-(10**12), 0),
        (0, 0),
        (1, 1),
        (NEWEST, NEWEST),
        (NEWEST + 1, NEWEST),
        (10**12, NEWEST),
    ],
)
def test_a_date_that_no_record_can_hold_is_the_nearest_that_one_can(
    mtime: int, expected: int
) -> None:
    """Before 1970 and after 2106, of files that came from elsewhere."""
    there = files(1)
    there["mtime"] = mtime
    made = with_files_as_records(box(None, there))
    forced = with_files_only(box(index(1), there))

    for found in (made, forced):
        assert found.records["internaldate"].tolist() == [expected]
        assert found.records["file_mtime"].tolist() == [mtime]
        render_index(12, IndexHeader(), found.records)


@pytest.mark.parametrize(("octets", "expected"), [(None, [1, 2]), (damaged(0, index(2)), [1, 2])])
def test_of_two_files_of_one_uid_in_data_and_archive_one_becomes_a_record(
    octets: bytes | None, expected: list[int]
) -> None:
    there = np.concatenate([files(1, 2), files(1, place=IN_ARCHIVE, size=60)])

    for found in (with_files_as_records(box(octets, there)), with_files_only(box(octets, there))):
        assert uids(found) == expected
        assert found.records["place"].tolist() == [IN_DATA, IN_DATA]
        assert found.records["file_size"].tolist() == [50, 50]
        assert orphans(found) == []


def test_a_file_of_the_archive_alone_is_a_record_of_the_archive() -> None:
    found = with_files_as_records(box(None, files(4, place=IN_ARCHIVE)))

    assert found.records["place"].tolist() == [IN_ARCHIVE]


@pytest.mark.parametrize(
    ("count", "spread", "is_said"),
    [(10, 120, True), (10, 121, False), (9, 0, False), (300, 60, True)],
)
def test_files_of_one_moment_are_said_to_be_a_copy_without_their_times(
    count: int,
    spread: int,
    is_said: bool,  # noqa: FBT001 - a table
) -> None:
    """``cp`` without ``-p``: all the mail would be of that minute."""
    there = files(*range(1, count + 1))
    there["mtime"] = COPIED_AT
    there["mtime"][-1] += spread

    for found in (
        with_files_as_records(box(None, there)),
        with_files_only(box(None, there)),
        with_files_only(box(index(count), there)),
    ):
        assert ("dates-of-a-copy" in codes(found)) is is_said


def test_dates_that_the_index_knows_are_not_those_of_a_copy() -> None:
    there = files(*range(1, 21))
    there["mtime"] = COPIED_AT

    assert "dates-of-a-copy" not in codes(with_files_as_records(box(index(19), there)))


def test_forced_all_flags_keywords_and_dates_are_those_of_files() -> None:
    octets = index(
        2,
        internaldate=[100, 200],
        system_flags=[SEEN | FLAGGED, SEEN],
        user_flags=[[1, 0, 0, 0]] * 2,
        guid=np.void(b"\1" * 20),
        modseq=9,
    )

    found = with_files_only(box(octets, files(1, 2)))

    assert [(each.flags, each.guid) for each in found.messages()] == [((), None)] * 2
    assert found.records["internaldate"].tolist() == [COPIED_AT + 3600, COPIED_AT + 7200]
    assert (found.keywords, found.shared_seen) == ((), False)
    assert not found.records["user_flags"].any()
    assert found.restorable().all()


def test_forced_with_a_readable_index_what_was_deleted_stays_away() -> None:
    flags = [EXPUNGED | SEEN, 0, EXPUNGED | UNLINKED, 0]

    found = with_files_only(box(index(4, system_flags=flags), files(1, 2, 3)))

    assert uids(found) == [1, 2, 3]
    assert found.records["uid"][found.visible()].tolist() == [2]
    assert found.records["uid"][found.recoverable()].tolist() == [1]
    (said,) = [each for each in found.findings if each.code == "without-metadata"]
    assert "what the index knows as deleted stays away" in said.text


@pytest.mark.parametrize("octets", [None, b"spoiled"])
def test_forced_without_a_readable_index_all_mail_comes_and_that_is_said(
    octets: bytes | None,
) -> None:
    found = with_files_only(box(octets, files(1, 5)))

    assert uids(found) == [1, 5]
    assert found.visible().all()
    (said,) = [each for each in found.findings if each.code == "without-metadata"]
    assert "may come back" in said.text
    assert said.severity is Severity.NOTE


def test_forced_nobody_is_told_of_metadata_that_he_did_not_ask_for() -> None:
    """But still of what the files themselves lack."""
    spoiled = with_files_only(box(damaged(0, index(3)), files(1, 2), header=None))
    missing = with_files_only(box(None, files(1), header=b""))

    assert codes(spoiled) == {
        "message-file-missing": Severity.LOSS,
        "without-metadata": Severity.NOTE,
    }
    assert codes(missing) == {"without-metadata": Severity.NOTE}


def test_forced_a_file_that_differs_from_its_record_is_taken_as_it_is() -> None:
    """Without metadata there is nothing that it could differ from."""
    there = files(1, size=49)
    there["size"] = 77

    found = with_files_only(box(index(1), there))

    assert found.records["size"].tolist() == [77]
    assert found.restorable().all()


def test_forced_an_archived_message_is_taken_from_the_archive() -> None:
    octets = index(2, system_flags=[ARCHIVED, 0])

    found = with_files_only(box(octets, np.concatenate([files(2), files(1, place=IN_ARCHIVE)])))

    assert uids(found) == [1, 2]
    assert found.records["place"].tolist() == [IN_ARCHIVE, IN_DATA]
    assert found.visible().all()


@given(
    known=st.sets(st.integers(1, 40), max_size=8),
    there=st.lists(
        st.tuples(st.integers(1, 40), st.sampled_from([IN_DATA, IN_ARCHIVE])),
        max_size=12,
        unique=True,
    ),
    cut=st.none() | st.integers(0, 2000),
    is_forced=st.booleans(),
)
def test_whatever_lies_there_each_uid_is_one_record_or_orphan_in_order(
    known: set[int],
    there: list[tuple[int, int]],
    cut: int | None,
    is_forced: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    found_files = np.concatenate(
        [np.zeros(0, dtype=FILE), *(files(uid, place=place) for uid, place in there)]
    )
    octets = index(len(known), last_uid=max(known, default=0), uid=sorted(known))[:cut]
    mailbox = box(octets, found_files)

    found = with_files_only(mailbox) if is_forced else with_files_as_records(mailbox)

    assert uids(found) == sorted(set(uids(found)))
    assert not set(uids(found)) & set(orphans(found))
    with_file = {uid for uid, _ in there}
    assert with_file <= set(uids(found)) | set(orphans(found))
    if is_forced:
        assert set(uids(found)) == with_file
    assert uids(with_files_as_records(found)) == uids(found)
