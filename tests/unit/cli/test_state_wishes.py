"""The options that ask for flags alone, as typed."""

from __future__ import annotations

from typing import Any

import pytest

from respool.cli.restore_options import Wishes
from respool.cli.restoring import wish_of
from respool.cli.state_wishes import conflict_of, state_wish_of, with_value
from respool.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (["jdoe", "--state-only"], ["jdoe", "--state-only=all"]),
        (["--state-only", "seen", "jdoe"], ["--state-only=seen", "jdoe"]),
        (["--state-only", "seen,$Junk"], ["--state-only=seen,$Junk"]),
        (["--state-only", "Projects"], ["--state-only=all", "Projects"]),
        (["--state-only", "--exact"], ["--state-only=all", "--exact"]),
        (["--state-only=seen", "flags"], ["--state-only=seen", "flags"]),
        (["jdoe", "--", "--state-only"], ["jdoe", "--", "--state-only"]),
    ],
)
def test_the_option_takes_a_value_only_where_flags_follow(
    typed: list[str], read: list[str]
) -> None:
    assert with_value(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        {"exact": True},
        {"changed_between": ("1", "2")},
        {"state_only": "seen", "into": "x"},
        {"state_only": "seen", "in_place": True},
        {"state_only": "seen", "rehearse": True},
        {"state_only": "seen", "exact": True, "changed_between": ("1", "2")},
        {"state_only": "recent"},
    ],
)
def test_what_does_not_go_together_is_refused(typed: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        state_wish_of(Wishes(**typed))


def test_the_first_of_two_generations_is_the_one_whose_state_comes_back() -> None:
    wishes = Wishes(state_only="seen", changed_between=("87", "88"))

    wish = wish_of("jdoe@b.loc", None, wishes, command="restore")

    assert wish.wanted.generation == "87"
    assert wish.state_only is not None
    assert wish.state_only.until == "88"


def test_a_generation_besides_two_of_them_is_refused() -> None:
    wishes = Wishes(state_only="seen", changed_between=("87", "88"), generation="86")

    with pytest.raises(UsageError, match="exclude"):
        wish_of("jdoe@b.loc", None, wishes, command="restore")


@pytest.mark.parametrize(
    "typed",
    [
        {"on_conflict": "skip"},
        {"on_conflict": "merge", "in_place": True},
        {"on_conflict": "copy", "only_missing": True},
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(typed: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        conflict_of(Wishes(**typed))
