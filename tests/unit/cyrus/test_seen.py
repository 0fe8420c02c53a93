from __future__ import annotations

import pytest

from respool.cyrus.seen import last_change, parse_seen
from respool.errors import FormatError


def test_a_record_says_when_and_what_was_read() -> None:
    seen = parse_seen(b"1 1731880830 7 1731880832 1:3,6")

    assert (seen.last_read, seen.last_uid, seen.last_change) == (1731880830, 7, 1731880832)
    assert str(seen.uids) == "1:3,6"


@pytest.mark.parametrize(
    "value", [b"1 1731880832 7 1731880832 ", b"1 1731880832 7 1731880832", b"1 0 0 0 \0"]
)
def test_who_only_opened_a_mailbox_has_seen_nothing(value: bytes) -> None:
    assert str(parse_seen(value).uids) == ""


@pytest.mark.parametrize("uids", [b"1,2,3", b"3,1:2", b"1:2,2:3", b",1:3", b"3:1"])
def test_any_order_of_uids_is_the_same_set(uids: bytes) -> None:
    assert str(parse_seen(b"1 0 0 0 " + uids).uids) == "1:3"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"1",
        b"2 0 0 0 1",
        b"1 0 0",
        b"1 0 0 0 0",
        b"1 0 0 0 1:*",
        b"1 0 0 0 a",
        b"1 0 0 0 2147483648",
        b"1 -1 0 0 1",
    ],
)
def test_anything_else_is_refused(value: bytes) -> None:
    with pytest.raises(FormatError):
        parse_seen(value)


def test_more_ranges_than_memory_should_hold_are_refused() -> None:
    with pytest.raises(FormatError, match="more than"):
        parse_seen(b"1 0 0 0 " + b"1," * 300_000 + b"1")


def test_the_last_change_is_known_without_the_uids() -> None:
    assert last_change(b"1 5 6 77 1:9") == 77
    assert last_change(b"?") == 0
