"""Where messages of an mbox begin, however the file comes in pieces."""

from __future__ import annotations

import pytest

from respool.exports.mbox_scan import beginnings

MBOX = b"From a\r\nx\r\n\r\nFrom b\ny\n\nFrom c\nno\nFrom d\n\n\nFrom e"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 9, 100])
def test_each_is_found_once_in_pieces_of_any_size(size: int) -> None:
    pieces = [MBOX[at : at + size] for at in range(0, len(MBOX), size)]

    found = list(beginnings(pieces))

    assert [MBOX[at : at + 6] for at in found] == [b"From a", b"From b", b"From c", b"From e"]


def test_an_empty_file_has_none() -> None:
    assert list(beginnings([])) == []
