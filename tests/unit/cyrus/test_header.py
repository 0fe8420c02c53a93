from __future__ import annotations

import zlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respool.cyrus.header import (
    MailboxHeader,
    header_crc,
    parse_header,
    render_header,
    with_keywords,
)
from respool.errors import FormatError, TruncatedFile

PREAMBLE = (
    b"\xa1\x02\x8b\x0dCyrus mailbox header\n"
    b'"The best thing about this system was that it had lots of goals."\n'
    b"\t--Jim Morris on Andrew\n"
)
TEXT = (
    PREAMBLE
    + b"b.loc!user.jdoe\t5f3c\nTravail $Forwarded \njdoe@b.loc\tlrswipkxtecdan\tanyone\tp\t\n"
)
DLIST = (
    PREAMBLE + b'%(T el N "b.loc!user.jdoe.v1^2 notes" I 39b4-c381 Q b.loc!user.jdoe'
    b" A %(jdoe@b.loc lrs -alice@b.loc w) U (Travail NIL $Forwarded))\n"
)
KEYWORD = st.sampled_from(["Travail", "$Forwarded", "x", "a.b-c", "k00", "NonJunk"])


def test_a_text_header_is_read() -> None:
    header = parse_header(TEXT)

    assert header.form == "text"
    assert (header.quota_root, header.uniqueid) == ("b.loc!user.jdoe", "5f3c")
    assert header.keywords == ("Travail", "$Forwarded")
    assert header.acl == {"jdoe@b.loc": "lrswipkxtecdan", "anyone": "p"}
    assert header.internal_name is None


def test_a_dlist_header_is_read() -> None:
    header = parse_header(DLIST)

    assert header.form == "dlist"
    assert (header.quota_root, header.uniqueid) == ("b.loc!user.jdoe", "39b4-c381")
    assert header.keywords == ("Travail", None, "$Forwarded")
    assert header.acl == {"jdoe@b.loc": "lrs", "-alice@b.loc": "w"}
    assert header.internal_name == "b.loc!user.jdoe.v1^2 notes"
    assert header.mailbox_type == "el"


@pytest.mark.parametrize(
    ("line", "keywords"),
    [(b"", ()), (b" ", ()), (b"a ", ("a",)), (b"a b", ("a", "b")), (b"a  b ", ("a", None, "b"))],
)
def test_an_empty_token_of_a_text_header_is_a_hole(
    line: bytes, keywords: tuple[str | None, ...]
) -> None:
    assert parse_header(PREAMBLE + b"\t1\n" + line + b"\n\n").keywords == keywords


def test_a_very_old_header_without_a_uniqueid_is_read() -> None:
    header = parse_header(PREAMBLE + b"user.jdoe\n\njdoe\tlrs\t\n")

    assert (header.quota_root, header.uniqueid) == ("user.jdoe", None)


def test_more_fields_of_a_text_header_and_the_jmap_id_of_3_13_are_kept() -> None:
    text = parse_header(PREAMBLE + b"user.jdoe\t5f3c\tx\ty\n\njdoe\tlrs\t\n")
    dlist = parse_header(PREAMBLE + b"%(T e N user.jdoe I 5f3c J P-F A %())\n")

    assert (text.uniqueid, text.more) == ("5f3c", ("x", "y"))
    assert (dlist.jmap_id, dlist.acl) == ("P-F", {})


@pytest.mark.parametrize("octets", [TEXT, DLIST])
def test_a_header_is_written_as_it_was_read(octets: bytes) -> None:
    assert render_header(parse_header(octets)) == octets


WORD = st.text("abcXYZ019.-_@!^&$", min_size=1, max_size=12)
HEADERS = st.builds(
    MailboxHeader,
    form=st.sampled_from(["text", "dlist"]),
    quota_root=st.none() | WORD,
    uniqueid=st.none() | WORD,
    keywords=st.lists(st.none() | WORD, max_size=6).map(tuple),
    acl=st.dictionaries(WORD, st.sampled_from(["lrswipkxtecdan", "p", ""]), max_size=4),
    internal_name=st.none() | WORD,
    mailbox_type=st.none() | st.sampled_from(["e", "el", "ed"]),
    jmap_id=st.none() | WORD,
)


