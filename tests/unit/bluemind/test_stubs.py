"""Stubs of BlueMind's archive: which messages are some, and what they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.bluemind.stubs import is_hsm_id, is_stub_keyword, joined, parse_stub
from respool.errors import TruncatedFile
from tests.support.hsm_store import stub_of

ID = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
MESSAGE = (
    b"Received: from a\r\n\tby b\r\n"
    b"From: Bob <bob@b.loc>\r\n"
    b"Subject: Plans\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed;\r\n boundary=x\r\n"
    b"\r\n"
    b"--x--\r\n"
)
OWN = MESSAGE.partition(b"Content-Type")[0]


def test_a_stub_says_its_id_and_the_header_of_its_message() -> None:
    stub = parse_stub(stub_of(MESSAGE, ID))
    assert stub is not None
    assert stub.hsm_id == ID
    assert stub.own_header == OWN


def test_an_ordinary_message_is_no_stub() -> None:
    assert parse_stub(MESSAGE) is None
    assert parse_stub(b"") is None


def test_an_id_in_the_body_makes_no_stub() -> None:
    assert parse_stub(MESSAGE + f"X-BM_HSM_ID: {ID}\r\n".encode()) is None


def test_lines_may_end_without_a_carriage_return_and_fields_be_in_any_case() -> None:
    stub = parse_stub(f"x-bm_hsm_id:\n {ID}\nSubject: a\n\nbody\n".encode())
    assert stub is not None
    assert stub.hsm_id == ID
    assert stub.own_header == b"Subject: a\n"


def test_content_fields_after_the_id_are_those_of_the_message() -> None:
    """
    BlueMind writes those of its notice first; an imitation of a stub may keep its own.
    """
    start = f"Subject: a\r\nX-BM_HSM_ID: {ID}\r\nContent-Type: text/plain\r\n\r\n".encode()
    stub = parse_stub(start)
    assert stub is not None
    assert stub.own_header == b"Subject: a\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "../../../../etc/passwd",
        f"{ID}/..",
        f"{ID}\x00",
        ID.upper(),
        ID[:-1],
        f"{ID}0",
        ID.replace("-", ""),
        "٦f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    ],
)
def test_what_is_no_uuid_is_no_id(text: str) -> None:
    assert not is_hsm_id(text)
    stub = parse_stub(f"X-BM_HSM_ID: {text}\r\n\r\n".encode())
    assert stub is not None
    assert stub.hsm_id is None


def test_the_keyword_is_known_in_any_case() -> None:
    assert is_stub_keyword("BMARCHIVED")
    assert is_stub_keyword("bmarchived")
    assert not is_stub_keyword("BMARCHIVED2")


def test_the_archived_octets_are_the_message() -> None:
    stub = parse_stub(stub_of(MESSAGE, ID))
    assert stub is not None
    assert b"".join(joined(stub, [MESSAGE[:20], MESSAGE[20:]])) == MESSAGE


def test_octets_without_a_header_get_that_of_the_stub() -> None:
    stub = parse_stub(stub_of(MESSAGE, ID))
    assert stub is not None
    assert b"".join(joined(stub, [b"only ", b"text\r\n"])) == OWN + b"\r\nonly text\r\n"


def test_a_message_that_never_had_a_header_stays_as_it_was() -> None:
    stub = parse_stub(stub_of(b"\r\n\r\nonly text\r\n", ID))
    assert stub is not None
    assert b"".join(joined(stub, [b"\r\n\r\nonly text\r\n"])) == b"\r\n\r\nonly text\r\n"


def test_no_octets_at_all_are_no_message() -> None:
    stub = parse_stub(stub_of(MESSAGE, ID))
    assert stub is not None
    with pytest.raises(TruncatedFile):
        list(joined(stub, []))


@given(st.binary(max_size=400))
def test_any_octets_are_a_stub_or_none(octets: bytes) -> None:
    stub = parse_stub(b"X-BM_HSM_ID: " + octets)
    assert stub is None or stub.hsm_id is None or is_hsm_id(stub.hsm_id)
    parse_stub(octets)


@given(st.lists(st.binary(min_size=1), min_size=1))
def test_joining_loses_and_changes_no_octet(pieces: list[bytes]) -> None:
    stub = parse_stub(stub_of(MESSAGE, ID))
    assert stub is not None
    assert b"".join(joined(stub, pieces)).endswith(b"".join(pieces))
