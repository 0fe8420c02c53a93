"""The page of the move to BlueMind 5 can be followed: its commands can be typed as they stand."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.docs.pages import FENCE, PROJECT
from tests.docs.test_commands_page import commands
from tests.docs.test_guide_page import SHORT, command_of, spans

PAGE = PROJECT / "docs" / "how-to" / "move-to-bluemind-5.md"
TEXT = PAGE.read_text(encoding="utf-8")
TYPED = [
    line
    for block in FENCE.findall(TEXT)
    for line in block.splitlines()
    if line.startswith("respool ")
]


@pytest.mark.parametrize("line", sorted(set(TYPED)))
def test_each_of_its_commands_can_be_typed(line: str) -> None:
    words = shlex.split(line)
    command = command_of(words)

    assert command
    assert {word for word in words if word.startswith("-")} <= commands()[command] | SHORT


def test_each_option_that_it_names_is_one() -> None:
    every = frozenset().union(*commands().values())
    named = {word for span in spans(TEXT) for word in span.split() if word.startswith("--")}

    assert named <= every


def test_it_goes_from_tape_to_proof_and_back_in_order() -> None:
    order = ["backups", "accounts", "check", "show", "plan", "restore", "verify", "resume", "undo"]
    first = {
        command: at
        for at, line in reversed(list(enumerate(TYPED)))
        for command in [line.split()[1]]
    }

    assert sorted(first, key=lambda command: first[command]) == order


def test_it_says_plainly_what_it_was_tried_on() -> None:
    assert re.search(r"tried on stand-ins .* only, not on a BlueMind 5", TEXT)
