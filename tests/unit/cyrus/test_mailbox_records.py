"""Records as ``cyr_dbtool … show`` and ``ctl_mboxlist -d`` print them."""

from __future__ import annotations

import pytest

from respool.cyrus.mailbox_records import (
    MailboxRecord,
    id_key,
    parse_dumped_records,
    parse_id_record,
    parse_shown_records,
    record_key,
)
from respool.errors import FormatError
from respool.model.names import MailboxName

JOHN = MailboxName(domain="b.loc", parts=("user", "john.doe", "v1.2 notes"))
BY_ID = (
    "Nb.loc\x1duser\x1fjohn.doe\x1fv1.2 notes\t%(T el I 2643674d P main V 17 C 1 F 65 M 99"
    " A %(john.doe@b.loc lrs anyone p))\n"
)
BY_NAME = (
    "b.loc!user.john^doe.v1^2 notes\t%(A %(john.doe@b.loc lrs anyone p) I 2643674d P main"
    " V 17 F 3 M 99)\n"
)
DUMPED = "b.loc!user.john^doe.v1^2 notes\t0 main john.doe@b.loc\tlrs\tanyone\tp\t\n"


def one(text: str, version: tuple[int, int, int]) -> MailboxRecord:
    [record] = parse_shown_records(text, version)
    return record


@pytest.mark.parametrize(
    ("text", "version"),
    [(BY_ID, (3, 6, 1)), (BY_NAME, (3, 0, 18)), (BY_NAME, (2, 5, 17))],
    ids=["3.6", "3.0", "2.5"],
)
def test_a_record_says_the_same_in_each_form(text: str, version: tuple[int, int, int]) -> None:
    record = one(text, version)

    assert (record.name, record.partition, record.uniqueid) == (JOHN, "main", "2643674d")
    assert (record.uidvalidity, record.modified) == (17, 99)
    assert record.acl == (("john.doe@b.loc", "lrs"), ("anyone", "p"))
    assert not record.is_under_uuid


def test_from_3_6_on_a_mailbox_lies_under_its_uuid_unless_it_says_otherwise() -> None:
    assert one(BY_ID.replace("T el", "T e"), (3, 6, 1)).is_under_uuid


def test_what_a_crash_of_reconstruct_leaves_has_no_uniqueid() -> None:
    text = "Nuser\x1fjdoe\x1frestore_dir\t%(T el P main M 1795449179 A %(jdoe lrs))\n"

    record = one(text, (3, 6, 1))

    assert (record.uniqueid, record.uidvalidity) == (None, 0)
    assert record.name == MailboxName(domain=None, parts=("user", "jdoe", "restore_dir"))


@pytest.mark.parametrize("kind", ["ed", "er", "em", "ez", "ei"])
def test_what_is_no_mailbox_is_left_out(kind: str) -> None:
    assert list(parse_shown_records(BY_ID.replace("T el", f"T {kind}"), (3, 6, 1))) == []


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("I2643674d\t%(T el N x P main)", (3, 6, 1)),
        ("\x1fVER\x1f\t2", (3, 6, 1)),
        ("$RACL$S$jdoe@b.loc$b.loc!contact\t", (3, 0, 18)),
        ("$RUNQ\t1", (3, 4, 9)),
        ("b.loc!user.jdoe\t%(T d I x)", (3, 0, 18)),
        ("", (3, 6, 1)),
    ],
)
def test_records_of_another_sort_are_left_out(line: str, version: tuple[int, int, int]) -> None:
    assert list(parse_shown_records(line, version)) == []


@pytest.mark.parametrize("line", ["Nuser\x1fjdoe\tnonsense", "Nuser\x1f\x1fjdoe\t%(T e)"])
def test_a_record_that_cannot_be_read_is_an_error_lest_it_seem_absent(line: str) -> None:
    with pytest.raises(FormatError):
        list(parse_shown_records(line, (3, 6, 1)))


def test_a_dump_of_2_4_names_mailboxes_without_ids() -> None:
    [record] = parse_dumped_records(DUMPED)

    assert (record.name, record.partition, record.uniqueid) == (JOHN, "main", None)


@pytest.mark.parametrize("kind", [1, 2, 8, 16])
def test_a_dump_of_2_4_has_lines_of_what_is_no_mailbox(kind: int) -> None:
    assert list(parse_dumped_records(DUMPED.replace("\t0 ", f"\t{kind} "))) == []


def test_the_record_of_an_id_says_whose_it_is() -> None:
    text = 'I26\t%(T el N "b.loc\x1duser\x1fjohn.doe\x1fv1.2 notes" P main H ())\n'

    assert parse_id_record(text, "26") == JOHN
    assert parse_id_record(text.replace("T el", "T ed"), "26") is None
    assert parse_id_record("\n", "26") is None


def test_the_record_of_a_longer_id_is_another() -> None:
    assert parse_id_record('I26\t%(T el N "info" P main H ())\n', "2") is None


def test_keys_are_those_of_the_version() -> None:
    assert record_key(JOHN, (3, 6, 1)) == "Nb.loc\x1duser\x1fjohn.doe\x1fv1.2 notes"
    assert record_key(JOHN, (3, 4, 9)) == "b.loc!user.john^doe.v1^2 notes"
    assert record_key(MailboxName(domain=None, parts=("info",)), (3, 6, 1)) == "Ninfo"
    assert id_key("26") == "I26"