@settings(max_examples=60)
@given(header=HEADERS)
def test_what_was_rendered_is_parsed_again(header: MailboxHeader) -> None:
    if header.form == "text":
        holes = all(name is None for name in header.keywords)
        header = replace(
            header,
            internal_name=None,
            mailbox_type=None,
            jmap_id=None,
            keywords=() if holes else header.keywords,
        )

    assert parse_header(render_header(header)) == header


@pytest.mark.parametrize("form", ["text", "dlist"])
def test_what_a_form_cannot_hold_is_refused(form: str) -> None:
    header = replace(parse_header(TEXT if form == "text" else DLIST), quota_root='a\t"b\n')

    with pytest.raises(ValueError, match="header"):
        render_header(header)
    with pytest.raises(ValueError, match="user flags"):
        render_header(replace(header, keywords=("x",) * 129))


@given(keywords=st.lists(KEYWORD, max_size=128))
def test_keywords_of_a_text_header_are_replaced_and_nothing_else(keywords: list[str]) -> None:
    written = with_keywords(TEXT, keywords)

    assert parse_header(written).keywords == tuple(keywords)
    assert with_keywords(written, ["Travail", "$Forwarded"]) == TEXT


@given(keywords=st.lists(st.one_of(KEYWORD, st.none()), max_size=128))
def test_keywords_of_a_dlist_header_are_replaced_and_nothing_else(
    keywords: list[str | None],
) -> None:
    written = with_keywords(DLIST, keywords)

    assert parse_header(written).keywords == tuple(keywords)
    assert with_keywords(written, ["Travail", None, "$Forwarded"]) == DLIST


def test_keywords_are_added_to_a_dlist_header_that_has_none() -> None:
    fresh = PREAMBLE + b"%(T e N b.loc!user.jdoe I 39b4 A %(jdoe lrs))\n"

    assert with_keywords(fresh, ["x", None]) == fresh[:-2] + b" U (x NIL))\n"
    assert with_keywords(fresh, []) == fresh


@pytest.mark.parametrize("keyword", ["a b", "", "é", 'a"b', "a\nb", "a\\b", "a\tb"])
@pytest.mark.parametrize("header", [TEXT, DLIST], ids=["text", "dlist"])
def test_a_keyword_that_cannot_be_read_back_as_one_is_refused(header: bytes, keyword: str) -> None:
    if header is DLIST and keyword in {"a b", ""}:
        assert parse_header(with_keywords(header, [keyword])).keywords in {("a b",), (None,)}
        return
    if header is TEXT and keyword in {'a"b', "a\\b"}:
        assert parse_header(with_keywords(header, [keyword])).keywords == (keyword,)
        return
    with pytest.raises(ValueError, match="not"):
        with_keywords(header, [keyword])


def test_a_text_header_cannot_hold_a_hole() -> None:
    with pytest.raises(ValueError, match="hole"):
        with_keywords(TEXT, ["a", None])


def test_more_keywords_than_a_mailbox_holds_are_refused() -> None:
    with pytest.raises(ValueError, match="129"):
        with_keywords(TEXT, [f"k{number}" for number in range(129)])


@pytest.mark.parametrize("size", [0, 1, len(PREAMBLE) - 1, len(PREAMBLE), len(TEXT) - 45])
def test_a_cut_header_is_refused(size: int) -> None:
    with pytest.raises(TruncatedFile):
        parse_header(TEXT[:size])


def test_octets_of_another_file_are_refused() -> None:
    with pytest.raises(FormatError):
        parse_header(b"garbage " * 20)


@given(body=st.binary(max_size=200), form=st.sampled_from([b"", b"%(", b"%(U (", b'%(N "']))
def test_any_body_gives_a_value_or_a_format_error(body: bytes, form: bytes) -> None:
    with suppress(FormatError):
        parse_header(PREAMBLE + form + body)


def test_the_crc_is_of_the_whole_file() -> None:
    assert header_crc(TEXT) == zlib.crc32(TEXT)
