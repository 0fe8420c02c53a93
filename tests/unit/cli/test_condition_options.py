from __future__ import annotations

from datetime import UTC, datetime

import pytest

from respool.cli.condition_options import ConditionOptions, SearchOptions, conditions_of
from respool.cli.option_groups import command_line
from respool.errors import UsageError
from respool.model.conditions import Conditions
from respool.model.state import UidSet


def test_nothing_typed_means_every_message() -> None:
    assert conditions_of(ConditionOptions()).is_empty


def test_what_was_typed_becomes_conditions() -> None:
    typed = SearchOptions(
        from_="alice", uid="3,7:9", since="2024-11-02T00:00Z", has="attachment", flag=["seen"]
    )
    assert conditions_of(typed) == Conditions(
        sender="alice",
        uids=UidSet.parse("3,7:9"),
        since=datetime(2024, 11, 2, tzinfo=UTC),
        has_attachment=True,
        flags=("\\Seen",),
    )


def test_they_can_be_typed_again() -> None:
    typed = ConditionOptions(from_="alice b", sent_to="bob", uid="3")
    assert command_line(["find"], typed) == ("respool find --from 'alice b' --sent-to bob --uid 3")


@pytest.mark.parametrize(
    ("option", "typed"),
    [
        ("uid", ConditionOptions(uid="x")),
        ("guid", ConditionOptions(guid=["x"])),
        ("since", ConditionOptions(since="soon")),
        ("larger", ConditionOptions(larger="big")),
        ("flag", ConditionOptions(flag=["a b"])),
        ("has", ConditionOptions(has="legs")),
    ],
)
def test_an_option_that_makes_no_sense_is_named(option: str, typed: ConditionOptions) -> None:
    with pytest.raises(UsageError, match=f"--{option}"):
        conditions_of(typed)
