from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.targets.imap import line_ends
from respool.targets.imap.line_ends import MendedReader, mended, mended_form


@given(octets=st.lists(st.sampled_from([b"\r", b"\n", b"a", b"\0"])).map(b"".join))
def test_every_line_end_becomes_that_of_imap_and_nothing_else_changes(octets: bytes) -> None:
    made = mended(octets)
    assert b"\n" not in made.replace(b"\r\n", b"")
    assert b"\r" not in made.replace(b"\r\n", b"")
    assert made.translate(None, b"\r\n") == octets.translate(None, b"\r\n")
    assert mended(made) == made


@pytest.mark.parametrize("piece", [1, 2, 3, 7])
def test_in_pieces_it_is_the_same_as_at_once(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    octets = b"a\nb\r\nc\rd\r\r\n\n\re\r"
    monkeypatch.setattr(line_ends, "_PIECE_OCTETS", piece)
    read = MendedReader(io.BytesIO(octets).read)
    assert b"".join(iter(lambda: read(2), b"")) == mended(octets)
    form = mended_form(io.BytesIO(octets).read)
    assert form.size_bytes == len(mended(octets))
    assert form.guid == hashlib.sha1(mended(octets)).hexdigest()
