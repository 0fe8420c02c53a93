"""Which messages of a backup are taken: by conditions, or as another command has found them."""

# ruff: noqa: PLC0415 - what a command needs is imported when it runs: --help is fast

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from respool.cli.condition_options import ConditionOptions
from respool.model.dataclasses import dataclass

if TYPE_CHECKING:
    from respool.app.chosen_messages import Chosen
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
        SelectionInvalid: it is of several accounts, too.
        UsageError.
    """
    from respool.app.chosen_messages import only_one
    from respool.app.pickers import in_one_folder
    from respool.cli.condition_options import conditions_of

    conditions = conditions_of(which)
    if which.selection is None:
        return in_one_folder(wanted, conditions), conditions, None
    wanted, chosen = only_one(chosen_by_account(which, wanted), wanted.command)
    return wanted, conditions, chosen


def chosen_by_account(which: WhichMessages, wanted: Wanted) -> tuple[Chosen, ...]:
    """What was chosen of each account in a file or on standard input, which is read once.

    Raises:
        SelectionInvalid, UsageError.
    """
    import sys

    from respool.app.chosen_messages import chosen_of_lines, chosen_of_selection
    from respool.cli.condition_options import conditions_of
    from respool.errors import UsageError

    if wanted.folders or not conditions_of(which).is_empty:
        raise UsageError(
            "--selection names messages one by one: no folder or condition goes with it",
            hint=f"respool find … --json | respool {wanted.command} --selection -",
        )
    if which.selection == "-":
        return chosen_of_lines(sys.stdin.buffer, wanted)
    return chosen_of_selection(which.selection or "", wanted)
