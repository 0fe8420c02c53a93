"""The Typer application, made of the table of commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated

import typer

from respool.cli.option_groups import with_options
from respool.errors import UsageError

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
        _add(app, command)
    return app


def _add(app: typer.Typer, command: Command, above: str = "") -> None:
    module = import_module(f"respool.cli.commands.{above}{command.name}")
    function = with_options(getattr(module, f"{above}{command.name}"))
    if not command.below:
        app.command(
            name=command.name,
            short_help=command.summary,
            epilog=module.EXAMPLES,
            context_settings=_CONTEXT,
        )(function)
        return
    group = typer.Typer(rich_markup_mode=None)
    group.callback(
        invoke_without_command=True,
        short_help=command.summary,
        epilog=module.EXAMPLES,
        context_settings=_CONTEXT,
    )(_when_alone(function))
    for each in command.below:
        _add(group, each, f"{command.name}_")
    app.add_typer(group, name=command.name)


def _when_alone(function: Callable[..., object]) -> Callable[..., object]:
    """``function`` where none of the commands below its own was typed.

    Its options would count for nothing then, so they are refused before such a command.
    """

    def run(context: typer.Context, **typed: object) -> object:
        below = context.invoked_subcommand
        if below is None:
            return function(**typed)
        if any(typed.values()):
            command = f"{context.command_path} {below}"
            raise UsageError(f"options of `{command}` stand behind its name", hint=command)
        return None

    own = [*signature(function).parameters.values()]
    context = Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context)
    flat = {
        "__name__": function.__name__,
        "__doc__": function.__doc__,
        "__signature__": signature(function).replace(parameters=[context, *own]),
        "__annotations__": {**function.__annotations__, "context": typer.Context},
    }
    for name, value in flat.items():
        setattr(run, name, value)
    return run


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom needed

        from respool.cli.output import print_text  # noqa: PLC0415

        print_text(f"respool {version('respool')}")
        raise typer.Exit


_VERSION = typer.Option(
    "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
)


def _respool(version: Annotated[bool, _VERSION] = False) -> None:
    pass
