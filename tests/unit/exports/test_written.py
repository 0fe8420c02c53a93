from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.errors import FormatError
from respool.exports.written import WrittenMessage, pack, unpack

TEXT = st.text(st.characters(codec=None), max_size=9)
WRITTEN = st.builds(WrittenMessage, uid=st.integers(1), guid=TEXT, sha256=TEXT, file=TEXT)


@given(st.lists(WRITTEN, max_size=4))
def test_what_was_packed_comes_back(written: list[WrittenMessage]) -> None:
    assert unpack(pack(written)) == tuple(written)


@pytest.mark.parametrize("packed", ["", "x", "eJyLjgUAARUAuQ==x"])
def test_anything_else_is_no_group(packed: str) -> None:
    with pytest.raises(FormatError):
        unpack(packed)
