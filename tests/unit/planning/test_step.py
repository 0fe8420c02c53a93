from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.planning.step import GROUP_MESSAGES, GROUP_OCTETS, PlannedMessage, groups
from tests.unit.planning.plans import MESSAGES, message

MIB = 1 << 20


def sizes_of_groups(sizes: list[int]) -> list[int]:
    """How many messages each group has of messages of these sizes."""
    messages = [message(uid, size_bytes=size) for uid, size in enumerate(sizes, start=1)]
    return [len(group) for group in groups(messages)]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], []),
        ([1], [1]),
        ([1] * 500, [500]),
        ([1] * 501, [500, 1]),
        ([1] * 1000, [500, 500]),
        ([32 * MIB, 32 * MIB], [2]),
        ([32 * MIB, 32 * MIB, 1], [2, 1]),
        ([64 * MIB], [1]),
        ([65 * MIB], [1]),
        ([1, 65 * MIB, 1], [1, 1, 1]),
        ([65 * MIB, 65 * MIB], [1, 1]),
        ([0] * 501, [500, 1]),
    ],
    ids=[
        "none",
        "one",
        "just-500",
        "501",
        "twice-500",
        "just-64-MiB",
        "one-octet-more",
        "one-message-of-64-MiB",
        "one-too-large",
        "too-large-between",
        "two-too-large",
        "no-octets",
    ],
)
def test_a_group_ends_at_500_messages_or_64_mib(sizes: list[int], expected: list[int]) -> None:
    """A message that alone is larger is a group of its own."""
    assert sizes_of_groups(sizes) == expected


@given(sizes=st.lists(st.sampled_from([0, 1, 20 * MIB, 63 * MIB, 70 * MIB]), max_size=40))
def test_groups_keep_every_message_in_order_and_none_is_empty_or_too_large(
    sizes: list[int],
) -> None:
    messages = [message(uid, size_bytes=size) for uid, size in enumerate(sizes, start=1)]

    made = list(groups(messages))

    assert [each for group in made for each in group] == messages
    for group in made:
        assert 0 < len(group) <= GROUP_MESSAGES
        assert len(group) == 1 or sum(each.size_bytes for each in group) <= GROUP_OCTETS


def test_groups_are_made_as_they_are_asked_for() -> None:
    """A million messages are never held at once."""
    endless = (message(1) for _ in iter(int, 1))

    assert len(next(groups(endless))) == GROUP_MESSAGES


@given(planned=MESSAGES)
def test_a_message_comes_back_from_its_row(planned: PlannedMessage) -> None:
    assert PlannedMessage.from_row(planned.as_row()) == planned
