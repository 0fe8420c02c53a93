from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.index import IndexHeader, render_index
from respool.cyrus.mailbox import MailboxFiles, join_mailbox
from respool.cyrus.mailbox_findings import OddEntry
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
from tests.unit.cyrus.test_header import DLIST, TEXT

NAME = MailboxName(domain="b.loc", parts=("user", "jdoe"))
PLACE = MailboxPlace(partition=PartitionName("b_loc"))


def files(*uids: int, place: int = IN_DATA) -> list[tuple[int, int, int, int]]:
    return [(uid, 100 + uid, 1_700_000_000, place) for uid in uids]


def as_rows(listed: list[tuple[int, int, int, int]]) -> Rows:
    return np.array(listed, dtype=FILE)


def joined(
    rows: Rows | None,
    listed: list[tuple[int, int, int, int]],
    *,
    header: bytes | None = TEXT,
    odd: tuple[OddEntry, ...] = (),
) -> StoredMailbox:
    index = None
    if rows is not None:
        rows["guid"] = np.void(b"\1" * 20)
        index = render_index(13, IndexHeader(last_uid=9, uidvalidity=7), rows)
    found = MailboxFiles(header=header, index=index, messages=as_rows(listed), odd_entries=odd)
    return join_mailbox(NAME, PLACE, found)


def codes(mailbox: StoredMailbox) -> list[str]:
    return [finding.code for finding in mailbox.findings]


def test_a_whole_mailbox_has_no_findings() -> None:
    mailbox = joined(some_rows(3), files(1, 2, 3))

    assert codes(mailbox) == []
    assert mailbox.restorable().all()
    assert (mailbox.uidvalidity, mailbox.last_uid, mailbox.index_version) == (7, 9, 13)
    assert mailbox.keywords == ("Travail", "$Forwarded")


def test_a_record_without_a_file_and_a_file_without_a_record_are_found() -> None:
    mailbox = joined(some_rows(2), files(2, 3))

    assert codes(mailbox) == ["message-file-missing", "message-file-without-record"]
    assert [finding.uid for finding in mailbox.findings] == [1, 3]
    assert mailbox.orphans["uid"].tolist() == [3]


def test_a_file_of_another_size_is_found() -> None:
    mailbox = joined(some_rows(1), [(1, 5, 0, IN_DATA)])

    assert codes(mailbox) == ["message-file-size-differs"]
    assert not mailbox.restorable().any()


@pytest.mark.parametrize(
    ("flags", "place"), [(0, IN_DATA), (ARCHIVED, IN_ARCHIVE)], ids=["data", "archive"]
)
def test_of_two_files_the_record_says_which_is_meant(flags: int, place: int) -> None:
    rows = some_rows(1)
    rows["system_flags"] = flags

    mailbox = joined(rows, files(1) + files(1, place=IN_ARCHIVE))

    assert mailbox.records["place"].tolist() == [place]
    assert codes(mailbox) == []


@pytest.mark.parametrize("flags", [0, ARCHIVED])
@pytest.mark.parametrize("place", [IN_DATA, IN_ARCHIVE])
def test_the_only_file_is_taken_wherever_it_is(flags: int, place: int) -> None:
    rows = some_rows(1)
    rows["system_flags"] = flags

    assert joined(rows, files(1, place=place)).records["place"].tolist() == [place]


def test_what_was_expunged_and_has_no_file_is_no_loss() -> None:
    rows = some_rows(3)
    rows["system_flags"] = [0, EXPUNGED, EXPUNGED | UNLINKED]

    mailbox = joined(rows, files(1))

    assert codes(mailbox) == []
    assert mailbox.visible().tolist() == [True, False, False]
    assert not mailbox.recoverable().any()


def test_without_an_index_all_files_are_orphans() -> None:
    mailbox = joined(None, files(7, 2))

    assert not mailbox.has_index
    assert mailbox.orphans["uid"].tolist() == [2, 7]
    assert codes(mailbox) == ["index-missing"]
    assert mailbox.uidvalidity is None


def test_keywords_without_names_are_counted() -> None:
    rows = some_rows(2)
    rows["user_flags"][:, 0] = [0b101, 0b100]
    rows["user_flags"][0, 3] = 1 << 31

    mailbox = joined(rows, files(1, 2))

    assert codes(mailbox) == ["keyword-without-name"] * 2
    assert [finding.subject for finding in mailbox.findings] == ["keyword 2", "keyword 127"]
    assert [message.flags for message in mailbox.messages()] == [("Travail",), ()]


def test_a_hole_among_the_keywords_is_no_name() -> None:
    rows = some_rows(1)
    rows["user_flags"][:, 0] = 0b111

    mailbox = joined(rows, files(1), header=DLIST)

    assert [finding.subject for finding in mailbox.findings] == ["keyword 1"]
    assert next(mailbox.messages()).flags == ("Travail", "$Forwarded")


@pytest.mark.parametrize(
    ("entry", "code", "uid"),
    [
        (OddEntry(file_name="5.", kind="link"), "unsafe-entry", 5),
        (OddEntry(file_name="passwd", kind="link"), "unsafe-entry", None),
        (OddEntry(file_name="007.", kind="file"), "odd-message-file-name", None),
    ],
)
def test_odd_entries_are_found(entry: OddEntry, code: str, uid: int | None) -> None:
    finding = joined(some_rows(1), files(1), odd=(entry,)).findings[0]

    assert (finding.code, finding.uid, finding.subject) == (code, uid, entry.file_name)


def test_findings_name_their_files() -> None:
    place = MailboxPlace(
        partition=PartitionName("b_loc"),
        data=PurePosixPath("d"),
        meta=PurePosixPath("m"),
        archive=PurePosixPath("a"),
    )
    rows = some_rows(3)
    rows["guid"] = np.void(b"\1" * 20)
    rows["system_flags"][1] |= ARCHIVED
    index = render_index(13, IndexHeader(last_uid=9, uidvalidity=7), rows)
    listed = [(3, 5, 0, IN_DATA), *files(4, place=IN_ARCHIVE)]
    odd = OddEntry(file_name="x", kind="link", directory=PurePosixPath("a"))
    found = MailboxFiles(
        header=b"",
        index=index,
        messages=as_rows(listed),
        odd_entries=(odd,),
        directories={"cyrus.header": PurePosixPath("d")},
    )

    mailbox = join_mailbox(NAME, place, found)

    assert {(each.code, str(each.file)) for each in mailbox.findings} == {
        ("header-unreadable", "d/cyrus.header"),
        ("unsafe-entry", "a/x"),
        ("message-file-missing", "d/1."),
        ("message-file-missing", "a/2."),
        ("message-file-size-differs", "d/3."),
        ("message-file-without-record", "a/4."),
    }


def test_a_file_of_the_index_is_looked_for_in_meta_first() -> None:
    place = MailboxPlace(
        partition=PartitionName("b_loc"), data=PurePosixPath("d"), meta=PurePosixPath("m")
    )
    found = MailboxFiles(header=None, index=None, messages=as_rows([]))

    mailbox = join_mailbox(NAME, place, found)

    assert {str(each.file) for each in mailbox.findings} == {"m/cyrus.header", "m/cyrus.index"}


@given(header=st.binary(max_size=80), index=st.binary(max_size=200))
def test_any_octets_give_a_mailbox(header: bytes, index: bytes) -> None:
    found = MailboxFiles(header=header, index=index, messages=as_rows(files(1)))

    mailbox = join_mailbox(NAME, PLACE, found)

    assert mailbox.findings
