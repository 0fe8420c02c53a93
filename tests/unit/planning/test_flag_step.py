"""Steps that change flags, as values."""

from __future__ import annotations

import pytest

from respool.planning.flag_step import FlagChange


def test_each_message_has_its_own_guid() -> None:
    change = FlagChange(add=("\\Seen",), remove=(), uids="1:2,9", guids="a" * 40 + "b" * 80)

    assert list(change.messages()) == [(1, "a" * 40), (2, "b" * 40), (9, "b" * 40)]
    assert change.count == 3


def test_a_change_without_a_guid_for_each_message_is_none() -> None:
    with pytest.raises(ValueError, match="GUID"):
        FlagChange(add=("\\Seen",), remove=(), uids="1:2", guids="a" * 40)
