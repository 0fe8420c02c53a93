"""Groups of options: a command takes one as a value, its help shows each option singly."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from inspect import Parameter, signature
from typing import Any, get_type_hints

Command = Callable[..., object]


def with_options(command: Command) -> Command:
    """``command`` for Typer: each parameter that is a dataclass becomes its fields' options.

    A group is a dataclass whose fields are annotated as a parameter of a command would be.
    The command gets it made of what was typed. Options keep the order of parameters and
    fields.

    Raises:
        ValueError: two groups, or a group and the command, have an option of one name.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if _is_group(hint)}
    options = [
        option
        for parameter in signature(command).parameters.values()
        for option in _options(parameter, hints[parameter.name])
    ]

    def run(**typed: object) -> object:
        made = {name: _made(group, typed) for name, group in groups.items()}
        return command(**typed, **made)

    # Typer reads names, defaults and types from here, and the help from the docstring.
    flat = {
        "__name__": getattr(command, "__name__", "command"),
        "__doc__": command.__doc__,
        "__signature__": signature(command).replace(parameters=options),
        "__annotations__": {each.name: each.annotation for each in options},
    }
    for name, value in flat.items():
        setattr(run, name, value)
    return run


def command_line(words: Sequence[str], *groups: object) -> str:
    """A command to type: ``words`` after ``respool``, then what was typed of the groups."""
    typed = [
        word
        for group in groups
        for name, value in values_of(group).items()
        for each in (value if isinstance(value, list) else [value])
        for word in _words(name, each)
    ]
    return shlex.join(["respool", *words, *typed])


def values_of(group: object) -> Mapping[str, Any]:
    """The options of a group by name, as typed."""
    return {name: getattr(group, name) for name in _names(type(group))}


def _words(name: str, value: object) -> list[str]:
    """An option as typed; its name is that of the field (``from_``: no word of Python)."""
    option = f"--{name.rstrip('_').replace('_', '-')}"
    if isinstance(value, bool):
        return [option] if value else []
    return [] if value is None else [option, str(value)]


def _is_group(hint: object) -> bool:
    return isinstance(hint, type) and is_dataclass(hint)


def _names(group: type) -> list[str]:
    return [each.name for each in fields(group)]


def _made(group: type, typed: dict[str, object]) -> object:
    """The group of its options, which are taken out of ``typed``."""
    return group(**{name: typed.pop(name) for name in _names(group)})


def _options(parameter: Parameter, hint: Any) -> Iterator[Parameter]:  # noqa: ANN401 - a type
    if not _is_group(hint):
        yield parameter.replace(annotation=hint, kind=Parameter.KEYWORD_ONLY)
        return
    hints = get_type_hints(hint, include_extras=True)
    for each in fields(hint):
        yield Parameter(
            each.name,
            Parameter.KEYWORD_ONLY,
            default=each.default,
            annotation=hints[each.name],
        )
