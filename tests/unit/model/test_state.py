"""Sets of UIDs, and whose special use a folder has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.model.state import SHARED, Annotation, MailboxState, UidSet

UIDS = st.sets(st.integers(min_value=1, max_value=2**31 - 1), max_size=30)


@given(uids=UIDS)
def test_a_set_of_uids_is_written_and_read_back(uids: set[int]) -> None:
    assert UidSet.parse(str(UidSet.of(uids))) == UidSet.of(uids)


@given(uids=st.sets(st.integers(1, 60)), asked=st.lists(st.integers(1, 60)))
def test_a_mask_tells_which_uids_are_in_a_set(uids: set[int], asked: list[int]) -> None:
    mask = UidSet.of(uids).mask(np.array(asked, dtype="u4"))

    assert mask.tolist() == [uid in uids for uid in asked]


@given(one=UIDS, other=UIDS)
def test_sets_are_counted_joined_and_taken_from_each_other(one: set[int], other: set[int]) -> None:
    first, second = UidSet.of(one), UidSet.of(other)

    assert first == UidSet.of_array(np.array(sorted(one), dtype="u4"))
    assert first.count == len(one)
    assert first.plus(second) == UidSet.of(one | other)
    assert first.minus(second) == UidSet.of(one - other)


@pytest.mark.parametrize("text", ["0", "1:", "a", "1,,2", "1:2147483648", "-1", " 1"])
def test_what_is_no_set_of_uids_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="UIDs"):
        UidSet.parse(text)


def test_ranges_that_touch_overlap_or_run_backwards_are_joined() -> None:
    assert str(UidSet.parse("9:7,1:3,4,6")) == "1:4,6:9"


def test_special_use_is_what_its_owner_set() -> None:
    state = MailboxState(
        annotations=(
            Annotation(entry="/specialuse", userid="al@b.loc", value=b"\\Junk"),
            Annotation(entry="/specialuse", userid="jo@b.loc", value=b"\\Sent \\Archive"),
            Annotation(entry="/comment", userid=SHARED, value=b"\\Trash"),
        )
    )

    assert state.special_use("jo@b.loc") == ("\\Sent", "\\Archive")
