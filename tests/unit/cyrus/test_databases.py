from __future__ import annotations

import pytest

from respool.cyrus import record_log
from respool.cyrus.database_file import ENTRY_LIMIT
from respool.cyrus.databases import Container, parse_database
from respool.errors import FormatError, UnknownContainer
from tests.unit.cyrus.database_builders import SkiplistBuilder, TwoskipBuilder


def flat(octets: bytes) -> list[tuple[bytes, bytes]]:
    database = parse_database(octets)
    assert database.container is Container.FLAT
    return list(database)


def test_a_flat_file_is_lines_of_key_and_value() -> None:
    assert flat(b"b.loc!contact\t\nb.loc!user.jdoe\tx y\n") == [
        (b"b.loc!contact", b""),
        (b"b.loc!user.jdoe", b"x y"),
    ]


def test_an_empty_file_is_a_database_without_records() -> None:
    assert flat(b"") == []


def test_what_a_line_cannot_hold_is_escaped() -> None:
    assert flat(b"a\xff\x89b\xff\x80\t\xff\x8a\xff\xff\xff\x8d\xff\n") == [
        (b"a\tb\0", b"\n\xff\r"),
    ]


def test_lines_without_a_tab_or_an_end_are_left_out_and_said() -> None:
    octets = b"a\t1\nnothing\nb\t2\nc\t3"

    assert flat(octets) == [(b"a", b"1"), (b"b", b"2")]
    assert parse_database(octets).located.losses == ("2 of its lines are damaged and left out",)


@pytest.mark.parametrize("octets", [b"no database", b"a\nb\n", b"\n"])
def test_a_text_of_no_such_line_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatError):
        parse_database(octets)


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"\xa1\x02\x8b\x0dtwomfile\0\0\0\0" + bytes(80), "twom"),
        (b"SQLite format 3\0" + bytes(80), "SQLite"),
        (bytes(12) + b"\x62\x31\x05\x00" + bytes(80), "Berkeley DB"),
        (bytes(12) + b"\x00\x05\x31\x62" + bytes(80), "Berkeley DB"),
        (bytes(12) + b"\x61\x15\x06\x00" + bytes(80), "Berkeley DB"),
        (bytes(16) + b"\xde\xc0\xef\xbe" + bytes(80), "LMDB"),
        (b"\xa1\x02\x8b\x0dsomething\0" + bytes(80), "not known"),
        (bytes(80), "not known"),
    ],
)
def test_other_containers_are_told_by_name_and_refused(octets: bytes, name: str) -> None:
    with pytest.raises(UnknownContainer, match=name):
        parse_database(octets)


def test_records_can_be_read_again_and_counted() -> None:
    database = parse_database(bytes(SkiplistBuilder({b"a": b"1"}).octets))

    assert len(database) == 1
    assert list(database) == list(database) == [(b"a", b"1")]


def test_a_log_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_log, "RECORD_LIMIT", 3)

    with pytest.raises(FormatError, match="more than 3 records"):
        parse_database(bytes(SkiplistBuilder({b"%d" % n: b"" for n in range(4)}).octets))


def test_a_record_that_is_too_large_to_be_one_is_none() -> None:
    built = TwoskipBuilder()
    built.store(b"a", b"1")
    built.commit()
    built.store(b"b", bytes(ENTRY_LIMIT))
    built.commit()

    assert dict(parse_database(bytes(built.octets))) == {b"a": b"1"}
