from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from respool.model.findings import Severity
from respool.targets.spool import leftovers as about
from respool.targets.spool.leftovers import Leftover, LooseDirectory, MailboxLook
from tests.unit.targets.spool.leftovers import INBOX_ID, commands, named, record

HEADER = PurePosixPath("/spool/x/cyrus.header")
OLD = (3, 0, 18)


def look(**more: Any) -> MailboxLook:  # noqa: ANN401 - passed on to a dataclass
    """A sound mailbox of three messages; ``more`` are other fields."""
    fields: dict[str, Any] = {
        "record": record("x", uniqueid="own"),
        "header": HEADER,
        "has_header": True,
        "header_id": "own",
        "record_count": 3,
        "message_count": 3,
    }
    return MailboxLook(**{**fields, **more})


def codes(one: MailboxLook, version: tuple[int, int, int] = (3, 6, 1)) -> list[str]:
    return [found.code for found in about.leftovers_of_mailbox(one, commands(version))]


@pytest.mark.parametrize(
    "sound",
    [
        {},
        {"record_count": 0, "message_count": 0},
        {"record_count": None, "message_count": 0, "has_header": False},
        {"record_count": 50, "message_count": 3},  # expunged, their files gone
        {"record_count": 3, "message_count": 6},  # some being delivered
        {"record_count": 0, "message_count": 0, "has_header": False},
    ],
    ids=["same", "empty", "nothing", "expunged", "arriving", "no-records"],
)
def test_a_sound_mailbox_gives_nothing(sound: dict[str, Any]) -> None:
    assert codes(look(**sound)) == []


@pytest.mark.parametrize(("records", "files"), [(0, 1), (0, 55), (2, 5)])
def test_an_index_with_far_fewer_records_than_files_was_emptied(records: int, files: int) -> None:
    assert codes(look(record_count=records, message_count=files)) == ["leftover-index-emptied"]


def test_an_unreadable_header_is_told_before_reconstruct_empties_the_index() -> None:
    one = look(has_header=False, header_id=None)

    [found] = about.leftovers_of_mailbox(one, commands())

    assert found.code == "leftover-header-empty"
    assert found.cure is not None
    assert "3 records" in found.text


def test_no_plain_header_is_proposed_where_it_was_never_tried() -> None:
    """2.4 throws an index away whose header has another CRC."""
    [found] = about.leftovers_of_mailbox(look(has_header=False), commands((2, 4, 20)))

    assert found.cure is None
    assert "restore the mailbox anew" in found.text


def test_an_acl_that_no_header_can_hold_gives_no_cure_and_no_error() -> None:
    odd = record("x", acl=(("caf\u00e9", "lrs"),))

    [found] = about.leftovers_of_mailbox(look(record=odd, has_header=False), commands())

    assert found.cure is None


@pytest.mark.parametrize(("version", "count"), [((3, 6, 1), 1), ((3, 10, 3), 1), (OLD, 0)])
def test_a_record_needs_an_id_from_3_6_on(version: tuple[int, int, int], count: int) -> None:
    records = [record(), record("x", uniqueid=None)]

    assert len(list(about.without_id(records, commands(version)))) == count


def test_the_copy_is_the_one_that_lies_deeper() -> None:
    [twins] = about.twins_in([record("a", "Sent"), record("Sent"), record("x", uniqueid="own")])

    assert (twins.copy.name, twins.original.name) == (named("a", "Sent"), named("Sent"))
    assert twins.is_sure


def test_the_copy_is_the_one_that_reconstruct_died_on() -> None:
    [twins] = about.twins_in([record("a", uidvalidity=0), record("b", "c")])

    assert twins.copy.name == named("a")
    assert twins.is_sure


def test_where_the_copy_cannot_be_told_nothing_is_proposed_to_be_taken_out() -> None:
    [twins] = about.twins_in([record("a", modified=1), record("b", modified=2)])

    found = about.doubled_id(twins, commands())

    assert not twins.is_sure
    assert found.cure is None
    assert "cannot be told" in found.text


def test_three_with_one_id_are_two_copies() -> None:
    copies = [
        twins.copy.name for twins in about.twins_in([record(), record("a"), record("a", "b")])
    ]

    assert copies == [named("a"), named("a", "b")]


@pytest.mark.parametrize(
    ("version", "word"), [((3, 6, 1), "cyr_dbtool"), (OLD, "mbtool"), ((2, 4, 20), None)]
)
def test_a_doubled_id_is_cured_as_the_version_can(
    version: tuple[int, int, int], word: str | None
) -> None:
    [twins] = about.twins_in([record(), record("a")])

    found = about.doubled_id(twins, commands(version))

    assert INBOX_ID in found.text
    assert (found.cure is None) if word is None else (found.cure is not None)
    assert word is None or word in str(found.cure)


def test_a_foreign_header_is_given_the_id_of_its_own_mailbox() -> None:
    found = about.foreign_header(look(header_id=INBOX_ID), named(), commands())

    assert found.code == "leftover-doubled-id"
    assert f"s/{INBOX_ID}/own/" in str(found.cure)


def test_a_loose_directory_is_told_with_its_count_and_moved_whole() -> None:
    places = (PurePosixPath("/var/spool/cyrus/data/b_loc/x"),)
    loose = LooseDirectory(subject="x", places=places, message_count=7, is_whole=True)

    found = about.loose_directory(loose, commands())

    assert "7 message files" in found.text
    assert "mv -T" in str(found.cure)


def test_only_files_are_moved_where_mailboxes_live_below() -> None:
    places = (PurePosixPath("/var/spool/cyrus/data/b_loc/x"),)
    loose = LooseDirectory(subject="x", places=places, message_count=7, is_whole=False)

    found = about.loose_directory(loose, commands())

    assert "-maxdepth 1 -type f" in str(found.cure)


def test_findings_are_notes_with_the_cure_in_the_order_of_curing() -> None:
    found = [
        Leftover(code=about.DIRECTORY, subject="a", text="loose", cure="mv it"),
        Leftover(code=about.RECORD_WITHOUT_ID, subject="b", text="no id", cure="delete it"),
        about.not_searched("c", "why"),
    ]

    told = about.as_leftovers(found, [named("a")])

    assert [one.subject for one in told.findings] == ["c", "b", "a"]
    assert {one.severity for one in told.findings} == {Severity.NOTE}
    assert told.findings[2].text == "loose; this cures it: mv it"
    assert told.directories == {named("a")}


def test_what_was_only_passing_is_not_told() -> None:
    stays = Leftover(code=about.DIRECTORY, subject="a", text="7 files", cure=None)
    grown = Leftover(code=about.DIRECTORY, subject="a", text="8 files", cure=None)
    passing = Leftover(code=about.DIRECTORY, subject="b", text="1 file", cure=None)

    assert about.seen_twice([stays, passing], [grown]) == (grown,)
