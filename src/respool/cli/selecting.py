"""Which messages of a backup are taken: by conditions, or as another command has found them."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from respool.cli.condition_options import ConditionOptions

if TYPE_CHECKING:
    from respool.app.selection import Wanted
    from respool.model.conditions import Conditions
    from respool.planning.chosen_lines import ChosenGroup

FromFind = Annotated[
    str | None,
    typer.Option(
        "--selection",
        metavar="FILE",
        help="The messages that `find --json` has written: a file, or - for what is piped in.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhichMessages(ConditionOptions):
    """Conditions, or a selection; without either, all messages."""

    selection: FromFind = None


def messages_of(
    which: WhichMessages, wanted: Wanted
) -> tuple[Wanted, Conditions, ChosenGroup | None]:
    """Where to look, the conditions, and what was chosen in a file or on standard input.

    Raises:
        SelectionInvalid, UsageError.
    """
    from respool.app.pickers import in_one_folder
    from respool.cli.condition_options import conditions_of
    from respool.errors import UsageError

    conditions = conditions_of(which)
    if which.selection is None:
        return in_one_folder(wanted, conditions), conditions, None
    if wanted.folders or not conditions.is_empty:
        raise UsageError(
            "--selection names messages one by one: no folder or condition goes with it",
            hint=f"respool find … --json | respool {wanted.command} --selection -",
        )
    wanted, chosen = _chosen_of(which.selection, wanted)
    return wanted, conditions, chosen


def _chosen_of(place: str, wanted: Wanted) -> tuple[Wanted, ChosenGroup]:
    import sys

    from respool.app.chosen_messages import chosen_of_lines, chosen_of_selection

    if place == "-":
        return chosen_of_lines(sys.stdin.buffer, wanted)
    return chosen_of_selection(place, wanted)
