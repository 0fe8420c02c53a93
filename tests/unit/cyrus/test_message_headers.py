from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.message_headers import (
    AddressField,
    keeps_first_field,
    parse_message_headers,
)

MESSAGE = (
    b"Subject: =?utf-8?B?w4l0w6k=?=\r\n =?utf-8?Q?_2017?=\r\n"
    b"From: =?iso-8859-1?Q?Ren=E9?= <rene@b.loc>, bob@b.loc\r\n"
    b'To: "Doe, Jane" <jdoe@b.loc>\r\n'
    b"Date: Tue, 3 Oct 2017 10:00:00 +0200\r\n"
    b"Message-ID: <1@b.loc>\r\n\r\nSubject: body\r\n"
)


def test_fields_are_unfolded_and_decoded() -> None:
    fields = parse_message_headers(MESSAGE)

    assert fields.subject == "Été 2017"
    assert fields.subject_raw == "=?utf-8?B?w4l0w6k=?= =?utf-8?Q?_2017?="
    assert fields.from_addresses == (
        AddressField(name="René", address="rene@b.loc"),
        AddressField(name=None, address="bob@b.loc"),
    )
    assert fields.to_addresses == (AddressField(name="Doe, Jane", address="jdoe@b.loc"),)
    assert fields.date == datetime(2017, 10, 3, 8, tzinfo=UTC)
    assert fields.message_id == "<1@b.loc>"


TWICE = b"To: a@b.loc\r\nSubject: one\r\nTo: c@b.loc\r\nSubject: two\r\n\r\n"


def test_of_a_field_that_comes_twice_the_last_counts_as_on_newer_servers() -> None:
    fields = parse_message_headers(TWICE)

    assert fields.subject == "two"
    assert [each.address for each in fields.to_addresses] == ["c@b.loc"]


def test_on_older_servers_the_first_counts_and_the_addresses_of_all() -> None:
    fields = parse_message_headers(TWICE, is_first_kept=True)

    assert fields.subject == "one"
    assert [each.address for each in fields.to_addresses] == ["a@b.loc", "c@b.loc"]


@pytest.mark.parametrize(
    ("index_version", "cache_version", "is_first_kept"),
    [(10, 2, True), (12, 3, True), (13, 3, True), (13, 6, False), (13, 0, False), (17, 11, False)],
)
def test_index_and_cache_say_which_it_was(
    index_version: int, cache_version: int, *, is_first_kept: bool
) -> None:
    assert keeps_first_field(index_version, cache_version) is is_first_kept


def test_what_is_missing_is_none() -> None:
    fields = parse_message_headers(b"X-Other: 1\r\n\r\nbody")

    assert (fields.subject, fields.date, fields.message_id) == (None, None, None)
    assert fields.from_addresses == ()


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"caf\xe9", "café"),
        ("café".encode(), "café"),
        (b"=?nonsense?Q?abc?=", "abc"),
        (b"=?utf-8?B?!!!?=", "=?utf-8?B?!!!?="),
        (b"=?utf-8?Q?a=FFb?=", "a\ufffdb"),
        (b"", ""),
    ],
)
def test_broken_subjects_are_shown_as_far_as_they_can_be(raw: bytes, subject: str) -> None:
    fields = parse_message_headers(b"Subject: " + raw + b"\r\n\r\n")

    assert fields.subject is not None
    assert fields.subject == subject


@pytest.mark.parametrize("raw", [b"yesterday", b"32 Foo 99999", b"Mon, 1 Jan 0000 00:00:00 +9999"])
def test_an_impossible_date_is_unknown(raw: bytes) -> None:
    assert parse_message_headers(b"Date: " + raw + b"\r\n\r\n").date is None


@given(octets=st.binary(max_size=300), name=st.sampled_from([b"Subject", b"From", b"Date", b"To"]))
def test_nothing_that_a_sender_writes_raises(octets: bytes, name: bytes) -> None:
    parse_message_headers(name + b": " + octets)
    parse_message_headers(name + b": =?utf-8?" + octets + b"?=\r\n\r\n")
