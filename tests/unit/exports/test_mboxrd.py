from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from respool.exports.mboxrd import (
    Quoting,
    Unquoting,
    parse_separator_line,
    quoted,
    separator_line,
    unquoted,
)

LINES = st.lists(
    st.sampled_from(
        [b"From ", b"From", b">From ", b">>From x", b">", b"F", b"\n", b"\r\n", b"rom ", b"a", b""]
    ),
    max_size=12,
).map(b"".join)


def in_pieces(octets: bytes, cuts: list[int]) -> list[bytes]:
    at = [0, *sorted(cut % (len(octets) + 1) for cut in cuts), len(octets)]
    return [octets[one:other] for one, other in pairwise(at)]


@given(LINES)
def test_what_was_quoted_comes_back_as_it_was(octets: bytes) -> None:
    assert unquoted(quoted(octets), len(octets)) == octets


@given(LINES)
def test_no_line_of_a_quoted_message_could_begin_another(octets: bytes) -> None:
    assert re.search(rb"^From ", quoted(octets), re.MULTILINE) is None


@given(LINES, st.lists(st.integers(0, 100), max_size=4))
def test_it_does_not_matter_in_which_pieces_a_message_goes_by(
    octets: bytes, cuts: list[int]
) -> None:
    quoting, unquoting = Quoting(), Unquoting()
    there = b"".join(map(quoting.take, in_pieces(octets, cuts))) + quoting.end()
    back = b"".join(map(unquoting.take, in_pieces(there, cuts))) + unquoting.end()

    assert there == quoted(octets)
    assert back[: len(octets)] == octets


def test_a_message_of_one_mark_alone_is_not_held() -> None:
    quoting = Quoting()
    assert len(quoting.take(b">" * 1000)) == 1000


@given(st.integers(-62_000_000_000, 250_000_000_000))
def test_a_separator_line_tells_the_date_to_the_second(seconds: int) -> None:
    assert parse_separator_line(separator_line(seconds)) == seconds


def test_a_line_of_another_kind_tells_none() -> None:
    assert parse_separator_line(b"From x Tue Zzz 33 08:00:00 2017\n") is None
    assert parse_separator_line(b"Subject: From here\n") is None
