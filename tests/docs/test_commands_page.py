"""docs/reference/commands.md has each command with each option, and no other."""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import Any

import pytest

from tests.docs.pages import REFERENCE, first_cells, sections

PAGE = REFERENCE / "commands.md"
EVERYWHERE = "Options of every command"


@cache
def commands() -> dict[str, frozenset[str]]:
    """Every command as it is typed, with its long options."""
    typer = importlib.import_module("typer.main")
    app = importlib.import_module("respool.cli.main").app
    return dict(flattened("respool", typer.get_command(app)))


def flattened(typed: str, command: Any) -> list[tuple[str, frozenset[str]]]:  # noqa: ANN401 - Click
    parts = getattr(command, "commands", {})
    below = [entry for name, part in parts.items() for entry in flattened(f"{typed} {name}", part)]
    if parts and not command.invoke_without_command:
        return below
    options = {
        name
        for parameter in command.params
        if parameter.param_type_name == "option" and not parameter.hidden
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("--")
    }
    return [(typed, frozenset(options - {"--help"})), *below]


def documented(text: str) -> frozenset[str]:
    """Long options in the first cells of the tables of ``text``."""
    return frozenset(
        option for cell in first_cells(text) for option in re.findall(r"--[a-z][a-z-]*", cell)
    )


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    assert set(sections(PAGE, 2)) - {EVERYWHERE} == set(commands())


def test_every_option_of_every_command_is_described() -> None:
    page = sections(PAGE, 2)
    shared = documented(page.get(EVERYWHERE, ""))
    lacking = {
        name: sorted(options - documented(page.get(name, "")) - shared)
        for name, options in commands().items()
    }

    assert {name: options for name, options in lacking.items() if options} == {}


def test_no_option_is_described_that_does_not_exist() -> None:
    page = sections(PAGE, 2)
    invented = {
        name: sorted(documented(page.get(name, "")) - options)
        for name, options in commands().items()
    }

    assert {name: options for name, options in invented.items() if options} == {}


@pytest.mark.parametrize("text", ["| `-g`, `--generation GEN` | which |", "| `--json` | for |"])
def test_the_check_itself_sees_options(text: str) -> None:
    assert documented("| option | meaning |\n|---|---|\n" + text)
