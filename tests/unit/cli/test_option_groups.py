from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from respool.cli.main import app
from respool.cli.option_groups import command_line, values_of, with_options
from respool.cli.options import BackupOptions, ServerOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """A group of two options."""

    front: Annotated[str | None, typer.Option("--front", help="In front.")] = None
    behind: Annotated[list[str] | None, typer.Option("--behind", help="Behind.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoFront:
    """A group with an option of the same name."""

    front: Annotated[str | None, typer.Option("--front")] = None


def painted(
    what: Annotated[str, typer.Argument()],
    *,
    is_loud: Annotated[bool, typer.Option("--loud")] = False,
    colours: Colours,
    size: Annotated[int, typer.Option("--size")] = 1,
) -> str:
    """Paint something."""
    return f"{what} {is_loud} {colours.front} {colours.behind} {size}"


def twice(*, one: Colours, other: AlsoFront) -> None:
    """Two options of one name."""


def made(command: Any) -> typer.Typer:  # noqa: ANN401 - any function
    made_app = typer.Typer()
    made_app.command()(with_options(command))
    return made_app


def test_a_command_gets_a_group_made_of_what_was_typed() -> None:
    words = ["wall", "--loud", "--front", "red", "--behind", "blue", "--behind", "green"]
    run = get_command(made(painted))

    typed = run(args=words, standalone_mode=False)
    bare = run(args=["wall"], standalone_mode=False)

    assert typed == "wall True red ['blue', 'green'] 1"
    assert bare.startswith("wall False None ")
    assert bare.endswith(" 1")


def test_the_help_shows_each_option_of_a_group_where_the_group_stands() -> None:
    text = CliRunner().invoke(made(painted), ["--help"]).output

    places = [text.index(option) for option in ("--loud", "--front", "--behind", "--size")]
    assert places == sorted(places)
    assert "Paint something." in text
    assert "In front." in text


def test_two_options_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="front"):
        with_options(twice)


def test_values_of_a_group_are_by_name() -> None:
    assert values_of(Colours(front="red")) == {"front": "red", "behind": None}


def test_a_command_to_type_repeats_what_was_typed_of_a_group() -> None:
    backup = BackupOptions(data=["/b/jdoe", "/b/my mail"], meta=["/b/meta"])
    server = ServerOptions(imapd_conf="/etc/x.conf")

    line = command_line(["restore", "--plan", "a plan"], backup, server, Colours(behind=[]))

    assert line == (
        "respool restore --plan 'a plan' --data /b/jdoe --data '/b/my mail' --meta /b/meta"
        " --imapd-conf /etc/x.conf"
    )


def test_every_command_that_reads_an_account_takes_its_directories() -> None:
    """``accounts`` does not: the directories do not say whose they are."""
    commands: dict[str, Any] = getattr(get_command(app), "commands", {})
    reading = {
        name
        for name, command in commands.items()
        if {"--backups", "--data", "--meta", "--archive"}
        <= {option for parameter in command.params for option in parameter.opts}
    }

    assert reading == {
        "backups",
        "show",
        "ls",
        "cat",
        "diff",
        "check",
        "plan",
        "restore",
        "export",
    }
