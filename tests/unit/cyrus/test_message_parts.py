"""Parts of a message, numbered as IMAP numbers them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.message_parts import Section, header_block, section_of

INNER = (
    b"Subject: inner\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n"
    b"--b2\r\n\r\nplain\r\n--b2\r\nContent-Type: text/html\r\n\r\n<p>html\r\n--b2--"
)
OUTER = (
    b'From: a@b\r\nContent-Type: multipart/mixed;\r\n boundary="b 1"\r\n\r\npreamble\r\n'
    b"--b 1\r\nContent-Transfer-Encoding: base64\r\n\r\nw6l0w6k=\r\n"
    b"--b 1 \t\r\nContent-Type: message/rfc822\r\n\r\n" + INNER + b"\r\n"
    b"--b 1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nd=C3=A9j=\r\na\r\n"
    b"--b 1--\r\nepilogue"
)


def part(octets: bytes, text: str) -> bytes | None:
    return section_of(octets, Section.parse(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", "été".encode()),
        ("2", INNER),
        ("3", "déja".encode()),
        ("4", None),
        ("2.1", b"plain"),
        ("2.2", b"<p>html"),
        ("2.3", None),
        ("1.1", None),
        ("HEADER", OUTER[: OUTER.index(b"preamble")]),
        ("text", OUTER[OUTER.index(b"preamble") :]),
        ("2.HEADER", INNER[: INNER.index(b"--b2")]),
        ("2.TEXT", INNER[INNER.index(b"--b2") :]),
        ("2.MIME", b"Content-Type: message/rfc822\r\n\r\n"),
        ("1.HEADER", None),
        ("1.MIME", b"Content-Transfer-Encoding: base64\r\n\r\n"),
    ],
)
def test_a_part_is_found_by_its_number(text: str, expected: bytes | None) -> None:
    assert part(OUTER, text) == expected


def test_a_message_that_is_not_made_of_parts_has_one() -> None:
    octets = b"Content-Transfer-Encoding: base64\n\naGVsbG8=\n"

    assert part(octets, "1") == b"hello"
    assert part(octets, "2") is None
    assert part(octets, "1.1") is None


def test_a_message_of_parts_whose_boundary_never_comes_has_all_of_it_as_one() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=never\r\n\r\n--other\r\n\r\ntext"

    assert part(octets, "1") == b"--other\r\n\r\ntext"


def test_a_part_without_an_end_goes_as_far_as_the_message() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ncut off"

    assert part(octets, "1") == b"cut off"


def test_parts_of_a_digest_are_messages() -> None:
    octets = b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\ny\n--b--\n"

    assert part(octets, "1.HEADER") == b"Subject: x\n\n"
    assert part(octets, "1.1") == b"y"


def test_empty_parts_are_parts() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nX: y\n--b--\n"

    assert [part(octets, number) for number in ("1", "2", "3", "4")] == [b"", b"", b"", None]


def test_a_boundary_within_a_line_is_none() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\na --b\n--bc\n--b--\n"

    assert part(octets, "1") == b"a --b\n--bc"


@pytest.mark.parametrize("text", ["", "0", "1.0", "0.HEADER", "MIME", "1.", ".1", "01", "1..2"])
def test_what_imap_does_not_know_is_no_part(text: str) -> None:
    with pytest.raises(ValueError, match="no part of a message"):
        Section.parse(text)


@pytest.mark.parametrize(
    ("octets", "header"),
    [
        (b"A: b\r\n\r\nbody\r\n\r\nmore", b"A: b\r\n\r\n"),
        (b"A: b\n\nbody", b"A: b\n\n"),
        (b"\r\nbody", b"\r\n"),
        (b"A: b\r\nno blank line", b"A: b\r\nno blank line"),
        (b"", b""),
    ],
)
def test_a_header_ends_with_its_blank_line(octets: bytes, header: bytes) -> None:
    assert header_block(octets) == header


PIECES = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"\n\n",
        b"--b",
        b"--",
        b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Type: message/rfc822",
        b"Content-Type: multipart/digest; boundary*0*=utf-8''b; boundary*1=",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: x-uuencode",
        b"begin 644 x",
        b"\xe9\x00\x1b",
        b"aGVsbG8",
        b" ;=\"'*%",
    ]
)
NUMBERS = st.sampled_from(["1", "2", "1.1", "1.2.1", "HEADER", "1.TEXT", "1.MIME", "1.1.1.1.1"])


@given(octets=st.lists(PIECES, max_size=24).map(b"".join) | st.binary(max_size=200), text=NUMBERS)
def test_any_octets_have_a_part_or_none(octets: bytes, text: str) -> None:
    found = part(octets, text)

    assert found is None or len(found) <= max(len(octets), 1) * 2
