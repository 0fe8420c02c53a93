from __future__ import annotations

from dataclasses import replace
from hashlib import sha1
from pathlib import Path

import pytest

from respool.catalogue.candidates import Scope, candidates
from respool.catalogue.database import Database
from respool.catalogue.messages import BUCKET, MessageWriter, NewMessage
from respool.cyrus.message_headers import parse_message_headers
from respool.model.conditions import Conditions


def message(number: int, date: int) -> NewMessage:
    guid = sha1(str(number).encode(), usedforsecurity=False).digest()
    return NewMessage(guid=guid, date=date, octets=1, fields=None, has_attachment=None)


def keys(database: Database) -> list[int]:
    return [key for (key,) in database.rows("SELECT key FROM message ORDER BY id")]


def test_many_messages_of_one_second_each_get_a_key_of_their_own(tmp_path: Path) -> None:
    """More than one second has keys for: the rest get those of the seconds after it."""
    database = Database(tmp_path / "a.db")
    writer = MessageWriter(database)
    for start in range(0, 3 * BUCKET, BUCKET):
        writer.add([message(each, 1_700_000_000) for each in range(start, start + BUCKET)])

    found = keys(database)

    assert len(set(found)) == 3 * BUCKET
    assert min(found) >= 1_700_000_000 * BUCKET
    assert max(found) < 1_700_000_004 * BUCKET


def test_keys_are_in_the_order_of_the_time_of_receipt_whatever_time_that_is(
    tmp_path: Path,
) -> None:
    database = Database(tmp_path / "a.db")
    dates = [-5, 1, 2, 1_700_000_000, 1 << 50]
    MessageWriter(database).add([message(number, date) for number, date in enumerate(dates)])

    assert keys(database) == sorted(keys(database))


@pytest.mark.parametrize(
    ("typed", "count"), [("alice", 1), ("bob", 1), ("carol", 0), ("Strasse", 0)]
)
def test_who_got_a_copy_is_a_recipient(typed: str, count: int, tmp_path: Path) -> None:
    octets = b"From: carol@b.loc\r\nTo: alice@b.loc\r\nCc: Bob <bob@b.loc>\r\n\r\n"
    database = Database(tmp_path / "a.db")
    writer = MessageWriter(database)
    writer.add([replace(message(1, 7), fields=parse_message_headers(octets))])
    writer.finish()

    assert len(list(candidates(database, Conditions(recipient=typed), Scope()))) == count


LINK = "".join(f"{number:x}" for number in range(400))


@pytest.mark.parametrize(
    "typed", [LINK, LINK[70:], LINK[100:140], f"id={LINK}", f"{LINK}&u=5", LINK[:3], LINK[-3:]]
)
def test_a_word_of_any_length_is_found_by_any_part(typed: str, tmp_path: Path) -> None:
    octets = f"Subject: see https://b.loc/?id={LINK}&u=5 now\r\n\r\n".encode()
    database = Database(tmp_path / "a.db")
    writer = MessageWriter(database)
    writer.add([replace(message(1, 7), fields=parse_message_headers(octets))])
    writer.finish()

    assert list(candidates(database, Conditions(subject=typed), Scope()))
    assert not list(candidates(database, Conditions(subject=f"x{typed}"), Scope()))


def test_a_key_that_a_message_once_had_is_never_given_again(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    writer = MessageWriter(database)
    writer.add([message(1, 7)])
    (former,) = keys(database)
    database.write("INSERT INTO buried SELECT key FROM message")
    database.write("DELETE FROM message")

    writer.add([message(1, 7)])

    assert keys(database) != [former]
