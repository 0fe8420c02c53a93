from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.expunge import parse_expunge
from respool.cyrus.files_as_records import with_files_as_records, with_files_only
from respool.cyrus.index import IndexHeader, render_index
from respool.cyrus.mailbox import MailboxFiles, join_mailbox
from respool.errors import FormatError
from respool.model.inventory import COUNTED, EXPUNGED, RECORD, Rows, StoredMailbox
from tests.unit.cyrus.indexes import some_rows
from tests.unit.cyrus.test_files_as_records import NAME, files
from tests.unit.cyrus.test_header import TEXT
from tests.unit.cyrus.test_mailbox import PLACE

OLD = (7, 8, 9, 10)


def rows_of(*uids: int, size: int = 50) -> Rows:
    rows = some_rows(len(uids))
    rows["uid"], rows["size"] = uids, size
    return rows


def expunge(version: int, *uids: int) -> bytes:
    """As 2.3 writes it: unsorted, and a header that bounds nothing."""
    return render_index(version, IndexHeader(last_uid=1), rows_of(*uids))


def box(index: bytes | None, expunged: bytes | None, *file_uids: int) -> StoredMailbox:
    found = MailboxFiles(header=TEXT, index=index, expunge=expunged, messages=files(*file_uids))
    return join_mailbox(NAME, PLACE, found)


def index(version: int, *uids: int, last_uid: int = 9) -> bytes:
    return render_index(version, IndexHeader(last_uid=last_uid, uidvalidity=7), rows_of(*uids))


def codes(mailbox: StoredMailbox) -> list[str]:
    return [finding.code for finding in mailbox.findings if finding.code != "guid-zero"]


@pytest.mark.parametrize("version", OLD)
def test_expunged_records_of_2_3_are_read_in_the_order_of_uids(version: int) -> None:
    found = parse_expunge(expunge(version, 7, 2, 5))

    assert found.records["uid"].tolist() == [2, 5, 7]
    assert set(found.records["system_flags"].tolist()) == {EXPUNGED}
    assert found.findings == ()


def test_of_two_records_of_one_uid_the_later_counts() -> None:
    rows = rows_of(7, 2, 7)
    rows["internaldate"] = [100, 200, 300]

    found = parse_expunge(render_index(10, IndexHeader(), rows))

    assert found.records["internaldate"].tolist() == [200, 300]


def test_counting_knows_of_the_expunged_all_that_it_counts() -> None:
    found = MailboxFiles(
        header=TEXT, index=index(9, 1, 4), expunge=expunge(9, 3, 2), messages=files(1, 2, 4)
    )

    full, few = (join_mailbox(NAME, PLACE, found, each) for each in (RECORD, COUNTED))

    assert few.records.dtype == COUNTED
    assert few.findings == full.findings
    for name in COUNTED.names or ():
        assert few.records[name].tobytes() == full.records[name].tobytes()


@pytest.mark.parametrize("version", OLD)
def test_expunged_mail_of_2_3_can_be_recovered_where_its_file_is_there(version: int) -> None:
    mailbox = box(index(version, 1, 4), expunge(version, 3, 2), 1, 2, 4)

    assert mailbox.records["uid"].tolist() == [1, 2, 3, 4]
    assert mailbox.visible().tolist() == [True, False, False, True]
    assert mailbox.recoverable().tolist() == [False, True, False, False]
    assert codes(mailbox) == []
    assert len(mailbox.orphans) == 0


def test_a_record_in_both_files_is_the_one_of_the_index() -> None:
    """The server died between the two: the message is still there."""
    mailbox = box(index(10, 1, 2), expunge(10, 2), 1, 2)

    assert mailbox.visible().tolist() == [True, True]


def test_beside_a_later_index_the_file_is_stale_and_brings_nothing_back() -> None:
    mailbox = box(index(13, 1, last_uid=2), expunge(10, 2, 3), 1, 2, 3)

    assert mailbox.records["uid"].tolist() == [1]
    assert codes(mailbox) == ["expunge-stale", *["message-file-without-record"] * 2]
    made = with_files_as_records(mailbox)
    assert made.records[made.visible()]["uid"].tolist() == [1]


def test_without_an_index_what_was_deleted_does_not_come_back_unasked() -> None:
    mailbox = box(None, expunge(9, 2), 1, 2, 3)

    for made in (with_files_as_records(mailbox), with_files_only(mailbox)):
        assert made.records[made.visible()]["uid"].tolist() == [1, 3]
        assert made.records[made.recoverable()]["uid"].tolist() == [2]


def test_a_file_that_is_none_is_said_and_costs_nothing_else() -> None:
    mailbox = box(index(10, 1), b"garbage", 1)

    assert codes(mailbox) == ["expunge-unreadable"]
    assert mailbox.visible().tolist() == [True]


def test_garbage_and_cuts_cost_the_records_that_they_hit() -> None:
    octets = bytearray(expunge(10, 7, 2, 5))
    octets[96 + 88 + 33] = 0xFF  # flags of the second that do not exist

    found = parse_expunge(bytes(octets[:-10]))

    assert found.records["uid"].tolist() == [7]
    assert [each.code for each in found.findings] == ["expunge-record-damaged"] * 2
    assert sum(each.count for each in found.findings) == 2


@given(st.binary(max_size=300))
def test_any_octets_give_a_value_or_a_format_error(octets: bytes) -> None:
    with suppress(FormatError):
        parse_expunge(octets)


@given(
    st.lists(st.integers(1, 2**31 - 1), unique=True, max_size=20),
    st.sampled_from((*OLD, 12)),
)
def test_each_uid_comes_once_whatever_the_order(uids: list[int], version: int) -> None:
    found = parse_expunge(render_index(version, IndexHeader(), rows_of(*uids)))

    assert found.records["uid"].tolist() == sorted(uids)
    assert np.all(found.records["system_flags"] == EXPUNGED)
