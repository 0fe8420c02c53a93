from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.databases import Container, parse_database
from respool.errors import FormatError, TruncatedFile
from tests.unit.cyrus.database_builders import SkiplistBuilder

KEYS = [b"a", b"bb", b"ccccc"]
CHANGES = st.lists(st.tuples(st.sampled_from(KEYS), st.binary(max_size=9) | st.none()), max_size=5)


def read(octets: bytes | bytearray) -> dict[bytes, bytes]:
    database = parse_database(bytes(octets))
    found = list(database)
    assert database.container is Container.SKIPLIST
    assert len(found) == len(dict(found))
    return dict(found)


def said(octets: bytes | bytearray) -> tuple[tuple[str, ...], tuple[str, ...]]:
    located = parse_database(bytes(octets)).located
    return located.notes, located.losses


def test_records_in_order_and_those_of_the_log_are_read() -> None:
    built = SkiplistBuilder({b"a": b"1", b"b": b""})
    built.store(b"0", b"later")
    built.commit()

    assert read(built.octets) == {b"a": b"1", b"b": b"", b"0": b"later"}
    assert said(built.octets) == ((), ())


def test_the_log_changes_and_deletes_what_stood_in_order() -> None:
    built = SkiplistBuilder({b"a": b"1", b"b": b"2"})
    built.store(b"a", b"3")
    built.delete(b"b")
    built.commit()

    assert read(built.octets) == {b"a": b"3"}


def test_what_was_not_committed_is_left_out_and_noted() -> None:
    built = SkiplistBuilder({b"a": b"1", b"b": b"2"})
    built.delete(b"a")
    built.store(b"c", b"3")

    assert read(built.octets) == {b"a": b"1", b"b": b"2"}
    assert "was being written" in said(built.octets)[0][0]


def test_a_file_that_ends_inside_a_record_has_what_was_committed() -> None:
    built = SkiplistBuilder({b"a": b"1"})
    built.store(b"b", b"2")
    size = built.commit()
    built.store(b"c", b"3")
    built.commit()

    for end in range(size, len(built.octets)):
        assert read(built.octets[:end]) == {b"a": b"1", b"b": b"2"}
    assert "cut or damaged at octet" in said(built.octets[: size + 6])[1][0]


def test_an_unknown_record_ends_what_is_read_and_is_said() -> None:
    built = SkiplistBuilder({b"a": b"1"})
    built.octets += b"\0\0\0\x07" * 4

    assert read(built.octets) == {b"a": b"1"}
    assert len(said(built.octets)[1]) == 1


def test_a_deletion_of_nothing_is_passed_over() -> None:
    built = SkiplistBuilder({b"a": b"1"})
    built.octets += b"\0\0\0\x04\0\0\0\x0c"
    built.commit()

    assert read(built.octets) == {b"a": b"1"}


@pytest.mark.parametrize("size", [20, 47])
def test_a_file_cut_in_its_header_is_refused(size: int) -> None:
    with pytest.raises(TruncatedFile):
        read(SkiplistBuilder().octets[:size])


def test_another_version_is_refused() -> None:
    built = SkiplistBuilder()
    built.octets[23] = 2

    with pytest.raises(FormatError, match="another version"):
        read(built.octets)


@given(st.lists(CHANGES, max_size=5))
def test_any_log_is_read_as_it_was_written(
    transactions: list[list[tuple[bytes, bytes | None]]],
) -> None:
    built, there = SkiplistBuilder({b"a": b"0"}), {b"a": b"0"}
    for changes in transactions:
        for key, value in changes:
            if value is not None:
                built.store(key, value)
                there[key] = value
            elif key in there:
                built.delete(key)
                del there[key]
        built.commit()

    assert read(built.octets) == there
