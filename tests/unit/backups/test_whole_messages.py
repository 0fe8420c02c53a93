"""Stubs become the messages that they stand for, and say why where they do not."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from respool.backups import stub_messages
from respool.backups.contents import mailboxes_of
from respool.backups.discovery import open_backup
from respool.backups.hsm_store import places_of
from respool.backups.source import SourceMailbox, read_mailbox
from respool.backups.stub_messages import open_joined
from respool.backups.whole_messages import Archive, WholeMailbox, possible_stubs, with_bodies
from respool.bluemind.snappy_stream import LONGEST_BLOCK
from respool.cyrus.files_as_records import with_files_as_records, with_files_only
from respool.errors import FormatError, MessageNotInMailbox
from respool.model.accounts import Account, AccountKind
from respool.model.findings import Severity
from respool.model.inventory import StoredMailbox
from tests.support.hsm_store import (
    ID,
    OTHER_ID,
    Kept,
    letter,
    snappy_stream,
    stub_of,
    write_body,
    write_messages,
)

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
OWNER = ("b.loc", "E-1")
ACL = {"E-1@b.loc": "lrswipkxtea"}
WHOLE = letter("Plans", b"all of it\r\n" * 50)
STUB = Kept(octets=stub_of(WHOLE, ID), keywords=(0, 1))
PLAIN = Kept(octets=letter("plain"), keywords=(0,))


def the_mailbox(root: Path) -> SourceMailbox:
    (generation,) = open_backup(root).generations
    (source,) = mailboxes_of(generation, JDOE)
    return source


def archive_at(root: Path, *, is_there: bool = True) -> Archive:
    (generation,) = open_backup(root).generations
    return Archive(stores=places_of(generation, JDOE, ACL, lambda: ()), is_there=is_there)


def joined(root: Path, *, is_there: bool = True) -> WholeMailbox:
    source = the_mailbox(root)
    mailbox = read_mailbox(source)
    candidates = possible_stubs(mailbox, mailbox, reads_files=False)
    return with_bodies(source, mailbox, candidates, archive_at(root, is_there=is_there))


def codes(whole: WholeMailbox) -> list[tuple[str, Severity, int | None]]:
    return [(each.code, each.severity, each.uid) for each in whole.mailbox.findings]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    write_messages(tmp_path, "user/jdoe@b.loc", [PLAIN, STUB], acl=ACL)
    write_body(tmp_path, OWNER, ID, snappy_stream(WHOLE))
    return tmp_path


def test_the_record_becomes_that_of_the_message(spool: Path) -> None:
    before = read_mailbox(the_mailbox(spool))
    whole = joined(spool)
    plain, message = whole.mailbox.messages()
    assert (whole.stubs, whole.damaged) == (1, 0)
    assert whole.joined == {2}
    assert message.guid == hashlib.sha1(WHOLE).hexdigest()
    assert message.size_bytes == len(WHOLE)
    assert message.flags == ("$Label",)
    assert whole.mailbox.restorable().all()
    plain_before, stub = before.messages()
    assert plain == plain_before
    assert stub == replace(
        message, guid=stub.guid, size_bytes=stub.size_bytes, flags=("$Label", "BMARCHIVED")
    )
    assert codes(whole) == [("hsm-joined", Severity.NOTE, None)]


def test_the_octets_are_those_that_the_record_says(spool: Path) -> None:
    source = the_mailbox(spool)
    with open_joined(source, 2, 1, archive_at(spool).stores) as reader:
        pieces = []
        while piece := reader.read(100):
            pieces.append(piece)
    assert b"".join(pieces) == WHOLE
    assert max(map(len, pieces)) == 100


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
def test_stubs_are_found_however_many_are_looked_at_at_once(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stub_messages, "_AT_ONCE", at_once)
    kept = [PLAIN, STUB, STUB, PLAIN, STUB]
    write_messages(tmp_path, "user/jdoe@b.loc", kept, acl=ACL)
    write_body(tmp_path, OWNER, ID, snappy_stream(WHOLE))

    whole = joined(tmp_path)

    assert (whole.stubs, whole.damaged, whole.joined) == (3, 0, frozenset({2, 3, 5}))
    sizes = [each.size_bytes for each in whole.mailbox.messages()]
    assert sizes == [len(each.octets if each is PLAIN else WHOLE) for each in kept]


def test_what_was_read_stays_as_it_was(spool: Path) -> None:
    source = the_mailbox(spool)
    mailbox = read_mailbox(source)
    before = mailbox.records.tobytes()

    whole = with_bodies(source, mailbox, np.ones(2, dtype=np.bool_), archive_at(spool))

    assert whole.joined == {2}
    assert mailbox.records.tobytes() == before


def test_a_message_that_is_no_stub_is_not_joined(spool: Path) -> None:
    stores = archive_at(spool).stores
    with pytest.raises(MessageNotInMailbox):
        open_joined(the_mailbox(spool), 1, 1, stores)


def test_a_keyword_alone_makes_no_stub(tmp_path: Path) -> None:
    """
    BlueMind 4 gives the keyword to whole messages, too.
    """
    kept = Kept(octets=letter("archived by BlueMind 4"), keywords=(1,))
    write_messages(tmp_path, "user/jdoe@b.loc", [kept], acl=ACL)
    whole = joined(tmp_path)
    assert (whole.stubs, whole.joined) == (0, frozenset())
    assert [each.flags for each in whole.mailbox.messages()] == [("BMARCHIVED",)]
    assert codes(whole) == []


@pytest.mark.parametrize(
    ("is_there", "code", "severity"),
    [
        (True, "hsm-body-missing", Severity.LOSS),
        (False, "hsm-store-missing", Severity.NOTE),
    ],
)
def test_a_stub_without_a_body_stays_as_it_is(
    tmp_path: Path, *, is_there: bool, code: str, severity: Severity
) -> None:
    write_messages(tmp_path, "user/jdoe@b.loc", [PLAIN, STUB], acl=ACL)
    before = read_mailbox(the_mailbox(tmp_path))
    whole = joined(tmp_path, is_there=is_there)
    assert (whole.stubs, whole.damaged, whole.joined) == (1, 0, frozenset())
    assert np.array_equal(whole.mailbox.records, before.records)
    assert codes(whole) == [(code, severity, 2)]


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"", id="no octet"),
        pytest.param(snappy_stream(b""), id="no block"),
        pytest.param(snappy_stream(WHOLE)[:-1], id="cut"),
        pytest.param(snappy_stream(WHOLE).replace(b"all", b"ALL", 1), id="changed"),
        pytest.param(WHOLE, id="not compressed at all"),
    ],
)
def test_a_damaged_body_leaves_the_stub(spool: Path, stream: bytes) -> None:
    write_body(spool, OWNER, ID, stream)
    whole = joined(spool)
    assert (whole.stubs, whole.damaged, whole.joined) == (1, 1, frozenset())
    assert codes(whole) == [("hsm-body-damaged", Severity.LOSS, 2)]
    assert [each.flags for each in whole.mailbox.messages()][1] == ("$Label", "BMARCHIVED")


def test_a_directory_in_the_place_of_a_body_is_damage(spool: Path) -> None:
    file = write_body(spool, OWNER, ID, b"")
    file.unlink()
    file.mkdir()
    assert codes(joined(spool)) == [("hsm-body-damaged", Severity.LOSS, 2)]


def test_an_id_that_is_none_opens_nothing(tmp_path: Path) -> None:
    stub = Kept(octets=stub_of(WHOLE, "../../../../etc/passwd"), keywords=(1,))
    write_messages(tmp_path, "user/jdoe@b.loc", [stub], acl=ACL)
    whole = joined(tmp_path)
    assert (whole.stubs, whole.damaged) == (1, 1)
    assert codes(whole) == [("hsm-id-invalid", Severity.LOSS, 1)]


def test_a_body_that_ends_with_a_full_block_comes_back_with_a_warning(spool: Path) -> None:
    octets = letter("full") + bytes(LONGEST_BLOCK)
    write_body(spool, OWNER, ID, snappy_stream(octets[:LONGEST_BLOCK]))
    whole = joined(spool)
    assert whole.joined == {2}
    assert ("hsm-body-may-be-cut", Severity.LOSS, 2) in codes(whole)


def test_no_file_is_opened_where_no_keyword_says_so(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_messages(spool, "user/jdoe@b.loc", [PLAIN, replace(STUB, keywords=())], acl=ACL)
    monkeypatch.setattr("respool.backups.stub_messages.message_fd", pytest.fail)
    assert joined(spool).stubs == 0


def fallen_back(root: Path, mended: StoredMailbox, read: StoredMailbox) -> WholeMailbox:
    candidates = possible_stubs(mended, read, reads_files=True)
    return with_bodies(the_mailbox(root), mended, candidates, archive_at(root))


def test_without_an_index_headers_tell(spool: Path) -> None:
    (index,) = spool.rglob("cyrus.index")
    index.unlink()
    read = read_mailbox(the_mailbox(spool))
    whole = fallen_back(spool, with_files_as_records(read), read)
    assert whole.joined == {2}


def test_without_metadata_headers_tell(spool: Path) -> None:
    read = read_mailbox(the_mailbox(spool))
    whole = fallen_back(spool, with_files_only(read), read)
    assert whole.joined == {2}
    assert [each.size_bytes for each in whole.mailbox.messages()][1] == len(WHOLE)


def test_with_the_names_of_keywords_lost_headers_tell(spool: Path) -> None:
    (header,) = spool.rglob("cyrus.header")
    header.unlink()
    read = read_mailbox(the_mailbox(spool))
    assert read.keywords == ()
    whole = fallen_back(spool, with_files_as_records(read), read)
    assert whole.joined == {2}


def test_many_stubs_without_bodies_are_told_by_number(tmp_path: Path) -> None:
    stubs = [STUB] * 1003
    write_messages(tmp_path, "user/jdoe@b.loc", stubs, acl=ACL)
    whole = joined(tmp_path)
    assert whole.stubs == 1003
    assert len(whole.mailbox.findings) == 1001
    assert whole.mailbox.findings[-1].text == "3 more of these, 1,003 in all"


def test_damage_is_seen_while_it_is_read_and_the_file_is_closed(spool: Path) -> None:
    stores = archive_at(spool).stores
    write_body(spool, OWNER, ID, snappy_stream(letter("x") + bytes(LONGEST_BLOCK))[:-1])
    with open_joined(the_mailbox(spool), 2, 1, stores) as reader:
        descriptor = reader.raw._descriptor  # type: ignore[attr-defined]
        assert reader.read(4) == b"From"
        with pytest.raises(FormatError):
            reader.read()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_body_of_another_mailbox_is_not_taken(spool: Path) -> None:
    stub = Kept(octets=stub_of(WHOLE, OTHER_ID), keywords=(1,))
    write_messages(spool, "user/jdoe@b.loc", [PLAIN, stub], acl=ACL)
    write_body(spool, ("b.loc", "E-2"), OTHER_ID, snappy_stream(WHOLE))
    assert codes(joined(spool)) == [("hsm-body-missing", Severity.LOSS, 2)]
