from __future__ import annotations

from hashlib import sha1
from pathlib import Path

from respool.catalogue.database import Database
from respool.catalogue.messages import BUCKET, MessageWriter, NewMessage


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


def test_a_key_that_a_message_once_had_is_never_given_again(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.db")
    writer = MessageWriter(database)
    writer.add([message(1, 7)])
    (former,) = keys(database)
    database.write("INSERT INTO buried SELECT key FROM message")
    database.write("DELETE FROM message")

    writer.add([message(1, 7)])

    assert keys(database) != [former]
