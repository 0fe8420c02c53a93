"""One stub of a folder: whether its message is there, and the message itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from respool.app.archived import OpenedWhole, StubsOfMailbox
from respool.app.cat import get_message
from respool.app.ls import list_messages
from respool.app.selection import Wanted, select
from respool.app.settings import Settings
from respool.backups.discovery import open_backup
from respool.backups.source import read_mailbox
from respool.model.inventory import IN_DATA, NOWHERE
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

WHOLE = letter("archived", b"much\r\n" * 40)
JDOE = "jdoe@b.loc"
INBOX = Wanted(account=JDOE, folders=("INBOX",))
GUID = hashlib.sha1(WHOLE).hexdigest()


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    messages = [
        Kept(octets=letter("plain")),
        Kept(octets=stub_of(WHOLE, ID), keywords=(1,)),
        Kept(octets=stub_of(WHOLE, OTHER_ID), keywords=(1,)),
        Kept(octets=stub_of(WHOLE, ID)),
    ]
    write_messages(tmp_path, f"user/{JDOE}", messages, acl={"E-1@b.loc": "lrswipkxtea"})
    write_body(tmp_path, ("b.loc", "E-1"), ID, snappy_stream(WHOLE))
    return tmp_path


def settings(backups: Path) -> Settings:
    return Settings(
        backups=backups,
        imapd_conf=Path("/nonexistent"),
        imap=None,
        imap_admin=None,
        imap_password=None,
        to_password=None,
        state=backups / "state",
        staged=None,
    )


def stubs_in(backups: Path) -> StubsOfMailbox:
    selection = select(open_backup(backups), INBOX)
    (source,) = selection.mailboxes
    return StubsOfMailbox(selection=selection, source=source, mailbox=read_mailbox(source))


def test_ls_says_which_messages_are_stubs_and_which_can_be_had_whole(spool: Path) -> None:
    """
    The last has a stub's header and not the keyword: whoever sent it wrote that.
    """
    listing = list_messages(settings(spool), INBOX)
    lines = [message.as_json() for message in listing.messages]
    assert [line["hsm"] for line in lines] == [None, "whole", "stub", None]


def test_a_file_without_record_is_looked_at_where_there_is_an_archive(spool: Path) -> None:
    (index,) = spool.rglob("cyrus.index")
    index.unlink()
    listing = list_messages(settings(spool), INBOX)
    assert [each.hsm for each in listing.messages] == [None, "whole", "stub", "whole"]


def test_cat_gives_the_message_that_a_stub_stands_for(spool: Path) -> None:
    found = get_message(settings(spool), INBOX, "2")
    with found.file as file:
        octets = file.read()
    assert octets == WHOLE
    told = found.as_json(octets, part=None)
    assert (told["hsm"], told["guid"], told["size_bytes"]) == ("whole", GUID, len(WHOLE))
    assert found.note is None


def test_cat_gives_the_stub_where_there_is_no_message_and_says_so(spool: Path) -> None:
    found = get_message(settings(spool), INBOX, "3")
    with found.file as file:
        assert file.read() == stub_of(WHOLE, OTHER_ID)
    assert (found.hsm, found.note) == ("stub", "its message is not in this backup")


def test_cat_gives_the_stub_of_a_damaged_message(spool: Path) -> None:
    write_body(spool, ("b.loc", "E-1"), ID, snappy_stream(WHOLE)[:-1])
    found = get_message(settings(spool), INBOX, "2")
    with found.file as file:
        assert file.read() == stub_of(WHOLE, ID)
    assert found.note is not None
    assert "cut" in found.note


def test_any_other_message_is_as_it_is(spool: Path) -> None:
    found = get_message(settings(spool), INBOX, "1")
    with found.file as file:
        assert file.read() == letter("plain")
    assert (found.hsm, found.note) == (None, None)


def test_a_message_without_a_file_is_no_stub(spool: Path) -> None:
    stubs = stubs_in(spool)
    assert stubs.state(2, NOWHERE) is None
    assert stubs.opened(2, NOWHERE) is None
    opened = stubs.opened(2, IN_DATA)
    assert isinstance(opened, OpenedWhole)
    opened.file.close()
