"""Streams of BlueMind's archive: what was put in comes out, and nothing else is taken for one."""

from __future__ import annotations

import contextlib
import io
import random
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from respool.bluemind.crc32c import masked_crc32c
from respool.bluemind.snappy_stream import (
    COMPRESSED,
    LONGEST_BLOCK,
    STORED,
    STREAM_HEADER,
    plain_pieces,
)
from respool.errors import FormatError, LibraryMissing, TruncatedFile
from tests.support.hsm_store import block, snappy_stream

SIXTEEN = b"a" * 16


def read_all(stream: bytes) -> bytes:
    return b"".join(plain_pieces(io.BytesIO(stream).read))


@given(st.binary(max_size=3000))
def test_what_was_stored_comes_out(octets: bytes) -> None:
    assert read_all(snappy_stream(octets)) == octets


@given(st.text(max_size=500).map(lambda text: (text * 20).encode()))
def test_what_was_compressed_comes_out(octets: bytes) -> None:
    assert read_all(snappy_stream(octets, is_compressed=True)) == octets


def test_the_block_that_the_writers_own_test_knows() -> None:
    """
    Of iq80's SnappyStreamTest.testSimple: header, flag, and the CRC; the raw octets are ours,
    since the test does not state them.
    """
    stream = snappy_stream(b"aaaaaaaaaaaabbbbbbbaaaaaa", is_compressed=True)
    assert stream[:8] == b"snappy\0\1"
    assert stream[10:14].hex() == "9274cda8"


def test_long_mail_comes_in_pieces_of_a_block() -> None:
    octets = random.Random(3).randbytes(LONGEST_BLOCK * 2 + 5) + b"plain " * 20_000
    stream = snappy_stream(octets, is_compressed=True)
    pieces = list(plain_pieces(io.BytesIO(stream).read))
    assert b"".join(pieces) == octets
    assert {len(piece) for piece in pieces[:-1]} == {LONGEST_BLOCK}


def test_a_reader_that_gives_one_octet_at_a_time_is_enough() -> None:
    source = io.BytesIO(snappy_stream(b"Subject: slow\r\n\r\nmail"))
    assert b"".join(plain_pieces(lambda _size: source.read(1))) == b"Subject: slow\r\n\r\nmail"


def test_nothing_is_read_before_it_is_asked_for() -> None:
    stream = snappy_stream(bytes(LONGEST_BLOCK * 3))
    source = io.BytesIO(stream)
    assert len(next(plain_pieces(source.read))) == LONGEST_BLOCK
    assert source.tell() == len(STREAM_HEADER) + 7 + LONGEST_BLOCK


def test_a_second_stream_header_is_passed_over() -> None:
    assert read_all(snappy_stream(b"one ") + snappy_stream(b"two")) == b"one two"


def test_a_stream_without_a_block_is_empty() -> None:
    assert read_all(STREAM_HEADER) == b""


@pytest.mark.parametrize("length", range(len(snappy_stream(b"four"))))
def test_every_cut_within_header_or_block_is_seen(length: int) -> None:
    cut = snappy_stream(b"four")[:length]
    if length == len(STREAM_HEADER):
        return  # cut between two blocks: nothing tells
    with pytest.raises(TruncatedFile):
        read_all(cut)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"\xff\x06\x00\x00sNaPpY" + bytes(20), id="the standard framing"),
        pytest.param(b"From: a@b.loc\r\n\r\n", id="mail that is not compressed"),
        pytest.param(STREAM_HEADER + block(2, b"x", masked_crc32c(b"x")), id="an unknown flag"),
        pytest.param(STREAM_HEADER + block(STORED, b"", masked_crc32c(b"")), id="no length"),
        pytest.param(STREAM_HEADER + block(STORED, b"x", 7), id="another CRC"),
        pytest.param(STREAM_HEADER + block(STORED, bytes(32769), 0), id="a block too long"),
    ],
)
def test_what_is_no_stream_is_refused(stream: bytes) -> None:
    with pytest.raises(FormatError):
        read_all(stream)


def test_a_changed_octet_is_seen_by_the_crc() -> None:
    stream = bytearray(snappy_stream(b"Subject: sums\r\n\r\n1 + 1 = 2\r\n"))
    stream[-3] ^= 1
    with pytest.raises(FormatError, match="CRC differs") as caught:
        read_all(bytes(stream))
    assert caught.value.offset == len(STREAM_HEADER)


def test_a_raw_block_as_the_format_describes_it_is_read() -> None:
    """
    Length 16; a literal of one octet; a copy of 15 octets from 1 before (Snappy's
    format_description.txt 2.2), in two copies, since the short form copies at most 11.
    """
    pytest.importorskip("cramjam")
    raw = bytes([16, 0x00]) + b"a" + bytes([0b000_111_01, 1, 0b000_000_01, 1])
    stream = STREAM_HEADER + block(COMPRESSED, raw, masked_crc32c(SIXTEEN))
    assert read_all(stream) == SIXTEEN


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\xff\xff\xff\xff\x0f\x00a", id="four gibibytes"),
        pytest.param(b"\x81\x80\x02" + b"\x00a", id="one octet too long"),
        pytest.param(b"\x10\x00a", id="less than it says"),
        pytest.param(b"\x10\x00a\x01\x09", id="a copy from before the start"),
        pytest.param(b"\x80", id="half a length"),
    ],
)
def test_a_hostile_raw_block_is_refused_without_making_room(raw: bytes) -> None:
    pytest.importorskip("cramjam")
    with pytest.raises(FormatError):
        read_all(STREAM_HEADER + block(COMPRESSED, raw, 0))


@given(st.binary(max_size=300))
@example(STREAM_HEADER + b"\x01\x00\x01\x00\x00\x00\x00\x00")
def test_any_octets_give_octets_or_a_format_error(octets: bytes) -> None:
    for stream in (octets, STREAM_HEADER + octets):
        with contextlib.suppress(FormatError, LibraryMissing):
            assert len(read_all(stream)) <= 22 * len(stream)


def test_without_the_library_stored_blocks_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cramjam", None)
    assert read_all(snappy_stream(b"as it is")) == b"as it is"


def test_without_the_library_compressed_blocks_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cramjam", None)
    with pytest.raises(LibraryMissing) as caught:
        read_all(STREAM_HEADER + block(COMPRESSED, b"\x00", 0))
    assert caught.value.hint == "pip install 'respool[hsm]'"
