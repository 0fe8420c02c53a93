from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.dlist import KeyValues, parse_dlist, render_atom
from respool.errors import FormatError, TruncatedFile


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"atom", "atom"),
        (b"NIL", None),
        (b'"NIL"', "NIL"),
        (b'"a \\"b\\\\"', 'a "b\\'),
        (b"()", ()),
        (b"(a (b NIL) c)", ("a", ("b", None), "c")),
        (b"{3}\r\na\nb", "a\nb"),
        (b"{2+}\r\nab", "ab"),
        (b"a\xe9", "a\udce9"),
    ],
)
def test_values_are_read(octets: bytes, value: object) -> None:
    assert parse_dlist(octets) == (value, len(octets))


def test_a_key_value_list_says_where_each_value_stands() -> None:
    octets = b"%(A %(jdoe lrs) U (x y))"
    value, end = parse_dlist(octets)

    assert isinstance(value, KeyValues)
    assert end == len(octets)
    flags = value.entries[1]
    assert octets[flags.start : flags.end] == b"(x y)"
    assert value.get("absent") is None


@pytest.mark.parametrize("octets", [b"", b"(", b'"a', b"%(a", b"{9}\r\nab", b"%(a ", b"(a"])
def test_what_ends_too_early_is_refused(octets: bytes) -> None:
    with pytest.raises(TruncatedFile):
        parse_dlist(octets)


@pytest.mark.parametrize("octets", [b")", b"\x00", b"%((a) b)", b"%(NIL b)"])
def test_what_is_no_dlist_is_refused(octets: bytes) -> None:
    with pytest.raises(FormatError):
        parse_dlist(octets)


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(FormatError, match="deep"):
        parse_dlist(b"(" * 100_000)


@given(octets=st.binary(max_size=100))
def test_any_octets_give_a_value_or_a_format_error(octets: bytes) -> None:
    with suppress(FormatError):
        parse_dlist(octets)


@given(text=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_what_was_rendered_is_read_again(text: str) -> None:
    try:
        rendered = render_atom(text)
    except ValueError:
        assert '"' in text or "\\" in text
        return
    assert parse_dlist(rendered.encode("ascii"))[0] == text
