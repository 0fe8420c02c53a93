"""``show``, ``ls`` and ``cat`` on samples: what is unknown, and parts of every message."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from respool.cyrus.message_parts import Section, section_of
from respool.errors import MessageNotInMailbox, PartNotInMessage, UsageError
from tests.support import golden
from tests.support.command import document, lines, printed

JDOE = "user/jdoe@bluemind.loc"
CONTACT = "share/contact@bluemind.loc"


@pytest.fixture(scope="module")
def spool(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sample for the tests that change nothing."""
    return golden.unpack_spool("3.8.7", tmp_path_factory.mktemp("spool"))


def message(spool: Path, *words: str) -> dict[str, Any]:
    return document("cat", *words, "--backups", str(spool))


def test_without_the_servers_databases_readers_are_unknown_not_none(
    as_root: None, tmp_path: Path
) -> None:
    place = golden.unpack_spool("3.8.7", tmp_path)
    shutil.rmtree(place / "var/lib/cyrus")

    shown = document("show", CONTACT, "=INBOX", "--backups", str(place))
    own = document("show", JDOE, "=Sent", "--backups", str(place))
    listed = lines("ls", CONTACT, "INBOX", "--backups", str(place))

    box = shown["mailboxes"][0]
    assert (box["seen_by"], box["annotations"], box["special_use"]) == (None, None, None)
    assert box["quota"] == {"root": "contact@bluemind.loc", "resources": None}
    assert own["subscriptions"] is None
    assert {each["seen_by"] for each in listed} == {None}
    text = printed("show", CONTACT, "--backups", str(place))
    assert "not in this backup: readers" in text


def test_a_damaged_database_is_said_beside_the_folders(as_root: None, tmp_path: Path) -> None:
    place = golden.unpack_spool("3.8.7", tmp_path)
    (place / "var/lib/cyrus/annotations.db").write_bytes(b"no database")

    shown = document("show", JDOE, "--backups", str(place))

    assert {each["subject"] for each in shown["findings"]} == {"annotations.db"}
    assert {each["path"] for each in shown["mailboxes"]} >= {"INBOX", "Sent"}


def test_show_of_a_folder_says_all_of_it_in_80_columns(spool: Path) -> None:
    text = printed("show", CONTACT, "INBOX", "--backups", str(spool))

    assert "seen by      alice@bluemind.loc: 3 of 5" in text
    assert "annotation   /comment: Boîte partagée" in text
    assert max(len(line) for line in text.splitlines()) <= 80


def test_a_guid_finds_every_copy_in_the_account(spool: Path) -> None:
    """
    Message 36 of INBOX was copied to contact/Archives; 10 and 41 to Projects/2017/Q3.
    """
    original = message(spool, JDOE, "INBOX", "41")

    found = message(spool, JDOE, original["guid"])

    assert original["copies"] is None
    assert found["octets_base64"] == original["octets_base64"]
    assert {each["name"] for each in found["copies"]} == {
        "user/jdoe@bluemind.loc",
        "user/jdoe/Projects/2017/Q3@bluemind.loc",
    }
    assert message(spool, JDOE, "Projects/2017/Q3", original["guid"].upper())["uid"] == 7


def test_a_guid_that_no_index_knows_is_that_of_a_file(as_root: None, tmp_path: Path) -> None:
    place = golden.unpack_damaged("3.8.7", "data-without-meta", tmp_path)
    sound = golden.unpack_damaged("3.8.7", golden.INTACT, tmp_path / "sound")
    guid = message(sound, "anna@bluemind.loc", "INBOX", "5")["guid"]

    found = message(place, "anna@bluemind.loc", guid)

    assert (found["uid"], found["guid"]) == (5, None)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ((JDOE, "0" * 40), MessageNotInMailbox),
        ((JDOE, "INBOX", "0" * 40), MessageNotInMailbox),
        ((JDOE, "INBOX", "17."), UsageError),
        ((JDOE, "17"), UsageError),
        ((JDOE, "INBOX", "1", "2"), UsageError),
        ((JDOE, "INBOX", "1", "--part", "0"), UsageError),
        ((JDOE, "INBOX", "1", "--part", "7"), PartNotInMessage),
        ((JDOE, "INBOX", "1", "--part", "1", "--headers"), UsageError),
    ],
)
def test_what_cat_cannot_give_is_an_error(
    spool: Path, words: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        message(spool, *words)


def test_an_attachment_comes_decoded(spool: Path) -> None:
    words = (JDOE, "INBOX", "41", "--part", "2")
    octets = base64.b64decode(message(spool, *words)["octets_base64"])

    whole = base64.b64decode(message(spool, JDOE, "INBOX", "41")["octets_base64"])
    attached = [each for each in message_from_bytes(whole).walk() if each.get_filename()]
    assert octets == attached[0].get_payload(decode=True)


def numbered(part: Message, prefix: str) -> Iterator[tuple[str, Message]]:
    """The parts of a message that hold no others, as IMAP numbers them, by another reader."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        yield f"{prefix}1", part
        return
    for number, below in enumerate(payload, start=1):
        if below.get_content_maintype() == "multipart":
            yield from numbered(below, f"{prefix}{number}.")
        elif below.get_content_type() == "message/rfc822":
            yield from numbered(below.get_payload(0), f"{prefix}{number}.")
        elif not below.is_multipart():  # that reader takes reports of delivery apart, too
            yield f"{prefix}{number}", below


def test_every_part_of_every_sample_message_is_what_another_reader_finds(spool: Path) -> None:
    compared = 0
    for file in sorted((spool / "var/spool/cyrus/data").rglob("[0-9]*.")):
        octets = file.read_bytes()
        for number, part in numbered(message_from_bytes(octets), ""):
            found = section_of(octets, Section.parse(number))
            assert found == part.get_payload(decode=True), (file, number)
            compared += 1
    assert compared > 100
