from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.cached_envelope import LONGEST_ENVELOPE, CachedAddress, parse_envelope
from respool.errors import FormatError

STRINGS = st.sampled_from([b"NIL", b'""', b'"a b"', b'"("', b'")("', b'"NIL"'])
ESCAPED = st.sampled_from([b'"a\\"b"', b'{3}\r\na)"', b'"\\\\"'])


def lists(strings: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    one = st.tuples(strings, strings, strings, strings).map(lambda four: b"(%b)" % b" ".join(four))
    many = st.lists(one, min_size=1, max_size=3).map(lambda each: b"(%b)" % b"".join(each))
    return many | st.just(b"NIL")


def envelopes(strings: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    text, people = strings, lists(strings)
    items = st.tuples(text, text, people, people, people, people, people, people, text, text)
    return items.map(lambda ten: b"(%b)" % b" ".join(ten))


@given(envelope=envelopes(STRINGS))
def test_the_quick_way_reads_what_item_by_item_gives(envelope: bytes) -> None:
    """A blank more is no usual form, and means the same."""
    assert parse_envelope(envelope) == parse_envelope(envelope.replace(b"(", b"( ", 1))


@given(envelope=envelopes(STRINGS | ESCAPED))
def test_every_envelope_that_a_server_writes_is_read(envelope: bytes) -> None:
    parse_envelope(envelope)


def test_marks_of_groups_are_no_addresses() -> None:
    people = b'((NIL NIL "team" NIL)("x" NIL "a" "b.loc")(NIL NIL NIL NIL))'
    envelope = b"(NIL NIL %b NIL NIL NIL NIL NIL NIL NIL)" % people

    assert parse_envelope(envelope).from_addresses == (
        CachedAddress(name=b"x", local_part=b"a", host=b"b.loc"),
    )


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"(",
        b"NIL",
        b'("a',
        b"(NIL)",
        b"(" * 50,
        b"({9}\r\nab",
        b'("' + b"a" * LONGEST_ENVELOPE,
    ],
)
def test_what_is_no_envelope_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatError):
        parse_envelope(octets)
