from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.databases import Container, parse_database
from respool.errors import FormatError, TruncatedFile
from tests.unit.cyrus.database_builders import DUMMY_AT, TwoskipBuilder

KEYS = [b"a", b"b", b"c", b"d", b"e"]
CHANGES = st.lists(st.tuples(st.sampled_from(KEYS), st.binary(max_size=9) | st.none()), max_size=6)


def read(octets: bytes | bytearray) -> dict[bytes, bytes]:
    database = parse_database(bytes(octets))
    found = list(database)
    assert database.container is Container.TWOSKIP
    assert len(found) == len(dict(found))
    return dict(found)


def said(octets: bytes | bytearray) -> tuple[tuple[str, ...], tuple[str, ...]]:
    located = parse_database(bytes(octets)).located
    return located.notes, located.losses


def without_header_crc(octets: bytes | bytearray) -> bytearray:
    """With a header that cannot be trusted, the file is read from its top."""
    spoilt = bytearray(octets)
    spoilt[63] ^= 1
    return spoilt


def small() -> TwoskipBuilder:
    built = TwoskipBuilder()
    for key in (b"b", b"d", b"a", b"c"):
        built.store(key, b"1" + key)
        built.commit()
    return built


def test_records_come_in_the_order_of_keys_whatever_that_of_writing() -> None:
    database = parse_database(bytes(small().octets))

    assert [key for key, _ in database] == [b"a", b"b", b"c", b"d"]
    assert said(small().octets) == ((), ())


def test_a_new_database_is_empty() -> None:
    assert read(TwoskipBuilder().octets) == {}


def test_the_last_value_of_a_key_counts_and_a_deleted_one_is_gone() -> None:
    built = small()
    built.store(b"b", b"2b")
    built.delete(b"d")
    built.delete(b"a")
    built.commit()

    assert read(built.octets) == {b"b": b"2b", b"c": b"1c"}


def test_blanks_between_records_are_passed_over() -> None:
    built = small()
    built.blank()
    built.store(b"e", b"1e")
    built.commit()

    assert len(read(built.octets)) == 5
    assert len(read(without_header_crc(built.octets))) == 5


def test_a_key_longer_than_its_field_has_its_length_behind_it() -> None:
    built = small()
    built.store(b"k" * 70_000, b"long")
    built.commit()

    assert read(built.octets)[b"k" * 70_000] == b"long"


def test_what_was_being_written_is_left_out_and_noted() -> None:
    built = small()
    built.store(b"b", b"2b")
    built.delete(b"c")
    built.store(b"z", b"1z")

    assert read(built.octets) == {key: b"1" + key for key in (b"a", b"b", b"c", b"d")}
    notes, losses = said(built.octets)
    assert "was being written" in notes[0]
    assert losses == ()


def test_a_file_cut_after_any_commit_has_what_was_committed_by_then() -> None:
    built = TwoskipBuilder()
    expected: list[dict[bytes, bytes]] = [{}]
    sizes = [len(built.octets)]
    for key, value in ((b"b", b"1"), (b"a", b"2"), (b"b", b"3"), (b"a", None), (b"c", b"4")):
        now = dict(expected[-1])
        if value is None:
            built.delete(key)
            del now[key]
        else:
            built.store(key, value)
            now[key] = value
        sizes.append(built.commit())
        expected.append(now)

    for size, there in list(zip(sizes, expected, strict=True))[1:]:
        for more in (0, 8, 24, 39):
            assert read(built.octets[: size + more]) == there or size + more > len(built.octets)


def test_a_cut_file_without_any_commit_is_refused() -> None:
    with pytest.raises(FormatError, match="no record"):
        read(small().octets[:380])


@pytest.mark.parametrize("size", [20, 40, 63])
def test_a_file_cut_in_its_header_is_refused(size: int) -> None:
    with pytest.raises(TruncatedFile):
        read(small().octets[:size])


def test_a_record_that_is_damaged_inside_is_left_out_and_said() -> None:
    built = small()
    at = bytes(built.octets).index(b"b1b")
    built.octets[at + 1] ^= 1

    assert read(built.octets) == {b"a": b"1a", b"c": b"1c", b"d": b"1d"}
    assert said(built.octets)[1] == ("1 of its records are damaged and left out",)


def test_where_the_chain_is_broken_the_rest_is_read_from_the_top() -> None:
    built = small()
    at = bytes(built.octets).index(b"b1b") - 32  # the head of the record
    built.octets[at + 4] ^= 1

    assert read(built.octets) == {b"a": b"1a", b"c": b"1c", b"d": b"1d"}
    assert "chain is broken" in said(built.octets)[1][0]


def test_a_chain_that_goes_round_ends() -> None:
    built = small()
    struct.pack_into(">QQ", built.octets, DUMMY_AT + 8, DUMMY_AT, DUMMY_AT)
    end = DUMMY_AT + 8 + 32 * 8
    struct.pack_into(">I", built.octets, end, zlib.crc32(built.octets[DUMMY_AT:end]))

    assert len(read(built.octets)) == 4


def test_a_count_that_is_wrong_is_noted() -> None:
    built = small()
    built.count = 7
    built._header()

    assert said(built.octets) == (("it says that it has 7 records; it has 4",), ())


@pytest.mark.parametrize("keys", [KEYS, KEYS[::-1], [b"c", b"a", b"e", b"b", b"d"]])
def test_each_deletion_finds_its_record_without_the_chain(keys: list[bytes]) -> None:
    """
    A deletion names only what followed the record that goes: in a run of them the next
    one points past the former.
    """
    for gone in (KEYS, KEYS[::-1], [b"b", b"d", b"c"], [b"e"], [b"a", b"e", b"c"]):
        built = TwoskipBuilder()
        for key in keys:
            built.store(key, b"1")
        for key in gone:
            built.delete(key)
            built.commit()
        built.store(b"c", b"again") if b"c" in gone else None
        built.commit()

        expected = read(built.octets)
        assert read(without_header_crc(built.octets)) == expected
        assert (expected.get(b"c") == b"again") is (b"c" in gone)


@given(st.lists(CHANGES, min_size=1, max_size=6))
def test_the_chain_and_the_top_say_the_same(
    transactions: list[list[tuple[bytes, bytes | None]]],
) -> None:
    built = TwoskipBuilder()
    there: dict[bytes, bytes] = {b"0": b"always"}
    built.store(b"0", b"always")
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
    assert read(without_header_crc(built.octets)) == there
