"""The Typer application, made of the table of commands."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from respool.cli.option_groups import with_options

if TYPE_CHECKING:
    from respool.cli.main import Command

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def make_app(commands: Iterable[Command], about: str) -> typer.Typer:
    """All commands, each with its summary and examples; errors are left to the caller."""
    app = typer.Typer(
        name="respool",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_CONTEXT,
    )
    app.callback(help=about)(_respool)
    for command in commands:
        module = import_module(f"respool.cli.commands.{command.name}")
        function = getattr(module, command.name)
        app.command(
            name=command.name,
            short_help=command.summary,
            epilog=module.EXAMPLES,
            context_settings=_CONTEXT,
        )(with_options(function))
    return app


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom needed

        typer.echo(f"respool {version('respool')}")
        raise typer.Exit


_VERSION = typer.Option(
    "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
)


def _respool(version: Annotated[bool, _VERSION] = False) -> None:
    pass
