"""The page that replaces the guide names commands, options and tests that there are."""

from __future__ import annotations

import ast
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import FENCE, PROJECT, first_cells, sections
from tests.docs.test_commands_page import commands

PAGE = PROJECT / "docs" / "how-to" / "replace-the-manual-procedure.md"
ERRORS = "Errors and gaps of the guide"
CYRUS = "What it does to Cyrus"
SHORT = frozenset({"-g", "-y"})
FILES_OF_ERRORS = (
    "tests/cyrus/test_errors_of_the_guide.py",
    "tests/cyrus/test_errors_of_the_guide_on_disk.py",
)
SPAN = re.compile(r"`([^`]+)`")
TEST = re.compile(r"(tests/\S+\.py)::(test_\w+)")


def spans(text: str) -> list[str]:
    """What stands between back quotes, outside of blocks of code."""
    return SPAN.findall(FENCE.sub("", text))


def typed() -> list[str]:
    """Every command of respool on the page, those in blocks of code too."""
    text = PAGE.read_text(encoding="utf-8")
    in_blocks = [line for block in FENCE.findall(text) for line in block.splitlines()]
    return [each for each in (*spans(text), *in_blocks) if each.startswith("respool ")]


def named_tests(text: str) -> set[tuple[str, str]]:
    return {found for span in spans(text) for found in TEST.findall(span)}


@cache
def functions_of(file: Path) -> frozenset[str]:
    body = ast.parse(file.read_text(encoding="utf-8")).body
    functions = (each.name for each in body if isinstance(each, ast.FunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


def command_of(words: list[str]) -> str:
    """The longest beginning of ``words`` that is a command."""
    starts = (" ".join(words[:count]) for count in range(len(words), 1, -1))
    return next((start for start in starts if start in commands()), "")


def rows(heading: str) -> list[str]:
    text = sections(PAGE, 3)[heading]
    return [line for line in text.splitlines() if line.startswith("|")][2:]


@pytest.mark.parametrize("line", sorted(set(typed())))
def test_every_command_of_the_page_can_be_typed(line: str) -> None:
    words = shlex.split(line)
    command = command_of(words)
    options = {word for word in words if word.startswith("-")}

    assert command
    assert options <= commands()[command] | SHORT


def test_every_option_of_the_page_is_one_of_a_command() -> None:
    every = frozenset().union(*commands().values())
    named = {
        word
        for span in spans(PAGE.read_text(encoding="utf-8"))
        for word in span.split()
        if word.startswith("--")
    }

    assert named
    assert named <= every


def test_every_test_that_the_page_names_is_there() -> None:
    named = named_tests(PAGE.read_text(encoding="utf-8"))
    lacking = {
        f"{file}::{test}"
        for file, test in named
        if not (PROJECT / file).is_file() or test not in functions_of(PROJECT / file)
    }

    assert named
    assert lacking == set()


def test_every_test_of_an_error_is_on_the_page() -> None:
    named = named_tests(PAGE.read_text(encoding="utf-8"))
    tests = {(file, test) for file in FILES_OF_ERRORS for test in functions_of(PROJECT / file)}

    assert tests - named == set()


def test_every_error_of_the_guide_has_its_line() -> None:
    numbers = [*map(str, range(1, 10)), "9b", *map(str, range(10, 13)), "12b"]

    assert first_cells(sections(PAGE, 3)[ERRORS]) == [*numbers, *map(str, range(13, 24))]
    assert len(rows(CYRUS)) == 15


@pytest.mark.parametrize("row", [*rows(ERRORS), *rows(CYRUS)], ids=lambda row: row[:24])
def test_every_line_names_a_test_that_shows_it(row: str) -> None:
    assert named_tests(row)
