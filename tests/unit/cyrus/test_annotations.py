from __future__ import annotations

import pytest

from respool.cyrus.annotations import parse_annotation_key, parse_annotation_value
from respool.errors import FormatError

TYPE = b"text/plain\0"
LITTLE = b"\0\0\0\x04" + bytes(4)  # the length as 64-bit little-endian hosts write it


@pytest.mark.parametrize(
    ("key", "of", "userid"),
    [
        (b"b.loc!user.jdoe\0/comment\0jdoe@b.loc\0", b"b.loc!user.jdoe", "jdoe@b.loc"),
        (b"b.loc!contact\0/comment\0\0", b"b.loc!contact", ""),
        (b"485d2503-5287\0/comment\0[.OwNeR.]\0", b"485d2503-5287", "[.OwNeR.]"),
        (b"46\0/comment\0\0", b"46", ""),
        (b"\0/comment\0\0", b"", ""),
        (b"46\0/comment\0jdoe", b"46", "jdoe"),
    ],
)
def test_a_key_says_on_what_and_whose(key: bytes, of: bytes, userid: str) -> None:
    parsed = parse_annotation_key(key)

    assert (parsed.of, parsed.entry, parsed.userid) == (of, "/comment", userid)


@pytest.mark.parametrize("key", [b"", b"a", b"a\0/comment", b"a\0comment\0\0", b"a\0/b\0c\0d\0"])
def test_any_other_key_is_refused(key: bytes) -> None:
    with pytest.raises(FormatError):
        parse_annotation_key(key)


@pytest.mark.parametrize(
    "octets",
    [
        LITTLE + b"note\0" + TYPE + b"g:g\x80" + bytes(4),
        LITTLE + b"note\0" + TYPE + bytes(8 + 8 + 1),
        bytes(4) + b"\0\0\0\x04" + b"note\0" + TYPE + bytes(8),
        b"\0\0\0\x04" + b"note\0" + TYPE + bytes(4),
        b"\0\0\0\x04" + b"note\0" + TYPE + bytes(4 + 9),
        LITTLE + b"note\0\0" + bytes(8),
    ],
    ids=["2.x", "3.2", "big-endian", "32-bit", "32-bit-3.2", "no-type"],
)
def test_a_value_of_any_host_is_read(octets: bytes) -> None:
    assert parse_annotation_value(octets).value == b"note"


@pytest.mark.parametrize("width", [4, 8])
def test_an_empty_value_is_read(width: int) -> None:
    parsed = parse_annotation_value(bytes(width) + b"\0" + TYPE + bytes(width))

    assert parsed.value == b""
    assert not parsed.is_deleted


def test_a_value_may_hold_nul_octets() -> None:
    octets = LITTLE + b"\0a\0b\0" + TYPE + bytes(8 + 9)

    assert parse_annotation_value(octets).value == b"\0a\0b"


def test_one_that_is_only_remembered_is_deleted() -> None:
    octets = bytes(8) + b"\0" + TYPE + bytes(8) + b"\0\0\0\0\0\0\0\x05\x01"

    assert parse_annotation_value(octets).is_deleted


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"note",
        LITTLE + b"not",
        LITTLE + b"note\0" + TYPE + bytes(7),
        LITTLE + b"notes" + TYPE,
    ],
)
def test_any_other_value_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatError):
        parse_annotation_value(octets)


@pytest.mark.parametrize("key", [b"x\0/a\nPROVEN\0\0", b"x\0/a\x1b[2J\0\0", b"x\0/a\0al\r\0"])
def test_a_key_with_controls_is_none(key: bytes) -> None:
    """It could forge a line of a receipt, and no command could hold it."""
    with pytest.raises(FormatError):
        parse_annotation_key(key)
